"""The page: a company, a day, every relation, and the claims behind it."""

from __future__ import annotations

import re

import pytest

from tests.http import examples
from tests.http.conftest import Service


@pytest.fixture(autouse=True)
def _recorded(service: Service) -> None:
    evidence = {"summary": "Red Hat put money into Mirantis.", "position": {"start": 10, "end": 20}}
    claim = service.claim(ref="p-1", evidence=evidence)
    planned = examples.ownership(modality="planned", attributes={"due": "2015-06"})
    service.claim(**planned | {"time": {"kind": "instant", "edtf": "2014-11-04"}})
    service.article(url="https://example.org/denial", title="No", authors=["Bea Byline"])
    by = {"article": "https://example.org/denial", "asserted_by": {"kind": "author"}}
    service.post(f"/v1/claims/{claim}/responses", {"response": "deny", "by": by})


def test_lists_entities_to_choose_from(service: Service) -> None:
    page = service.get("/")
    assert page.status_code == 200 and page.mimetype == "text/html"
    for name in examples.COMPANIES.values():
        assert f">{name} (company)</option>" in page.text
    found = service.get("/", q="mir").text
    assert ">Mirantis (company)" in found and ">VMware (company)" not in found


def test_shows_relations_with_the_claims_behind_them(service: Service) -> None:
    page = service.get("/", entity="mirantis", as_of="2014-12-01", published_by="").text
    assert '<span class="status contested">contested</span>' in page
    assert '<span class="status planned">planned</span>' in page and "due <time>2015-06</time>" in page
    assert "Red Hat put money into Mirantis." in page and "characters 10 to 20" in page
    assert "<cite>A</cite>, network-world, published <time>2014-11-04</time>" in page
    assert re.search('href="/v1/claims/[0-9a-f-]{36}">p-1</a>', page)
    assert "Contested (deny)" in page


def test_shows_what_was_published_by_a_day(service: Service) -> None:
    page = service.get("/", entity="mirantis", as_of="2014-12-01", published_by="2014-01-01").text
    assert "Nothing is known" in page


def test_what_is_wrong_is_said_on_the_page(service: Service) -> None:
    for query, status in (({"entity": "nobody"}, 404), ({"entity": "mirantis", "as_of": "soon"}, 422)):
        page = service.get("/", **query)
        assert (page.status_code, page.mimetype) == (status, "text/html")
        assert 'role="alert"' in page.text


@pytest.mark.parametrize("path", ["/", "/?entity=mirantis", "/docs"])
def test_pages_have_no_scripts_and_take_nothing_from_elsewhere(service: Service, path: str) -> None:
    page = service.get(path).text
    assert "<script" not in page and "<style" not in page
    assert not re.search(r'\son\w+=|style=|(?:src|href)="(?:https?:)?//', page)
