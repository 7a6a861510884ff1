"""GET /v1/feed in its forms: the same events in each; where it begins and ends; what may be kept; who is sent on."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from werkzeug.test import TestResponse

from service.errors import StoreUnavailable
from service.feeds.cursor import format_cursor
from service.feeds.tickets import Tickets
from service.http import replays
from service.settings import Limits
from service.timeline.feed import Feed, FeedPage
from tests.http import examples
from tests.http.conftest import NewService, Service, refused, surroundings_of

BATCH = "application/cloudevents-batch+json"
NDJSON, STREAM = "application/x-ndjson", "text/event-stream"
CHECKPOINT, TEXTS = "io.frenemies.feed.Checkpoint.v1", "io.frenemies.feed.Texts.v1"
SECRET = "s" * 64
FILTERS: list[dict[str, str]] = [
    {},
    {"type": "InvestmentClaimed"},
    {"type": "io.frenemies.InvestmentClaimed.v1,EntityRegistered"},
    {"entity": "mirantis"},
    {"entity": "red-hat,vmware"},
    {"entity": "vmware", "type": "ClaimCorrected"},
    {"type": "ClaimReinstated"},
]


@pytest.fixture(scope="module")
def service(new_service: NewService) -> Iterator[Service]:
    """A service with some forty events."""
    with new_service() as made:
        claims = [made.claim(time={"kind": "instant", "edtf": str(year)}) for year in range(1990, 2020)]
        made.claim(**examples.ownership())
        moved = [{"role": "investor", "entity": "vmware"}, {"role": "investee", "entity": "mirantis"}]
        for claim in claims[:3]:
            change = {"changes": {"participants": moved}, "reason": "It was VMware."}
            assert made.post(f"/v1/claims/{claim}/corrections", change).status_code == 201
        assert made.post(f"/v1/claims/{claims[0]}/retraction", {"reason": "It never was."}).status_code == 201
        made.catch_up()
        yield made


def lines_of(service: Service, gzipped: bool = False, **query: Any) -> list[bytes]:
    """The lines of a replay."""
    headers = {"Accept": NDJSON} | ({"Accept-Encoding": "gzip"} if gzipped else {})
    if gzipped:  # which is no text that could be held against the document
        answer = service.app.test_client().get("/v1/feed", headers=headers, query_string=query)
    else:
        answer = service.get("/v1/feed", headers=headers, **query)
    answer.get_data()
    answer.close()
    assert (answer.status_code, answer.content_type) == (200, NDJSON), answer.data
    assert answer.headers.get("Content-Encoding") == ("gzip" if gzipped else None)
    data = gzip.decompress(answer.data) if gzipped else answer.data
    assert data.endswith(b"\n")
    return data[:-1].split(b"\n")


def page(service: Service, **query: Any) -> list[bytes]:
    """The events of a page as they were written."""
    answer = service.get("/v1/feed", **query)
    assert (answer.status_code, answer.content_type) == (200, BATCH), answer.data
    events = [json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode() for event in answer.json]
    assert b"[" + b",".join(events) + b"]" == answer.data
    return events


def paged(service: Service, **query: Any) -> list[bytes]:
    """Page by page to the empty one, going on after the last id."""
    seen: list[bytes] = []
    while found := page(service, **query):
        seen += [event for event in found if not is_checkpoint(event)]
        query = {name: value for name, value in query.items() if name != "since"}
        query["lastEventId"] = json.loads(found[-1])["id"]
    return seen


def is_checkpoint(line: bytes) -> bool:
    return bool(json.loads(line)["type"] == CHECKPOINT)


def positions(events: list[bytes]) -> list[int]:
    return [int(json.loads(event)["sequence"]) for event in events]


def cursor(service: Service, position: int) -> str:
    return format_cursor(service.timeline.epoch(), position)


def names_in(event: dict[str, Any]) -> set[str]:
    content = event["data"].get("content", {}) | event["data"].get("changes", {})
    return {one["entity"] for one in content.get("participants", ())}


@pytest.mark.parametrize("query", FILTERS)
@pytest.mark.parametrize("limit", ["1", "7", "200"])
def test_pages_and_lines_tell_the_same_events_in_the_same_order(
    service: Service, query: dict[str, str], limit: str
) -> None:
    lines = lines_of(service, **query)
    assert is_checkpoint(lines[-1]) and positions(lines[-1:]) == [service.timeline.head()]
    assert lines_of(service, gzipped=True, **query) == lines
    assert paged(service, limit=limit, **query) == lines[:-1]
    assert positions(lines) == sorted(positions(lines))
    assert set(lines[:-1]) <= set(lines_of(service))


def test_of_chosen_events_all_are_told_and_no_others(service: Service) -> None:
    everything = [json.loads(line) for line in lines_of(service)[:-1]]
    told = [json.loads(line) for line in lines_of(service, type="InvestmentClaimed,ClaimRetracted")[:-1]]
    kinds = ("io.frenemies.InvestmentClaimed.v1", "io.frenemies.ClaimRetracted.v1")
    assert told == [event for event in everything if event["type"] in kinds] and len(told) == 31
    named = {e["subject"] for e in everything if "vmware" in names_in(e)} | {"entity/vmware"}
    about = [json.loads(line) for line in lines_of(service, entity="vmware")[:-1]]
    right = [e for e in everything if e["subject"] in named]
    before_it_was_named = [e for e in right if e["type"] == kinds[0]]
    assert about == [e for e in right if e not in before_it_was_named] and len(before_it_was_named) == 3


@pytest.mark.parametrize("query", FILTERS)
def test_from_every_cursor_the_rest_follows(service: Service, query: dict[str, str]) -> None:
    """Pitfalls 3 and 11."""
    lines = lines_of(service, **query)[:-1]
    for position in range(service.timeline.head() + 1):
        rest = [line for line in lines if positions([line])[0] > position]
        after = cursor(service, position)
        assert lines_of(service, lastEventId=after, **query)[:-1] == rest
        assert paged(service, lastEventId=after, limit="3", **query) == rest


def test_the_next_page_is_linked(service: Service) -> None:
    path, seen = "/v1/feed?limit=9&entity=vmware&type=ClaimCorrected", []
    while True:
        answer = service.get(path)
        seen += answer.json
        path = answer.headers["Link"].removeprefix("<").removesuffix('>; rel="next"')
        assert path.startswith("/v1/feed?") and "entity=vmware" in path
        if not answer.json:
            break
    assert [event["type"] for event in seen if event["type"] != CHECKPOINT] == ["io.frenemies.ClaimCorrected.v1"] * 3


@pytest.mark.parametrize("form", ["lines", "pages"])
def test_it_begins_and_ends_where_it_is_told(service: Service, form: str) -> None:
    everything = lines_of(service)[:-1]
    fifth, tenth = (json.loads(everything[number - 1]) for number in (5, 10))

    def told(**query: str) -> list[int]:
        found = lines_of(service, **query) if form == "lines" else page(service, limit="200", **query)
        return positions([line for line in found if not is_checkpoint(line)])

    assert told(since=fifth["time"]) == list(range(6, len(everything) + 1))
    assert told(since="1999-01-01T00:00:00Z") == positions(everything)
    assert told(since="2999-01-01T00:00:00Z") == []
    for until in (tenth["id"], "10", tenth["time"]):
        assert told(since=fifth["time"], until=until) == told(lastEventId=fifth["id"], until=until) == [6, 7, 8, 9, 10]
    assert told(until="0") == told(lastEventId=tenth["id"], until="5") == []
    assert told(until=str(10**17)) == positions(everything)


def test_the_last_line_says_how_far_was_looked(service: Service) -> None:
    assert json.loads(lines_of(service, until="10")[-1])["sequence"] == "10"
    assert json.loads(lines_of(service, type="ClaimReinstated", until="10")[-1])["sequence"] == "10"
    assert json.loads(lines_of(service, lastEventId=cursor(service, 7), until="5")[-1])["sequence"] == "7"


@pytest.mark.parametrize("query", [{}, {"type": "InvestmentClaimed"}, {"entity": "mirantis"}])
def test_a_full_page_may_be_kept_for_ever_and_no_other(service: Service, query: dict[str, str]) -> None:
    full = service.get("/v1/feed", limit="5", **query)
    assert full.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Accept" in full.headers["Vary"]
    tag = full.headers["ETag"]
    again = service.get("/v1/feed", limit="5", headers={"If_None_Match": tag}, **query)
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    since = service.get("/v1/feed", limit="5", since="1999-01-01T00:00:00Z", **query)
    for other in (since, service.get("/v1/feed", limit="200", **query), service.get("/v1/feed", until="3", **query)):
        assert other.headers["Cache-Control"] == "no-cache" and "ETag" in other.headers
    lines = service.get("/v1/feed", headers={"Accept": NDJSON}, **query)
    lines.close()
    assert "ETag" not in lines.headers and "immutable" not in lines.headers.get("Cache-Control", "")


def test_what_is_kept_for_ever_never_changes(own_service: Service) -> None:
    own_service.claim()
    kept: dict[str, bytes] = {}
    for number in range(3):
        for query in ({}, {"entity": "mirantis"}, {"type": "EntityRegistered"}):
            for after, limit in ((0, 1), (0, 2), (1, 2), (2, 1), (3, 1)):
                asked = {"lastEventId": cursor(own_service, after), "limit": str(limit), **query}
                for is_behind in (True, False):
                    if not is_behind:
                        own_service.catch_up()
                    answer = own_service.send("GET", "/v1/feed", query_string=asked)
                    if "immutable" in answer.headers["Cache-Control"]:
                        assert kept.setdefault(str(asked), answer.data) == answer.data
        own_service.claim(time={"kind": "instant", "edtf": f"200{number}"})
    assert len(kept) > 5


@pytest.mark.parametrize(
    ("accept", "name", "value"),
    [
        (BATCH, "include", "texts"),
        (NDJSON, "limit", "5"),
        (NDJSON, "timeout", "5"),
        (STREAM, "limit", "5"),
        (STREAM, "timeout", "5"),
        (STREAM, "until", "5"),
    ],
)
def test_what_means_nothing_in_a_form_is_refused(service: Service, accept: str, name: str, value: str) -> None:
    refused(service.get("/v1/feed", headers={"Accept": accept}, **{name: value}), 422, "invalid", f"/{name}")


@pytest.mark.parametrize("accept", [BATCH, NDJSON])
@pytest.mark.parametrize(
    ("query", "status", "code", "pointer"),
    [
        ({"type": "Nothing"}, 422, "invalid", "/type"),
        ({"type": "InvestmentClaimed.v9"}, 422, "invalid", "/type"),
        ({"type": ""}, 422, "", "/type"),
        ({"type": "InvestmentClaimed,"}, 422, "invalid", "/type"),
        ({"type": ",".join(["InvestmentClaimed"] * 101)}, 422, "invalid", "/type"),
        ({"entity": "nobody"}, 404, "unknown", None),
        ({"entity": "red-hat,nobody"}, 404, "unknown", None),
        ({"entity": "Red Hat!"}, 422, "", "/entity"),
        ({"entity": ",".join(["red-hat"] * 101)}, 422, "invalid", "/entity"),
        ({"since": "yesterday"}, 422, "", "/since"),
        ({"since": "2020-01-01T00:00:00Z", "lastEventId": "A" * 32}, 422, "invalid", "/since"),
        ({"until": "yesterday"}, 422, "", "/until"),
        ({"until": "-1"}, 422, "", "/until"),
        ({"until": format_cursor(uuid4(), 5)}, 410, "other-epoch", None),
        ({"lastEventId": format_cursor(uuid4(), 5)}, 410, "other-epoch", None),
        ({"nothing": "1"}, 422, "bad-query", "/nothing"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    service: Service, accept: str, query: dict[str, str], status: int, code: str, pointer: str | None
) -> None:
    told = refused(service.get("/v1/feed", headers={"Accept": accept}, **query), status, code, pointer)
    assert ("resync" in told) == (status == 410)


def test_where_there_is_no_feed_process_nobody_waits_or_streams(service: Service) -> None:
    last = cursor(service, service.timeline.head())
    waited = service.get("/v1/feed", lastEventId=last, timeout="1000")
    streamed = service.get("/v1/feed", headers={"Accept": STREAM})
    for answer in (waited, streamed):
        refused(answer, 503, "no-feed-process")
        assert "Retry-After" in answer.headers
    assert service.get("/v1/feed", lastEventId=last, timeout="0").json == []
    assert service.get("/v1/feed", timeout="1000", limit="1").json != []


@pytest.fixture(scope="module")
def sending(new_service: NewService) -> Iterator[Service]:
    """A service with a key and a feed process."""
    with new_service(feed_port=8_001, feed_secret=SECRET, admin_key="key") as made:
        yield made


KEY = {"Authorization": "Bearer key"}


def sent_to(answer: TestResponse) -> tuple[str, dict[str, list[str]]]:
    """Where somebody is sent, and what is asked there; the ticket is good for that."""
    assert (answer.status_code, answer.headers["Cache-Control"]) == (307, "no-store")
    base, _, query = answer.headers["Location"].partition("?")
    written, _, ticket = query.rpartition("ticket=")
    assert Tickets(SECRET).holder(ticket, written.removesuffix("&"), 0) == "admin"
    return base, parse_qs(written)


def test_who_waits_or_streams_is_sent_on_with_a_ticket(sending: Service) -> None:
    base, asked = sent_to(sending.get("/v1/feed?type=ClaimRetracted", headers=KEY | {"Accept": STREAM}))
    assert (base, asked) == ("http://localhost:8001/v1/feed", {"type": ["ClaimRetracted"]})
    assert sent_to(sending.get("/v1/feed", headers=KEY | {"Accept": STREAM})) == (base, {})
    last = cursor(sending, 0)
    _, asked = sent_to(sending.get("/v1/feed", headers=KEY, lastEventId=last, timeout="5"))
    assert asked == {"lastEventId": [last], "timeout": ["5"]}
    refused(sending.get("/v1/feed", headers={"Accept": STREAM}), 401)


def test_the_last_id_of_a_browser_goes_into_the_address(sending: Service) -> None:
    headers = KEY | {"Accept": STREAM, "Last_Event_ID": cursor(sending, 7)}
    _, asked = sent_to(sending.get("/v1/feed?entity=&since=x&lastEventId=y", headers=headers))
    assert asked == {"lastEventId": [cursor(sending, 7)]}


@pytest.mark.case(number=55)
@pytest.mark.parametrize("last", ["A" * 8_000, "A" * 501])
def test_case_55_a_long_last_event_id_is_not_sent_on(sending: Service, last: str) -> None:
    """Last-Event-ID not a cursor, 10 kB long: 400"""
    refused(sending.get("/v1/feed", headers=KEY | {"Accept": STREAM, "Last_Event_ID": last}), 400, "bad-cursor")


def test_a_hostile_last_event_id_stays_a_parameter(sending: Service) -> None:
    last = "x&ticket=1#@evil.example"
    base, asked = sent_to(sending.get("/v1/feed", headers=KEY | {"Accept": STREAM, "Last_Event_ID": last}))
    assert urlsplit(base).hostname == "localhost" and asked == {"lastEventId": [last]}


def test_nothing_is_waited_for_up_to_an_end(sending: Service) -> None:
    answer = sending.get("/v1/feed", headers=KEY, until="0", timeout="1000")
    assert (answer.status_code, answer.json) == (200, [])


def test_the_answers_of_a_guarded_service_are_private(sending: Service) -> None:
    sending.put(
        "/v1/entities/red-hat",
        examples.registration(),
    )
    answer = sending.get("/v1/feed", headers=KEY, limit="1")
    assert "public" not in answer.headers["Cache-Control"]


def test_texts_come_before_the_events_that_refer_to_them(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "PAGE", 7)
    known: dict[str, dict[str, Any]] = {}
    referred = set()
    for line in lines_of(service, include="texts")[:-1]:
        event = json.loads(line)
        if event["type"] == TEXTS:
            known |= {text["reference"]: text for text in event["data"]["texts"]}
        else:
            found = references_in(event["data"])
            assert found <= set(known), "an event came before its texts"
            referred |= found
    assert referred == set(known) and "Ann Author" in {text["content"] for text in known.values()}
    without = [line for line in lines_of(service, include="texts") if json.loads(line)["type"] != TEXTS]
    assert without == lines_of(service)


def test_no_more_texts_than_fit_are_told_at_once(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.article(url="https://example.org/another", authors=["Another Author"])
    whole = lines_of(service, include="texts")
    monkeypatch.setattr("service.timeline.feed.MOST_TEXT", 1)
    parts = lines_of(service, include="texts")
    assert [kind_of(line) for line in parts].count(TEXTS) > [kind_of(line) for line in whole].count(TEXTS) == 1
    assert [line for line in parts if kind_of(line) != TEXTS] == [line for line in whole if kind_of(line) != TEXTS]
    for before, line in pairwise(parts):
        if kind_of(line) == TEXTS:
            assert kind_of(before) != TEXTS


def kind_of(line: bytes) -> str:
    return str(json.loads(line)["type"])


def references_in(data: Any) -> set[str]:
    if isinstance(data, dict):
        own = {data["reference"]} if {"reference", "digest"} <= data.keys() else set()
        return own.union(*map(references_in, data.values()))
    return set().union(*map(references_in, data)) if isinstance(data, list) else set()


@pytest.mark.limit(name="replays")
def test_so_many_read_the_whole_log_at_once(new_service: NewService) -> None:
    with new_service(limits=Limits(replays=2)) as service:
        service.known("red-hat")
        http = service.app.test_client()
        for _ in range(3):
            open_ones = [http.get("/v1/feed", headers={"Accept": NDJSON}, buffered=False) for _ in range(2)]
            answer = service.get("/v1/feed", headers={"Accept": NDJSON})
            refused(answer, 503, "too-many-replays")
            assert "Retry-After" in answer.headers
            for one in open_ones:
                one.close()
        for query in ({"type": "Nothing"}, {"lastEventId": "x"}) * 3:
            assert service.get("/v1/feed", headers={"Accept": NDJSON}, **query).status_code in (400, 422)
        assert len(lines_of(service)) == 2


@contextmanager
def failing_after(monkeypatch: pytest.MonkeyPatch, pages: int) -> Iterator[None]:
    """The database goes away after some pages."""
    read, left = Feed.page, [pages]

    def page_or_fail(feed: Feed, *given: Any, **named: Any) -> FeedPage:
        left[0] -= 1
        if left[0] < 0:
            raise StoreUnavailable("It is away.")
        return read(feed, *given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Feed, "page", page_or_fail)
        yield


@pytest.mark.parametrize("gzipped", [False, True])
def test_a_replay_that_is_cut_off_has_no_checkpoint_and_goes_on_after_its_last_id(
    service: Service, monkeypatch: pytest.MonkeyPatch, gzipped: bool
) -> None:
    monkeypatch.setattr(replays, "PAGE", 10)
    whole = lines_of(service)
    for pages in (1, 2, 3):
        with failing_after(monkeypatch, pages):
            cut = lines_of(service, gzipped)
        assert cut == whole[: 10 * pages]
        assert cut + lines_of(service, lastEventId=json.loads(cut[-1])["id"]) == whole
    with failing_after(monkeypatch, 0):
        refused(service.get("/v1/feed", headers={"Accept": NDJSON}), 503, "store-unavailable")
    assert surroundings_of(service).replay_turns._value == Limits().replays


def test_the_reference_implementation_reads_pages_and_lines(service: Service) -> None:
    read = JSONFormat().read
    batch = [read(CloudEvent, json.dumps(event)) for event in service.get("/v1/feed", limit="200").json]
    lines = [read(CloudEvent, line) for line in lines_of(service)]
    assert [e.get_id() for e in batch] == [e.get_id() for e in lines[:-1]]
    assert [e.get_data() for e in batch] == [e.get_data() for e in lines[:-1]]
    assert [int(e.get_extension("sequence")) for e in lines[:-1]] == list(range(1, len(lines)))
    assert all(one.get_time() < two.get_time() for one, two in pairwise(lines[:-1]))
    assert lines[-1].get_type() == CHECKPOINT
