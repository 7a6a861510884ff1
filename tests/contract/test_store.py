"""What every store of events promises."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import StoredEvent

from events import codec
from events.repeats import mark
from service.errors import (
    GuardFailed,
    KeyTaken,
    RequestMismatch,
    StoreError,
    StreamConflict,
    TextTaken,
    Unstorable,
)
from service.store.application import TimelineApplication
from service.store.memory import MemoryStore
from service.store.protocol import ErasableText, EventStore, LogEnd, Request, Snapshot, StreamKey, StreamLink

STATE = '{"name":"Mirantis ☁"}'.encode()
REQUEST = Request("key-1", "hash-1", '{"ok":true}')


@pytest.fixture(params=["memory", "postgres-18", "postgres-15"])
def store(request: pytest.FixtureRequest) -> EventStore:
    if request.param == "memory":
        return MemoryStore()
    found: EventStore = request.getfixturevalue("store_on")(int(request.param.removeprefix("postgres-")))
    return found


def event(stream: str, version: int, state: bytes = STATE) -> StoredEvent:
    return StoredEvent(stream, version, "EntityRegistered.v1", state)


def text(content: str = "a quote", scope: str = "article-1", reference: UUID | None = None) -> ErasableText:
    return ErasableText(reference or uuid4(), scope, b"salt", "digest", content)


def everything_in(store: EventStore) -> dict[str, object]:
    return {
        "log": store.read_log(0, 1_000),
        "key": store.find_keys("ref", ["a-1", "a-2"]),
        "links": store.find_links("article", "article-1"),
        "texts": store.find_texts([("article-1", "a quote")]),
        "request": store.find_request("key-1"),
    }


def test_of_another_log_nothing_is_read(store: EventStore) -> None:
    store.append([event("a", 1)])
    assert [one.position for one in store.read_log(0, 10, of=store.epoch())] == [1]
    assert store.read_log(0, 10, of=uuid4()) == []


def test_an_empty_log_has_head_zero(store: EventStore) -> None:
    assert store.head() == 0
    assert store.read_log(0, 10) == []
    assert store.read_stream("entity-a") == []
    assert store.position_at(datetime.now(UTC)) == 0
    assert store.recorded_at(1) is None


def test_positions_are_dense_over_all_streams_from_one(store: EventStore) -> None:
    first = store.append([event("entity-a", 1), event("entity-b", 1), event("entity-a", 2)])
    second = store.append([event("entity-b", 2)])
    assert (first.first_position, first.count, first.head, first.replayed) == (1, 3, 3, False)
    assert (second.first_position, second.count, second.head) == (4, 1, 4)
    assert [(r.position, r.stream, r.version) for r in store.read_log(0, 10)] == [
        (1, "entity-a", 1),
        (2, "entity-b", 1),
        (3, "entity-a", 2),
        (4, "entity-b", 2),
    ]
    assert list(first.positions) == [1, 2, 3]


def test_the_state_comes_back_byte_for_byte(store: EventStore) -> None:
    states = [b"", b"\x00\xff", STATE, b"x" * 100_000]
    store.append([event("entity-a", version, state) for version, state in enumerate(states, 1)])
    assert [record.state for record in store.read_stream("entity-a")] == states


def test_recorded_at_is_utc_and_grows_with_the_position(store: EventStore) -> None:
    before = datetime.now(UTC)
    for version in range(1, 20, 2):
        appended = store.append([event("entity-a", version), event("entity-a", version + 1)])
        assert appended.recorded_at == store.recorded_at(appended.head)
    instants = [record.recorded_at for record in store.read_log(0, 100)]
    assert all(earlier < later for earlier, later in pairwise(instants))
    assert instants[0].utcoffset() == timedelta(0)
    assert before - timedelta(seconds=5) < instants[0] < datetime.now(UTC) + timedelta(seconds=5)


def test_a_stream_is_read_in_order_after_a_version_and_up_to_a_position(store: EventStore) -> None:
    store.append([event("entity-a", 1), event("entity-b", 1), event("entity-a", 2), event("entity-a", 3)])
    assert [r.version for r in store.read_stream("entity-a")] == [1, 2, 3]
    assert [r.version for r in store.read_stream("entity-a", after=1)] == [2, 3]
    assert [r.version for r in store.read_stream("entity-a", until=3)] == [1, 2]
    assert [r.version for r in store.read_stream("entity-a", after=1, until=3)] == [2]


def test_several_streams_are_read_together(store: EventStore) -> None:
    store.append([event("entity-a", 1), event("entity-b", 1), event("entity-a", 2)])
    found = store.read_streams(["entity-b", "entity-a", "entity-none"])
    assert {stream: [r.version for r in records] for stream, records in found.items()} == {
        "entity-a": [1, 2],
        "entity-b": [1],
        "entity-none": [],
    }
    assert [len(records) for records in store.read_streams(["entity-a"], until=1).values()] == [1]
    assert store.read_streams([]) == {}


def test_the_log_is_read_in_pages(store: EventStore) -> None:
    store.append([event("entity-a", version) for version in range(1, 8)])
    assert [r.position for r in store.read_log(0, 3)] == [1, 2, 3]
    assert store.read_positions([6, 2, 99, 2]) == [store.read_log(1, 1)[0], store.read_log(5, 1)[0]]
    assert store.read_positions([]) == []
    assert [r.position for r in store.read_log(3, 3)] == [4, 5, 6]
    assert [r.position for r in store.read_log(6, 3)] == [7]
    assert store.read_log(7, 3) == []
    assert [r.position for r in store.read_log(2, 10, until=4)] == [3, 4]


def test_a_part_of_the_log_is_read_in_pages(store: EventStore) -> None:
    names = {"a": "One.v1", "b": "Two.v1", "c": "One.v1"}
    store.append([StoredEvent(f"entity-{n}", v, names[n], STATE) for v in range(1, 4) for n in names])
    log = store.read_log(0, 99)
    ways: list[dict[str, list[str]]] = [
        {}, {"topics": ["Two.v1"]}, {"topics": ["One.v1", "Two.v1", "One.v1"]}, {"topics": ["Nothing.v1"]},
        {"topics": []}, {"streams": []}, {"streams": ["entity-c", "entity-b", "entity-c"]},
        {"streams": ["entity-c", "entity-none"], "topics": ["One.v1"]}, {"streams": ["entity-b"], "topics": ["One.v1"]},
    ]  # fmt: skip
    for way in ways:
        streams, topics = way.get("streams"), way.get("topics")
        right = [r for r in log if (streams is None or r.stream in streams) and (topics is None or r.topic in topics)]
        for after in range(-1, 11):
            for until in (-1, 0, 4, 8, 9, 99):
                for limit in (0, 1, 2, 99):
                    found = store.read_selected(after, limit, until, **way)
                    assert found == [r for r in right if after < r.position <= until][:limit]


def test_the_log_is_read_from_its_end(store: EventStore) -> None:
    store.append([event(f"entity-{name}", version) for version in range(1, 4) for name in "abc"])
    back = store.read_back
    assert [r.position for r in back(9, 3, 0)] == [9, 8, 7]
    assert [r.position for r in back(5, 10, 2)] == [5, 4, 3]
    assert [r.position for r in back(9, 2, 0, streams=["entity-a", "entity-b", "entity-a"])] == [8, 7]
    assert [r.position for r in back(6, 9, 1, streams=["entity-a"])] == [4]
    assert back(9, 9, 0, topics=["Nothing.v1"]) == back(9, 9, 0, streams=[]) == back(4, 9, 4) == []
    topic = back(9, 1, 0)[0].topic
    for chosen in ({"topics": [topic]}, {"streams": ["entity-b"]}, {"streams": ["entity-b"], "topics": [topic]}, {}):
        assert back(8, 99, 1, **chosen) == store.read_selected(1, 99, 8, **chosen)[::-1] != []


def test_position_at_is_the_last_one_recorded_at_or_before(store: EventStore) -> None:
    for version in range(1, 10):
        store.append([event("entity-a", version)])
    tick = timedelta(microseconds=1)
    for record in store.read_log(0, 10):
        assert store.position_at(record.recorded_at) == record.position
        assert store.position_at(record.recorded_at - tick) == record.position - 1
    assert store.position_at(datetime(1, 1, 2, tzinfo=UTC)) == 0
    assert store.position_at(datetime(9999, 12, 30, tzinfo=UTC)) == 9
    with pytest.raises(ValueError, match="offset"):
        store.position_at(datetime(2014, 11, 4))


@pytest.mark.parametrize(("given", "actual"), [(1, 2), (2, 2), (4, 2)])
def test_an_event_has_to_follow_the_last_one_of_its_stream(store: EventStore, given: int, actual: int) -> None:
    store.append([event("entity-a", 1), event("entity-a", 2)])
    with pytest.raises(StreamConflict) as refused:
        store.append([event("entity-b", 1), event("entity-a", given)])
    assert (refused.value.stream, refused.value.expected, refused.value.actual) == ("entity-a", given - 1, actual)
    assert store.head() == 2


def test_versions_with_a_gap_in_one_call_are_a_mistake_of_the_caller(store: EventStore) -> None:
    with pytest.raises(ValueError, match="version 3"):
        store.append([event("entity-a", 1), event("entity-a", 3)])
    with pytest.raises(ValueError, match="version 0"):
        store.append([event("entity-a", 0)])


def test_a_guarded_stream_has_to_be_at_its_version(store: EventStore) -> None:
    store.append([event("article-1", 1)])
    store.append([event("claim-1", 1)], guards={"article-1": 1, "entity-none": 0})
    with pytest.raises(GuardFailed) as refused:
        store.append([event("claim-2", 1)], guards={"claim-1": 1, "article-1": 0})
    assert (refused.value.stream, refused.value.expected, refused.value.actual) == ("article-1", 0, 1)
    with pytest.raises(GuardFailed):
        store.append([event("claim-2", 1)], guards={"entity-none": 1})
    assert store.head() == 2


def test_as_many_streams_as_counted_have_to_link_to_a_target(store: EventStore) -> None:
    link = StreamLink("article", "claim-1", "article-1")
    store.append([event("claim-1", 1)], links=[link], link_counts={("article", "article-1"): 0})
    store.append([event("claim-2", 1)], link_counts={("article", "article-1"): 1, ("same_as", "article-1"): 0})
    before = store.head()
    with pytest.raises(GuardFailed) as refusal:
        store.append([event("claim-3", 1)], link_counts={("article", "article-1"): 0})
    assert (refusal.value.stream, refusal.value.expected, refusal.value.actual) == ("article-1", 0, 1)
    assert store.head() == before


def test_a_guard_looks_at_the_stream_before_the_append(store: EventStore) -> None:
    store.append([event("claim-1", 1)], guards={"claim-1": 0})
    store.append([event("claim-1", 2)], guards={"claim-1": 1})
    assert store.head() == 2


def test_a_key_belongs_to_the_stream_that_claimed_it(store: EventStore) -> None:
    key = StreamKey("ref", "a-1", "claim-1")
    store.append([event("claim-1", 1)], keys=[key, StreamKey("sha256", "a-1", "claim-9")])
    store.append([event("claim-1", 2)], keys=[key])
    with pytest.raises(KeyTaken) as refused:
        store.append(
            [event("claim-2", 1)], keys=[StreamKey("ref", "new", "claim-2"), StreamKey("ref", "a-1", "claim-2")]
        )
    assert (refused.value.kind, refused.value.key, refused.value.stream) == ("ref", "a-1", "claim-1")
    assert store.find_keys("ref", ["a-1", "new"]) == {"a-1": "claim-1"}
    assert store.find_keys("sha256", ["a-1"]) == {"a-1": "claim-9"}
    assert store.find_keys("ref", []) == {}
    assert store.head() == 2


def test_two_streams_cannot_claim_one_key_in_one_call(store: EventStore) -> None:
    with pytest.raises(KeyTaken):
        store.append([], keys=[StreamKey("ref", "a-1", "claim-1"), StreamKey("ref", "a-1", "claim-2")])
    assert store.find_keys("ref", ["a-1"]) == {}


def test_links_are_found_by_their_target_in_order(store: EventStore) -> None:
    names = ["claim-b", "claim-B", "claim-é", "claim-a"]
    links = [StreamLink("article", name, "article-1") for name in names]
    store.append([], links=[*links, links[0], StreamLink("other", "claim-z", "article-1")])
    store.append([], links=links[:1])
    assert store.find_links("article", "article-1") == sorted(names)
    assert store.find_links("article", "article-1", after="claim-B", limit=2) == ["claim-a", "claim-b"]
    assert store.find_links("article", "article-2") == []


def test_equal_texts_of_one_scope_are_one(store: EventStore) -> None:
    kept = text("a quote")
    other_scope = text("a quote", scope="article-2")
    store.append([event("claim-1", 1)], texts=[kept, other_scope])
    store.append([event("claim-2", 1)], texts=[kept])
    with pytest.raises(TextTaken) as refused:
        store.append([event("claim-3", 1)], texts=[text("a quote")])
    assert (refused.value.scope, refused.value.reference) == ("article-1", kept.reference)
    assert store.find_texts([("article-1", "a quote"), ("article-1", "another"), ("article-2", "a quote")]) == {
        ("article-1", "a quote"): kept,
        ("article-2", "a quote"): other_scope,
    }
    assert store.read_texts([kept.reference, uuid4()]) == {kept.reference: kept}
    assert store.find_texts([]) == {}


def test_equal_texts_under_two_references_in_one_call_are_refused(store: EventStore) -> None:
    with pytest.raises(TextTaken):
        store.append([], texts=[text("a quote"), text("a quote")])
    assert store.find_texts([("article-1", "a quote")]) == {}


def test_a_reference_stands_for_one_text(store: EventStore) -> None:
    kept = text("a quote")
    store.append([], texts=[kept])
    with pytest.raises(StoreError):
        store.append([event("claim-1", 1)], texts=[text("another quote", reference=kept.reference)])
    assert store.head() == 0


def test_a_long_text_is_kept(store: EventStore) -> None:
    long = text("né " * 300_000)
    store.append([], texts=[long])
    assert store.read_texts([long.reference])[long.reference] == long


def test_a_repeated_request_gives_the_stored_answer_and_appends_nothing(store: EventStore) -> None:
    first = store.append([event("claim-1", 1), event("claim-2", 1)], request=REQUEST)
    store.append([event("claim-3", 1)])
    again = store.append([event("claim-1", 1), event("claim-2", 1)], request=REQUEST)
    assert (first.replayed, first.answer) == (False, REQUEST.answer)
    assert (again.replayed, again.answer) == (True, REQUEST.answer)
    assert (again.first_position, again.count, again.recorded_at) == (1, 2, first.recorded_at)
    assert again.head == store.head() == 3


def test_a_repeated_request_is_answered_before_anything_else_is_looked_at(store: EventStore) -> None:
    store.append([event("claim-1", 1)], request=REQUEST)
    again = store.append(
        [event("claim-1", 9)], guards={"claim-1": 0}, request=Request("key-1", "hash-1", "other answer")
    )
    assert (again.replayed, again.answer) == (True, REQUEST.answer)


def test_a_request_key_with_another_body_is_refused(store: EventStore) -> None:
    store.append([event("claim-1", 1)], request=REQUEST)
    with pytest.raises(RequestMismatch) as refused:
        store.append([event("claim-2", 1)], request=Request("key-1", "hash-2", "{}"))
    assert refused.value.key == "key-1"
    assert store.head() == 1


def test_a_request_without_events_is_remembered(store: EventStore) -> None:
    first = store.append([], request=REQUEST)
    again = store.append([], request=REQUEST)
    found = store.find_request("key-1")
    assert found is not None
    assert (found.answer, found.first_position, found.count) == (REQUEST.answer, None, 0)
    assert (first.first_position, first.count, first.head) == (None, 0, 0)
    assert (again.first_position, again.count, again.replayed) == (None, 0, True)
    assert again.recorded_at == first.recorded_at == found.recorded_at
    assert store.find_request("key-2") is None


def test_an_append_of_nothing_stores_nothing(store: EventStore) -> None:
    assert store.append([]).count == 0
    assert store.head() == 0


@pytest.mark.parametrize(
    "flaw",
    [
        {"guards": {"article-1": 5}},
        {"keys": [StreamKey("ref", "a-1", "claim-1"), StreamKey("ref", "taken", "claim-1")]},
        {"texts": [text(), text()]},
        {"events": [event("claim-1", 1), event("entity-a", 1)]},
    ],
    ids=["guard", "key", "text", "version"],
)
def test_a_refused_append_leaves_nothing_behind(store: EventStore, flaw: dict[str, Any]) -> None:
    store.append([event("entity-a", 1)], keys=[StreamKey("ref", "taken", "claim-9")])
    before = everything_in(store)
    sound: dict[str, Any] = {
        "events": [event("claim-1", 1)],
        "guards": {"entity-a": 1},
        "keys": [StreamKey("ref", "a-1", "claim-1")],
        "links": [StreamLink("article", "claim-1", "article-1")],
        "texts": [text()],
        "request": REQUEST,
    }
    wanted = sound | flaw
    with pytest.raises(StoreError):
        store.append(wanted.pop("events"), **wanted)
    assert everything_in(store) == before
    store.append(sound.pop("events"), **sound)
    assert store.head() == 2


@pytest.mark.parametrize("bad", ["nul \0", "half \ud800"])
def test_text_that_cannot_be_stored_is_refused(store: EventStore, bad: str) -> None:
    for wanted in (
        {"texts": [text(bad)]},
        {"keys": [StreamKey("ref", bad, "claim-1")]},
        {"links": [StreamLink("article", bad, "article-1")]},
        {"request": Request(bad, "hash", "{}")},
    ):
        with pytest.raises(Unstorable):
            store.append([event("claim-1", 1)], **wanted)
    with pytest.raises(Unstorable):
        store.append([event(bad, 1)])
    assert store.head() == 0


def test_strange_text_is_kept_as_it_is(store: EventStore) -> None:
    strange = ["'; DROP TABLE log.events; --", "%s %(x)s $$ \\ {NULL}", '","', "\U0001f600 \u202e é é", ""]
    store.append([event(stream, 1) for stream in strange], keys=[StreamKey("ref", s, s) for s in strange])
    assert [record.stream for record in store.read_log(0, 10)] == strange
    assert store.find_keys("ref", strange) == {s: s for s in strange}


def test_the_epoch_stays(store: EventStore) -> None:
    first = store.epoch()
    store.append([event("entity-a", 1)])
    assert store.epoch() == first
    assert store.end() == LogEnd(first, store.head())
    assert not store.end().may_lack(1_000_000)


def test_racing_requests_with_one_key_append_once(store: EventStore) -> None:
    def send(_: int) -> tuple[int | None, str | None, bool]:
        appended = store.append([event("claim-1", 1)], request=REQUEST)
        return appended.first_position, appended.answer, appended.replayed

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(24)))
    assert {answer[:2] for answer in answers} == {(1, REQUEST.answer)}
    assert sorted(answer[2] for answer in answers) == [False] + [True] * 23
    assert store.head() == 1


class Noted:
    """An event as small as can be."""

    def __init__(self, originator_id: str, originator_version: int, note: str) -> None:
        self.originator_id = originator_id
        self.originator_version = originator_version
        self.note = note


class NotedCodec:
    def encode(self, event: Noted) -> tuple[str, bytes]:
        return "Noted.v1", event.note.encode()

    def decode(self, topic: str, state: bytes, stream: str, version: int) -> Noted:
        assert topic == "Noted.v1"
        return Noted(stream, version, state.decode())


def test_the_application_saves_and_rebuilds_through_the_store(store: EventStore) -> None:
    application = TimelineApplication(store, NotedCodec())
    key = StreamKey("ref", "a-1", "claim-1")
    saved = application.save(Noted("claim-1", 1, "a"), Noted("claim-1", 2, "b"), keys=[key])
    appended = application.append([Noted("claim-1", 3, "c")], guards={"claim-1": 2})

    def notes(before: str | None, events: Any) -> str:
        return (before or "") + "".join(noted.note for noted in events)

    repository: Any = application.repository
    assert repository.get("claim-1", projector_func=notes) == "abc"
    assert repository.get("claim-1", version=2, projector_func=notes) == "ab"
    assert [recording.notification.id for recording in saved] == [1, 2]
    assert (appended.first_position, store.find_keys("ref", ["a-1"])) == (3, {"a-1": "claim-1"})
    with pytest.raises(StreamConflict):
        application.save(Noted("claim-1", 3, "c"))
    assert [n.id for n in application.recorder.select_notifications(2, 10)] == [2, 3]
    assert [n.id for n in application.recorder.select_notifications(2, 10, inclusive_of_start=False)] == [3]
    assert application.recorder.max_notification_id() == 3
    assert [e.originator_version for e in application.recorder.select_events("claim-1", desc=True, limit=2)] == [3, 2]
    with pytest.raises(NotImplementedError):
        application.recorder.subscribe()


def test_a_stored_topic_is_never_taken_for_code(store: EventStore) -> None:
    store.append([StoredEvent("claim-1", 1, "this:s", b"{}")])
    application = TimelineApplication(store, codec)
    with pytest.raises(codec.UnreadableEvent, match="claim-1@1"):
        application.repository.get("claim-1")
    assert "this" not in sys.modules


def test_the_library_does_not_silence_the_driver() -> None:
    assert [logging.getLogger(name).level for name in ("psycopg", "psycopg.pool")] == [logging.NOTSET] * 2


@pytest.fixture
def store_on(request: pytest.FixtureRequest) -> Callable[[int], EventStore]:
    def make(major: int) -> EventStore:
        from service.db import Database
        from service.settings import DatabaseSettings
        from service.store.postgres import PostgresStore

        servers = request.getfixturevalue("servers")
        url = servers.migrated(major)
        request.addfinalizer(lambda: servers.drop(url))
        database = Database(DatabaseSettings(url, pool_size=8, pool_timeout=5.0)).open()
        request.addfinalizer(database.close)
        return PostgresStore(database)

    return make


AMENDMENT = "ClaimCorrected.v1"


def amendment(version: int, said: dict[str, Any], topic: str = AMENDMENT) -> StoredEvent:
    return StoredEvent("claim-a", version, topic, json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode())


def snapshot(version: int, form: int = 1, stream: str = "claim-a") -> Snapshot:
    return Snapshot(stream, version, version, form, b"body", b"digest")


def test_a_stream_can_be_read_in_pages(store: EventStore) -> None:
    store.append([event("entity-a", version) for version in (1, 2, 3, 4)])
    assert [r.version for r in store.read_stream("entity-a", after=1, limit=2)] == [2, 3]
    assert store.read_stream("entity-a", limit=0) == []


def test_a_snapshot_comes_with_the_events_from_its_own_on(store: EventStore) -> None:
    store.append([event("claim-a", version) for version in (1, 2, 3)] + [event("entity-b", 1), event("claim-a", 4)])
    store.keep_snapshot(snapshot(3))
    found = store.read_recent(["claim-a", "entity-b", "claim-none"], 1)
    assert {stream: recent.snapshot for stream, recent in found.items()} == {
        "claim-a": snapshot(3),
        "entity-b": None,
        "claim-none": None,
    }
    assert found["claim-a"].records == store.read_stream("claim-a", after=2)
    assert found["entity-b"].records == store.read_stream("entity-b")
    assert found["claim-none"].records == []
    assert store.read_recent([], 1) == {}


def test_a_snapshot_of_another_form_is_none(store: EventStore) -> None:
    store.append([event("claim-a", version) for version in (1, 2, 3)])
    store.keep_snapshot(snapshot(2, form=1))
    found = store.read_recent(["claim-a"], 2)["claim-a"]
    assert (found.snapshot, len(found.records)) == (None, 3)


def test_a_snapshot_takes_the_place_of_the_one_before(store: EventStore) -> None:
    for version in (3, 2):
        store.keep_snapshot(snapshot(version))
    store.keep_snapshot(snapshot(1, stream="claim-b"))
    assert store.read_snapshots(1, "", 10) == [snapshot(2), snapshot(1, stream="claim-b")]
    assert store.read_snapshots(1, "claim-a", 10) == [snapshot(1, stream="claim-b")]
    assert store.read_snapshots(1, "", 1) == [snapshot(2)]
    assert store.read_snapshots(2, "", 10) == []


def test_a_snapshot_from_beyond_the_end_comes_without_events(store: EventStore) -> None:
    store.append([event("claim-a", 1)])
    store.keep_snapshot(snapshot(7))
    assert store.read_recent(["claim-a"], 1)["claim-a"].records == []


@pytest.mark.parametrize(
    ("said", "marked"),
    [
        ({"reason": "slip", "changes": {"modality": "done"}}, mark("slip", None)),
        ({"reason": "slip", "article": "a1", "changes": {"polarity": "negative"}}, mark("slip", "a1")),
        ({"reason": "s", "changes": {"time": {"kind": "instant", "edtf": "2014"}}}, mark("s", None, "2014")),
        ({"reason": "s", "changes": {"attributes": {}}}, mark("s", None, "", {})),
        (
            {"reason": 'ein "Wort" ☁\n\t\\', "changes": {"attributes": {"a": ["ü", True], "b": '"1"'}}},
            mark('ein "Wort" ☁\n\t\\', None, "", {"b": '"1"', "a": ["ü", True]}),
        ),
    ],
)
def test_amendments_are_found_by_their_mark(store: EventStore, said: dict[str, Any], marked: str) -> None:
    others = [amendment(version, {"reason": f"other {version}", "changes": {}}) for version in (1, 2, 3)]
    store.append([*others, amendment(4, said), amendment(5, {"reason": "later"}), amendment(6, said)])
    found = {record.version for record in store.read_marked("claim-a", marked, 5)}
    assert 4 in found
    assert 6 not in found
    assert 4 not in {record.version for record in store.read_marked("claim-a", marked, 3)}
    assert store.read_marked("claim-b", marked, 5) == []


@pytest.mark.parametrize("name", ["ClaimCorrected", "ClaimRetracted", "ClaimReinstated"])
def test_every_amendment_that_can_be_repeated_has_a_mark(store: EventStore, name: str) -> None:
    store.append([amendment(1, {"reason": "slip"}, f"{name}.v1"), amendment(2, {"reason": "slip"}, f"{name}.v12")])
    assert {record.version for record in store.read_marked("claim-a", mark("slip", None), 9)} == {1, 2}


@pytest.mark.parametrize("state", [b"", b"[]", b"7", b"{", b"\xff", b'{"reason":"\\u0000"}', b'{"changes":[1]}'])
def test_an_amendment_that_cannot_be_read_is_stored_all_the_same(store: EventStore, state: bytes) -> None:
    store.append([StoredEvent("claim-a", 1, AMENDMENT, state)])
    assert store.read_stream("claim-a")[0].state == state


def test_the_sizes_of_texts_are_told_in_bytes(store: EventStore) -> None:
    first, second, forgotten = text("ab"), text("ä☁", "article-2"), uuid4()
    store.append([event("entity-a", 1)], texts=[first, second])
    assert store.text_sizes([first.reference, second.reference, forgotten]) == {
        first.reference: 2,
        second.reference: 5,
    }
