"""GET /v1/beliefs in the forms of a feed, and /v1/beliefs.atom."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import feedparser
import pytest
from jsonschema import Draft202012Validator

from service.cli.demo import load_sample
from service.feeds import runs
from service.feeds.beliefs import BeliefFeed
from service.http.believed import told
from service.settings import Settings
from service.timeline import beliefs as use_case
from service.timeline.beliefs import LAST_MATTER, Spot, Wanted
from tests.conftest import Servers
from tests.http import examples
from tests.http.conftest import NewService, Service, refused

PATH = "/v1/beliefs"
BATCH, NDJSON, ATOM = "application/cloudevents-batch+json", "application/x-ndjson", "application/atom+xml"
CHECKPOINT = "io.frenemies.feed.Checkpoint.v1"
MEMBER = "member_of/vmware/openstack-foundation"
Json = dict[str, Any]
QUESTIONS: list[dict[str, str]] = [
    {},
    {"include": "evidence"},
    {"entity": "red-hat"},
    {"entity": "vmware", "include": "evidence"},
    {"relation": MEMBER, "include": "evidence"},
    {"kind": "vote"},
    {"entity": "openstack-foundation", "kind": "relation"},
]


@pytest.fixture(scope="module")
def sample(servers: Servers, new_service: NewService) -> Iterator[Service]:
    """The five articles."""
    with new_service() as made:
        url = made.app.extensions["frenemies"].settings.database_url
        load_sample(Settings(), url)
        yield made


def in_pages(service: Service, limit: int = 7, start: str | None = None, **query: str) -> list[bytes]:
    """The events of all pages, from a cursor on."""
    found: list[Json] = []
    asked: dict[str, str] = {**query, **({} if start is None else {"lastEventId": start})}
    while True:
        answer = service.get(PATH, headers={"Accept": BATCH}, limit=str(limit), **asked)
        assert (answer.status_code, answer.content_type) == (200, BATCH), answer.json
        page = answer.get_json(force=True)
        if not page:
            return [canonical(event) for event in found]
        assert len(page) <= limit + 1
        found += [event for event in page if event["type"] != CHECKPOINT]
        asked = {**query, "lastEventId": page[-1]["id"]}
        assert f"lastEventId={page[-1]['id']}" in answer.headers["Link"]


def canonical(event: Json) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def in_lines(service: Service, **query: str) -> list[bytes]:
    """The events of all lines; the last one is a checkpoint."""
    service.catch_up()
    with service.app.test_client().get(PATH, query_string=query, headers={"Accept": NDJSON}) as answer:
        assert (answer.status_code, answer.content_type) == (200, NDJSON)
        *events, last = answer.data.splitlines()
    assert json.loads(last)["type"] == CHECKPOINT
    return events


def in_documents(service: Service, **query: str) -> list[bytes]:
    """The events of the newest document and of all archives before it, in the order of the log."""
    answer = service.get(f"{PATH}.atom", **query)
    found: list[bytes] = []
    while True:
        assert (answer.status_code, answer.content_type) == (200, ATOM), answer.json
        read = feedparser.parse(answer.data)
        assert not read.bozo
        found = [entry.content[0].value.encode() for entry in reversed(read.entries)] + found
        following = [link.href for link in read.feed.links if link.rel == "prev-archive"]
        if not following:
            return found
        answer = service.get(following[0].removeprefix("http://localhost"))


def in_json(service: Service, **query: str) -> list[Json]:
    """The changes of the pages of JSON; what goes on on the next page is put together."""
    page = service.get(PATH, limit="200", **query).json
    found: list[Json] = []
    while True:
        for change in page["beliefs"]:
            if found and (found[-1]["position"], found[-1]["matter"]) == (change["position"], change["matter"]):
                found[-1]["periods"] += change["periods"]
            else:
                found.append(change)
        if page["next"] is None:
            return found
        page = service.get(page["next"]).json


@pytest.mark.parametrize("query", QUESTIONS)
def test_all_forms_tell_the_same_events_in_the_same_order(
    sample: Service, query: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "USUAL", 8)
    monkeypatch.setattr(runs, "LEAST", 10)
    events = in_lines(sample, **query)
    assert events and in_pages(sample, **query) == events
    assert in_documents(sample, **query) == events
    assert [json.loads(event)["data"] for event in events] == in_json(sample, **query)


def test_looking_is_bounded_and_loses_nothing(sample: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {n: in_lines(sample, **query) for n, query in enumerate(QUESTIONS)}
    monkeypatch.setattr(use_case, "MOST_LOOKED_AT", 5)
    monkeypatch.setattr(use_case, "MOST_BYTES", 2_000)
    monkeypatch.setattr(use_case, "_BATCH", 3)
    for number, query in enumerate(QUESTIONS):
        assert in_lines(sample, **query) == whole[number]
        assert in_documents(sample, **query) == whole[number]
        assert in_pages(sample, limit=200, **query) == whole[number]


def test_an_event_is_a_cloud_event_whose_data_has_the_shape_that_it_names(sample: Service) -> None:
    schema = sample.get("/v1/event-types/BeliefChanged.v1")
    assert schema.content_type == "application/schema+json"
    validator = Draft202012Validator(schema.get_json(force=True))
    Draft202012Validator.check_schema(schema.get_json(force=True))
    events = [json.loads(event) for event in in_lines(sample, include="evidence")]
    for event in events:
        assert (event["specversion"], event["source"]) == ("1.0", "/v1/beliefs")
        assert event["type"] == "io.frenemies.BeliefChanged.v1"
        assert event["dataschema"] == "/v1/event-types/BeliefChanged.v1"
        assert event["subject"] == f"matter/{event['data']['matter']}"
        assert event["time"] == event["data"]["recorded_at"]
        assert event["sequence"] == str(event["data"]["position"])
        validator.validate(event["data"])
    assert len({event["id"] for event in events}) == len(events)
    places = [(event["data"]["position"], event["data"]["matter"]) for event in events]
    assert places == sorted(places)
    assert not validator.is_valid(events[0]["data"] | {"position": "1"})


def test_every_cursor_resumes_right_behind_it(sample: Service) -> None:
    events = in_lines(sample, entity="vmware")
    for number in range(0, len(events), 3):
        cursor = json.loads(events[number])["id"]
        assert in_lines(sample, entity="vmware", lastEventId=cursor) == events[number + 1 :]
        assert in_pages(sample, start=cursor, entity="vmware") == events[number + 1 :]


def test_a_checkpoint_is_a_cursor_too_and_weeks_later_there_is_what_came_since(own_service: Service) -> None:
    own_service.claim()
    first = in_pages(own_service)
    page = own_service.get(PATH, headers={"Accept": BATCH}, limit="200").get_json(force=True)
    assert page[-1]["type"] == CHECKPOINT and set(page[-1]) == {"specversion", "id", "source", "type", "sequence"}
    assert page[-1]["sequence"] == str(own_service.timeline.head())
    assert own_service.get(PATH, headers={"Accept": BATCH}, lastEventId=page[-1]["id"]).get_json(force=True) == []
    own_service.claim(time={"kind": "instant", "edtf": "2012"})
    since = in_pages(own_service, start=page[-1]["id"])
    assert since and first + since == in_pages(own_service) == in_lines(own_service)


def test_begins_behind_a_position_or_an_instant(sample: Service) -> None:
    events = in_lines(sample)
    position = json.loads(events[len(events) // 2])["data"]["position"]
    later = [event for event in events if json.loads(event)["data"]["position"] > position]
    assert in_lines(sample, after=str(position)) == later
    recorded_at = sample.timeline.feed.recorded_at(position)
    assert recorded_at is not None
    instant = recorded_at.isoformat().replace("+00:00", "Z")
    assert in_lines(sample, since=instant) == in_lines(sample, after=instant) == later
    earlier = [event for event in events if event not in later]
    assert in_lines(sample, until=str(position)) == in_pages(sample, until=str(position)) == earlier


def test_a_full_page_never_changes(sample: Service) -> None:
    full = sample.get(PATH, headers={"Accept": BATCH}, limit="5")
    assert "immutable" in full.headers["Cache-Control"]
    short = sample.get(PATH, headers={"Accept": BATCH}, limit="200", relation=MEMBER)
    assert "immutable" not in short.headers["Cache-Control"]
    assert "Accept" in full.headers["Vary"]
    again = sample.get(PATH, headers={"Accept": BATCH, "If_None_Match": full.headers["ETag"]}, limit="5")
    assert again.status_code == 304


def test_json_stays_what_is_answered_unless_asked_otherwise(sample: Service) -> None:
    for accept in ("*/*", "application/json", "text/html", ""):
        assert sample.get(PATH, headers={"Accept": accept}, limit="3").content_type == "application/json"


def test_who_waits_or_streams_is_sent_on(new_service: NewService) -> None:
    with new_service(feed_port=8_001, feed_secret="s") as service:
        service.claim()
        events = service.get(PATH, headers={"Accept": BATCH}, entity="red-hat", timeout="1000")
        assert events.status_code == 200
        end = events.get_json(force=True)[-1]["id"]
        waits = service.get(PATH, headers={"Accept": BATCH}, entity="red-hat", timeout="1000", lastEventId=end)
        streams = service.get(PATH, headers={"Accept": "text/event-stream"}, entity="red-hat")
        for answer in (waits, streams):
            assert answer.status_code == 307
            assert answer.headers["Location"].startswith(f"http://localhost:8001{PATH}?")
            assert "entity=red-hat" in answer.headers["Location"]


def test_an_entity_that_was_merged_is_told_of_as_long_as_it_was_itself(own_service: Service) -> None:
    own_service.claim()
    before = in_lines(own_service, entity="mirantis")
    other = in_lines(own_service, entity="vmware")
    merged = own_service.post("/v1/entities/mirantis/merge", {"into": "vmware", "reason": "one company"})
    assert merged.status_code in (200, 201), merged.json
    after = in_lines(own_service, entity="mirantis")
    assert after[: len(before)] == before and len(after) > len(before)
    assert in_lines(own_service, entity="vmware")[: len(other)] == other
    assert len(in_lines(own_service, entity="vmware")) > len(other)
    assert in_pages(own_service, entity="mirantis") == in_documents(own_service, entity="mirantis") == after


def test_very_many_periods_are_left_out_and_counted(sample: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(use_case, "MOST_PERIODS", 1)
    data = [json.loads(event)["data"] for event in in_lines(sample)]
    assert all(len(one["periods"]) <= 1 for one in data) and any(one["period_count"] > 1 for one in data)
    assert [one["period_count"] for one in data] == [one["period_count"] for one in in_json(sample)]


def test_an_entry_says_in_words_what_is_believed_otherwise(own_service: Service) -> None:
    own_service.claim()
    read = feedparser.parse(own_service.get(f"{PATH}.atom", entity="red-hat", kind="relation").data)
    assert read.feed.title == "What is believed about red-hat"
    (entry,) = read.entries
    data = json.loads(entry.content[0].value)["data"]
    assert entry.title == "First belief: red-hat investor of mirantis"
    assert entry.link == f"http://localhost/beliefs?matter={data['matter']}"
    assert own_service.get(entry.link.removeprefix("http://localhost")).status_code == 200
    same = own_service.get(PATH, headers={"Accept": ATOM}, entity="red-hat", kind="relation")
    assert same.data == own_service.get(f"{PATH}.atom", entity="red-hat", kind="relation").data


def test_refuses_what_is_no_place_in_it(sample: Service) -> None:
    batch = {"Accept": BATCH}
    cursor = json.loads(in_lines(sample)[0])["id"]
    assert len(cursor) == 56
    of_log = sample.get("/v1/feed", limit="1").get_json(force=True)[0]["id"]
    bad = ("", "x", of_log, "A" * 56, "\u00e9" * 28, f"{cursor[:-1]}!", cursor + "A")
    for text in bad:
        refused(sample.get(PATH, headers=batch, lastEventId=text), 400, "bad-cursor", "/lastEventId")
        refused(sample.get(f"{PATH}.atom", archive=text), 400, "bad-cursor", "/archive")
    refused(sample.get("/v1/feed", lastEventId=cursor), 400, "bad-cursor", "/lastEventId")
    other = BeliefFeed(sample.timeline.beliefs, uuid4(), Wanted(), told).cursor(Spot(1, UUID(int=1)))
    assert "resync" in refused(sample.get(PATH, headers=batch, lastEventId=other), 410, "other-epoch")
    ours = BeliefFeed(sample.timeline.beliefs, sample.timeline.epoch(), Wanted(), told)
    beyond = ours.cursor(Spot(10**9, LAST_MATTER))
    assert sample.get(PATH, headers=batch, lastEventId=beyond).get_json(force=True) == []
    refused(sample.get(f"{PATH}.atom", archive=beyond), 404, "unknown")


def test_refuses_what_means_nothing(sample: Service) -> None:
    batch, lines, atom = ({"Accept": media} for media in (BATCH, NDJSON, ATOM))
    refused(sample.get(PATH, headers=batch, cursor="x"), 422, "invalid", "/cursor")
    refused(sample.get(PATH, headers=lines, limit="5"), 422, "invalid", "/limit")
    refused(sample.get(PATH, headers=lines, timeout="5"), 422, "invalid", "/timeout")
    refused(sample.get(PATH, headers=atom, after="5"), 422, "invalid", "/after")
    for name, value in (("lastEventId", "x"), ("since", "2020-01-01T00:00:00Z"), ("timeout", "1")):
        refused(sample.get(PATH, **{name: value}), 422, "invalid", f"/{name}")
    refused(sample.get(PATH, headers=batch, after="1", since="2020-01-01T00:00:00Z"), 422, "invalid", "/since")
    refused(sample.get(PATH, headers=batch, since="1"), 422, "invalid", "/since")
    refused(sample.get(PATH, headers=batch, since="tomorrow"), 422, pointer="/since")
    refused(sample.get(PATH, headers=batch, entity="red-hat", matter=str(uuid4())), 422, "bad-query", "/matter")
    refused(sample.get(PATH, headers=batch, entity="nobody"), 404, "unknown")
    refused(sample.get(f"{PATH}.atom", relation="member_of/nobody/red-hat"), 404, "unknown")
    refused(sample.get(f"{PATH}.atom", limit="5"), 422, "bad-query", "/limit")


def test_an_empty_log_is_an_empty_feed(own_service: Service) -> None:
    assert own_service.get(PATH, headers={"Accept": BATCH}).get_json(force=True) == []
    assert in_lines(own_service) == in_documents(own_service) == []


def test_a_vote_and_a_stance_have_names(own_service: Service) -> None:
    own_service.claim(**{name: value for name, value in examples.vote().items() if name != "article"})
    read = feedparser.parse(own_service.get(f"{PATH}.atom", kind="vote").data)
    assert [entry.title for entry in read.entries] == ["First belief: vote of mirantis on vmware member of red-hat"]
