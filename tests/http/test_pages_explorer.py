"""The explorer as the server sends it: a table of one day, the form, and the answer that the scripts draw."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from service.cli.demo import load_sample
from service.settings import Limits, Settings
from tests.http.conftest import NewService, Service, surroundings_of

DAY = "2014-11-04"


@pytest.fixture(scope="module")
def sample(new_service: NewService) -> Iterator[Service]:
    """The five articles."""
    with new_service() as made:
        load_sample(Settings(), surroundings_of(made).settings.database_url)
        yield made


def rows(html: str) -> list[str]:
    """The lines of the table, as they are read."""
    body = re.search('<tbody id="rows">(.*?)</tbody>', html, re.DOTALL)
    assert body is not None
    lines = re.findall("<tr>(.*?)</tr>", body[1], re.DOTALL)
    return [re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", line)).strip() for line in lines]


def world(html: str) -> Any:
    """The answer that the scripts draw."""
    found = re.search('<script type="application/json" id="world">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_the_table_is_the_network_of_the_day(sample: Service) -> None:
    page = sample.get("/", as_of=DAY)
    edges = sample.get("/v1/network", as_of=DAY, limit="200").json["edges"]
    assert page.status_code == 200 and len(rows(page.text)) == len(edges)
    assert "Red Hat investor of Mirantis holds 2013" in rows(page.text)


def test_the_scripts_draw_what_the_api_answers(sample: Service) -> None:
    drawn = world(sample.get("/", center="mirantis", depth="2", as_of=DAY, published_by="2014-10-01").text)
    answer = sample.get("/v1/periods", center="mirantis", depth="2", as_of=DAY, published_by="2014-10-01").json
    assert drawn["head"] == sample.timeline.head()
    assert {name: drawn[name] for name in ("nodes", "relations", "votes", "stances", "names")} == {
        name: answer[name] for name in ("nodes", "relations", "votes", "stances", "names")
    }


def test_without_a_day_it_is_the_last_on_which_anything_changed(sample: Service) -> None:
    page = sample.get("/", center="mirantis").text
    found = re.search('<time id="table-day">([^<]*)</time>', page)
    changes = {p["from"] for r in world(page)["relations"] for p in r["periods"]} - {None}
    assert found is not None and found[1] == max(changes)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("/?center=Red+Hat&as_of=2014-11-04", "/?center=red-hat&as_of=2014-11-04"),
        ("/?entities=Red+Hat,+Mirantis", "/?entities=red-hat%2Cmirantis"),
        ("/?according_to=VMware", "/?according_to=vmware"),
        ("/changes?entity=Mirantis", "/changes?entity=mirantis"),
        ("/path?from=Mirantis&to=Red+Hat", "/path?from=mirantis&to=red-hat"),
    ],
)
def test_names_lead_to_the_address_with_ids(sample: Service, given: str, meant: str) -> None:
    answer = sample.get(given)
    assert (answer.status_code, answer.headers["Location"]) == (302, meant)


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({"center": "nobody"}, 404, "nobody"),
        ({"center": "Nobody At All"}, 422, "Nobody At All"),
        ({"center": "red-hat", "depth": "9"}, 422, ""),
        ({"center": "red-hat", "entities": "mirantis"}, 422, ""),
        ({"relation": "friend_of"}, 422, ""),
        ({"as_of": "2014-02-30"}, 422, "2014-02-30"),
        ({"recorded_by": "999999"}, 422, "999999"),
        ({"according_to": "nobody"}, 404, "nobody"),
    ],
)
def test_refusals_are_shown(sample: Service, query: dict[str, str], status: int, said: str) -> None:
    page = sample.get("/", **query)
    assert (page.status_code, page.mimetype) == (status, "text/html")
    assert 'role="alert"' in page.text and said in page.text


def test_a_form_without_scripts_sends_steps_without_a_center(sample: Service) -> None:
    assert sample.get("/", center="", depth="1", entities="").status_code == 200


def test_where_there_are_too_many_one_chooses_whom_to_look_at(new_service: NewService) -> None:
    with new_service(limits=replace(Limits(), graph_nodes=3)) as made:
        load_sample(Settings(), surroundings_of(made).settings.database_url)
        page = made.get("/")
        assert page.status_code == 200 and "Choose whom to look at" in page.text and 'role="alert"' not in page.text
        refused = made.get("/", center="red-hat")
        assert refused.status_code == 422 and "at most 3 entities" in refused.text


def test_an_empty_log_shows_an_empty_world(own_service: Service) -> None:
    page = own_service.get("/")
    assert page.status_code == 200 and rows(page.text) == [] and "Nothing is known" in page.text
    assert world(page.text)["relations"] == []


@pytest.mark.parametrize("path", ["/", "/?center=mirantis", "/docs"])
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(sample: Service, path: str) -> None:
    html = sample.get(path).text
    scripts = re.findall("<script[^>]*>", html)
    assert all('src="/static/' in script or 'type="application/json"' in script for script in scripts)
    assert "<style" not in html and not re.search(r'\son\w+=|\sstyle=|(?:src|href)="(?:https?:)?//', html)
