"""Feeds for readers of feeds, read with a reader that was not written here."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree

import feedparser
import pytest
from werkzeug.test import TestResponse

from service.feeds import runs
from service.feeds.cursor import format_cursor
from service.timeline import feed
from tests.http import examples
from tests.http.conftest import NewService, Service, refused

PATH = "/v1/feed.atom"
ATOM = "application/atom+xml"
NAMESPACE = "{http://www.w3.org/2005/Atom}"
COMPANIES = [f"company-{number}" for number in range(20)]
HOSTILE = "<script>alert(1)</script> ]]> &amp; <![CDATA[ \uffff \ufffe ' \""


def claims(start: int, count: int) -> list[dict[str, Any]]:
    return [
        examples.claim(
            participants=[
                {"role": "investor", "entity": COMPANIES[n % 19]},
                {"role": "investee", "entity": COMPANIES[19]},
            ],
            time={"kind": "instant", "edtf": f"{1000 + n}"},
            evidence={"summary": f"number {n}"},
        )
        for n in range(start, start + count)
    ]


@pytest.fixture(scope="module")
def long(new_service: NewService) -> Iterator[Service]:
    """A log of some hundred events."""
    with new_service() as made:
        made.known(*COMPANIES)
        made.article()
        for start in (0, 300):
            assert made.post("/v1/claims", {"claims": claims(start, 300)}).status_code == 201
        yield made


def parsed(answer: TestResponse) -> ElementTree.Element:
    """The feed as XML."""
    return ElementTree.fromstring(answer.data)  # noqa: S314


def document(answer: TestResponse) -> Any:
    """The feed, as the reader reads it; it is well-formed XML in every way."""
    assert (answer.status_code, answer.content_type) == (200, ATOM), answer.text
    parsed(answer)
    read = feedparser.parse(answer.data)
    assert not read.bozo and read.version == "atom10"
    return read


def link(read: Any, rel: str) -> str | None:
    found = [one.href for one in read.feed.links if one.rel == rel]
    assert len(found) <= 1
    return str(found[0]).removeprefix("http://localhost") if found else None


def walked(service: Service, path: str) -> Iterator[Any]:
    """The document at an address, and those before it."""
    following: str | None = path
    while following is not None:
        read = document(service.get(following))
        yield read
        following = link(read, "prev-archive")


def events(read: Any) -> list[str]:
    """The events of a document in the order of the log, as they were told."""
    return [entry.content[0].value for entry in reversed(read.entries)]


def everything(service: Service, **query: str) -> list[str]:
    """The events in lines, as the log has them."""
    asked = service.app.test_client().get("/v1/feed", query_string=query, headers={"Accept": "application/x-ndjson"})
    with asked as answer:
        assert answer.status_code == 200
        return [line.decode() for line in answer.data.split(b"\n")[:-2]]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"entity": "company-3"},
        {"entity": "company-19"},
        {"entity": "company-3,company-4", "type": "InvestmentClaimed"},
        {"type": "EntityRegistered"},
        {"type": "ArticleRegistered,InvestmentClaimed.v1"},
        {"type": "ClaimRetracted"},
    ],
)
def test_the_archives_hold_every_event_once_and_as_it_is(long: Service, query: dict[str, str]) -> None:
    path = f"{PATH}?{'&'.join(f'{name}={value}' for name, value in query.items())}"
    documents = [events(read) for read in walked(long, path)]
    told = everything(long, **query)
    assert [event for one in reversed(documents) for event in one] == told
    assert len(documents[0]) == len(told) or len(documents[0]) >= 100
    assert all(documents[1:]) and all(len(one) < 1_000 for one in documents)


def test_a_sparse_feed_is_one_document(long: Service) -> None:
    assert len(list(walked(long, f"{PATH}?entity=company-3"))) == 1
    assert len(list(walked(long, PATH))) > 3


def test_nothing_is_lost_or_doubled_while_others_record(own_service: Service) -> None:
    own_service.known(*COMPANIES)
    own_service.article()
    own_service.post("/v1/claims", {"claims": claims(0, 300)})
    for query in ({}, {"entity": "company-19"}):
        before = everything(own_service, **query)
        seen = []
        for read in walked(own_service, f"{PATH}?{'&'.join(f'{n}={v}' for n, v in query.items())}"):
            seen.append(events(read))
            start = 1_000 + own_service.timeline.head()
            assert own_service.post("/v1/claims", {"claims": claims(start, 40)}).status_code == 201
        assert len(seen) > 1
        assert [event for one in reversed(seen) for event in one] == before


@pytest.mark.parametrize("most", [5_000, 0])
def test_a_read_side_that_lags_hides_nothing(own_service: Service, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(feed, "MOST_STREAMS", most)
    monkeypatch.setattr(feed, "LOOKED_THROUGH", 30)
    monkeypatch.setattr(feed, "STRETCH", 30)
    monkeypatch.setattr(runs, "MOST_LOOKS", 2)
    own_service.known(*COMPANIES)
    own_service.article()
    own_service.post("/v1/claims", {"claims": claims(0, 150)})
    own_service.catch_up()
    own_service.post("/v1/claims", {"claims": claims(150, 150)})
    for query in ({"entity": "company-3"}, {"entity": "company-19"}, {"type": "EntityRegistered"}):
        answer, found = own_service.send("GET", PATH, query_string=query), []
        while True:
            read = document(answer)
            found.append(events(read))
            following = link(read, "prev-archive")
            if following is None:
                break
            answer = own_service.send("GET", following)
        assert [event for one in reversed(found) for event in one] == everything(own_service, **query)


def test_who_comes_back_later_meets_the_archives_that_it_has(own_service: Service) -> None:
    own_service.known(*COMPANIES)
    own_service.article()
    has: dict[str, list[str]] = {}
    for number in range(6):
        own_service.post("/v1/claims", {"claims": claims(1_000 * number, 90)})
        collected: list[list[str]] = []
        for read in walked(own_service, PATH):
            collected.append(events(read))
            own = link(read, "self")
            assert own is not None
            if own in has:
                assert has[own] == events(read)
                break
            if own != PATH:
                has[own] = events(read)
        assert collected[0] == everything(own_service)[-len(collected[0]) :]
    assert len(has) > 3
    current = events(document(own_service.get(PATH)))
    archives = [event for one in has.values() for event in one]
    assert sorted({*archives, *current}) == sorted(everything(own_service))


def test_archives_lead_forward_as_well_and_never_change(long: Service) -> None:
    documents = list(walked(long, PATH))
    oldest = documents[-1]
    path = link(oldest, "self")
    forward = []
    while path is not None:
        answer = long.get(path)
        read = document(answer)
        following = link(read, "next-archive")
        assert ("immutable" in answer.headers["Cache-Control"]) == (following is not None)
        assert link(read, "current") == PATH
        assert parsed(answer).find("{http://purl.org/syndication/history/1.0}archive") is not None
        forward.append(events(read))
        path = following
    backward = [events(read) for read in documents[1:]]
    assert forward[: len(backward)] == backward[::-1]
    assert "immutable" not in long.get(PATH).headers["Cache-Control"]


def test_the_links_are_in_the_headers_too(long: Service) -> None:
    answer = long.get(PATH)
    read = document(answer)
    told = ", ".join(answer.headers.getlist("Link"))
    for rel in ("self", "current", "prev-archive"):
        assert f'<{link(read, rel)}>; rel="{rel}"' in told


def test_what_did_not_change_is_not_sent_again(long: Service) -> None:
    tag = long.get(PATH).headers["ETag"]
    again = long.get(PATH, headers={"If_None_Match": tag})
    assert (again.status_code, again.data) == (304, b"")


def test_an_entry_says_in_words_what_happened_and_leads_to_the_page_about_it(own_service: Service) -> None:
    claim = own_service.claim()
    newest, *_, oldest = document(own_service.get(PATH, entity="red-hat")).entries
    assert newest.title == "Investment claimed: red-hat, mirantis"
    assert newest.link == f"http://localhost/claim/{claim}"
    assert newest.summary == "Red Hat put money into Mirantis."
    assert newest.tags[0].term == "io.frenemies.InvestmentClaimed.v1"
    assert newest.published == newest.updated == json.loads(newest.content[0].value)["time"]
    assert newest.content[0].type == "application/json"
    assert (oldest.title, oldest.link) == ("Entity registered: red-hat", "http://localhost/entity/red-hat")
    titles = [entry.title for entry in document(own_service.get(PATH)).entries]
    assert "Article registered: A" in titles
    for entry in (newest, oldest):
        assert own_service.get(entry.link.removeprefix("http://localhost")).status_code == 200


def test_a_feed_and_its_entries_keep_their_ids(own_service: Service) -> None:
    own_service.known("red-hat")
    first = document(own_service.get(PATH))
    own_service.known("vmware")
    second = document(own_service.get(PATH))
    assert first.feed.id == second.feed.id != document(own_service.get(PATH, entity="red-hat")).feed.id
    assert first.entries[0].id == second.entries[1].id
    assert len({first.feed.id, *(entry.id for entry in second.entries)}) == 3


@pytest.mark.case(number=61)
def test_hostile_text_is_just_text(own_service: Service) -> None:
    own_service.claim(evidence={"summary": HOSTILE})
    url = "https://example.org/hostile"
    own_service.article(url=url, title=HOSTILE)
    answer = own_service.get(PATH)
    read = document(answer)
    raw = parsed(answer)
    cleaned = HOSTILE.replace("\uffff", "\ufffd").replace("\ufffe", "\ufffd")
    found = {raw_entry.findtext(f"{NAMESPACE}summary") for raw_entry in raw.iter(f"{NAMESPACE}entry")}
    assert cleaned in found
    assert f"Article registered: {cleaned}" in {
        one.findtext(f"{NAMESPACE}title") for one in raw.iter(f"{NAMESPACE}entry")
    }
    assert b"<script" not in answer.data
    assert events(read) == everything(own_service)
    told = [b64decode(one.findtext(f"{NAMESPACE}content") or "") for one in raw.iter(f"{NAMESPACE}entry")]
    assert [one.decode() for one in reversed(told)] == everything(own_service)
    assert "\uffff" in "".join(everything(own_service))


def test_the_feed_gives_it_to_whom_asks_for_the_form(long: Service) -> None:
    answer = long.get("/v1/feed", headers={"Accept": ATOM}, entity="company-3")
    assert answer.data == long.get(PATH, entity="company-3").data
    assert "Accept" in answer.headers["Vary"]
    for name, value in (("lastEventId", "A" * 32), ("since", "2020-01-01T00:00:00Z"), ("limit", "3"), ("timeout", "1")):
        refused(long.get("/v1/feed", headers={"Accept": ATOM}, **{name: value}), 422, "invalid", f"/{name}")


def test_pages_tell_readers_where_the_feed_is(own_service: Service) -> None:
    own_service.claim()
    for page, address in (("/", PATH), ("/entity/red-hat", f"{PATH}?entity=red-hat")):
        text = own_service.get(page).text
        assert 'rel="alternate" type="application/atom+xml"' in text and f'href="{address}"' in text
        document(own_service.get(address))


def test_who_needs_a_key_can_send_it_as_a_password(new_service: NewService) -> None:
    with new_service(admin_key="secret") as service:
        refused(service.get(PATH), 401, "not-authorized")
        given = f"Basic {b64encode(b'me:secret').decode()}"
        answer = service.get(PATH, headers={"Authorization": given})
        assert answer.status_code == 200 and "private" in answer.headers["Cache-Control"]


def test_an_empty_log_is_an_empty_feed(own_service: Service) -> None:
    read = document(own_service.get(PATH))
    assert (read.entries, read.feed.updated, link(read, "prev-archive")) == ([], "1970-01-01T00:00:00Z", None)


@pytest.mark.case(number=82)
def test_refuses_what_is_no_archive(long: Service) -> None:
    epoch = long.timeline.epoch()
    for cursor in ("", "x", "A" * 31, "\u00e9" * 32):
        refused(long.get(PATH, archive=cursor), 400, "bad-cursor", "/archive")
    refused(long.get(PATH, archive="A" * 1_000), 422, "bad-query", "/archive")
    refused(long.get(PATH, archive=format_cursor(epoch, 10**12)), 404, "unknown")
    assert refused(long.get(PATH, archive=format_cursor(uuid4(), 1)), 410, "other-epoch")["resync"] == "/v1/feed"
    refused(long.get(PATH, entity="nobody"), 404, "unknown")
    refused(long.get(PATH, type="Nothing"), 422, "invalid", "/type")
    refused(long.get(PATH, limit="5"), 422, "bad-query", "/limit")
    assert document(long.get(PATH, archive=format_cursor(epoch, 0))).entries == []


def test_any_place_may_be_asked_for_and_leads_to_the_beginning(long: Service) -> None:
    told = everything(long)
    cursor = json.loads(told[399])["id"]
    documents = [events(read) for read in walked(long, f"{PATH}?archive={cursor}")]
    assert [event for one in reversed(documents) for event in one] == told[:400]
