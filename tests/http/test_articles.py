"""POST /v1/articles, its corrections, and GET /v1/articles/{id}."""

from __future__ import annotations

import hashlib

import pytest

from tests.http import examples
from tests.http.conftest import Service, refused


def test_registers_an_article(service: Service) -> None:
    answer = service.post("/v1/articles", examples.article(url="https://example.org/first"))
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/articles/{answer.json['id']}"
    told = service.get(answer.headers["Location"]).json
    assert (told["title"], told["url"], told["authors"]) == ("A", "https://example.org/first", ["Ann Author"])
    assert told["published"] == {"edtf": "2014-11-04", "earliest": "2014-11-04", "latest": "2014-11-04"}
    assert told["claims"] == [] and told["last_changed"] == answer.json["position"]


def test_an_article_without_a_url_is_known_by_its_text(service: Service) -> None:
    text = "Once upon a time."
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    first = service.post("/v1/articles", examples.article(url=None, text=text))
    again = service.post("/v1/articles", examples.article(url=None, sha256=sha256))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json["id"] == again.json["id"]
    told = service.get(f"/v1/articles/{first.json['id']}").json
    assert (told["text"], told["sha256"]) == (text, sha256)


def test_text_and_authors_stay_out_of_the_feed(service: Service) -> None:
    service.article(url="https://example.org/secret", text="Nobody may read this.", authors=["Uma Unknown"])
    feed = service.get("/v1/feed", limit="200").text
    assert "Nobody may" not in feed and "Uma" not in feed


def test_longest_text_is_taken_and_a_longer_one_is_not(service: Service) -> None:
    service.article(url="https://example.org/long", text="x" * (1 << 20))
    with service.nothing_recorded():
        longer = examples.article(url="https://example.org/longer", text="x" * ((1 << 20) + 1))
        refused(service.post("/v1/articles", longer), 422, "misshapen", "/text")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"url": None}, "/url"),
        ({"url": "example.org/a"}, "/url"),
        ({"url": "https://u:p@example.org/"}, "/url"),
        ({"url": "https://example.org/a b"}, "/url"),
        ({"title": ""}, "/title"),
        ({"title": "x" * 501}, "/title"),
        ({"language": "English"}, "/language"),
        ({"published": "2014/2015"}, "/published"),
        ({"published": "yesterday"}, "/published"),
        ({"sha256": "ABC"}, "/sha256"),
        ({"text": "x", "sha256": "0" * 64}, "/sha256"),
        ({"authors": [""]}, "/authors/0"),
        ({"authors": ["x"] * 201}, "/authors"),
    ],
)
def test_refuses_what_is_no_article(service: Service, changes: dict[str, object], pointer: str) -> None:
    with service.nothing_recorded():
        body = examples.article(url="https://example.org/refused") | changes
        refused(service.post("/v1/articles", body), 422, pointer=pointer)


def test_correction_of_the_date_moves_the_claims_that_follow_it(service: Service) -> None:
    url = "https://example.org/moved"
    article = service.article(url=url)
    year = {"kind": "instant", "edtf": "2013", "expression": "last year", "anchor": "2014-11-04"}
    claim = service.claim(article=url, time=year | {"rule": "years_before(1)"})
    fixed = service.claim(article=url, time={"kind": "instant", "edtf": "2012"})
    path, body = f"/v1/articles/{article}/corrections", {"changes": {"published": "2013-11-05"}, "reason": "a slip"}
    answer = service.post(path, body)
    assert (answer.status_code, answer.json["also_moved"]) == (201, [claim])
    assert answer.headers["Location"] == f"/v1/articles/{article}"
    assert service.get(f"/v1/claims/{claim}", min_position=str(answer.json["position"])).json["time"]["edtf"] == "2012"
    assert service.get(f"/v1/claims/{fixed}").json["version"] == 1
    again = service.post(path, body)
    assert (again.status_code, again.json["changed"], again.json["also_moved"]) == (200, False, [])


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({}, "/changes"),
        ({"url": "https://example.org/other"}, "/changes/url"),
        ({"published": "2014-02-30"}, "/changes/published"),
        ({"published": None}, "/changes/published"),
        ({"published": 2014}, "/changes/published"),
        ({"authors": "Ann"}, "/changes/authors"),
        ({"authors": [None]}, "/changes/authors/0"),
        ({"title": " "}, "/changes/title"),
        ({"colour": "red"}, "/changes/colour"),
    ],
)
def test_refuses_an_impossible_correction(service: Service, changes: dict[str, object], pointer: str) -> None:
    article = service.article()
    with service.nothing_recorded():
        body = {"changes": changes, "reason": "a slip"}
        refused(service.post(f"/v1/articles/{article}/corrections", body), 422, pointer=pointer)


def test_correction_obeys_if_match(service: Service) -> None:
    article = service.article(url="https://example.org/matched")
    path, body = f"/v1/articles/{article}/corrections", {"changes": {"title": "B"}, "reason": "a slip"}
    with service.nothing_recorded():
        refused(service.post(path, body, If_Match='"3"'), 412, "stale-version")
    assert service.post(path, body, If_Match='"1"').json["version"] == 2


def test_an_unknown_article_is_404(service: Service) -> None:
    unknown = "/v1/articles/6f1d9a0e-3f5b-5d0c-9a51-2f3c1e7c7d11"
    refused(service.get(unknown), 404, "unknown")
    refused(service.post(f"{unknown}/corrections", {"changes": {"title": "B"}, "reason": "r"}), 404, "unknown")
