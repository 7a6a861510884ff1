"""Several callers' appends in one statement: the same comes of it as one after the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import tuple_row

from service.arrays import IntegerArray
from service.db import Database, connect
from service.errors import (
    GuardFailed,
    KeyTaken,
    OutcomeUnknown,
    RequestMismatch,
    ServiceError,
    StoreError,
    StreamConflict,
)
from service.settings import DatabaseSettings
from service.sql import load_queries
from service.store.appends import Append, each, together
from service.store.memory import MemoryStore
from service.store.postgres import PostgresStore
from service.store.protocol import Appended, Request, StreamKey, StreamLink
from tests.integration.store.faults import run
from tests.integration.store.proxy import Proxy
from tests.integration.store.test_faults import locked_log, wait_for_waiters

CLEAN = """
    ALTER TABLE log.events DISABLE TRIGGER ALL;
    TRUNCATE log.events, log.keys, log.links, log.requests, log.texts;
"""


@pytest.fixture
def link(database_url: str) -> Iterator[Proxy]:
    with Proxy(database_url) as link:
        yield link


@pytest.fixture
def lossy(link: Proxy) -> Iterator[PostgresStore]:
    """A store whose link to the server can lose replies."""
    with Database(DatabaseSettings(link.url, pool_size=2)) as database:
        yield PostgresStore(database)


def noted(stream: str, version: int = 1, note: int = 0) -> StoredEvent:
    return StoredEvent(stream, version, "Noted.v1", b'{"note":%d}' % note)


def append_of(*events: StoredEvent, **more: Any) -> Append:
    usual: dict[str, Any] = {
        "guards": {}, "link_counts": {}, "keys": (), "links": (), "texts": (), "request": None,
    }  # fmt: skip
    return Append(events=events, **(usual | more))


def one_after_the_other(store: Any, appends: list[Append]) -> list[Appended | ServiceError]:
    outcomes: list[Appended | ServiceError] = []
    for append in appends:
        parts = {name: getattr(append, name) for name in ("guards", "link_counts", "keys", "links", "texts", "request")}
        try:
            outcomes.append(store.append(append.events, **parts))
        except ServiceError as error:
            outcomes.append(error)
    return outcomes


def told(outcome: Appended | ServiceError) -> Any:
    if isinstance(outcome, ServiceError):
        return str(outcome)
    return outcome.first_position, outcome.count, outcome.replayed, outcome.answer


STREAMS = st.sampled_from(["a", "b", "c"])
APPENDS = st.builds(
    append_of,
    st.builds(noted, STREAMS, st.integers(1, 3)),
    guards=st.dictionaries(STREAMS, st.integers(0, 2), max_size=1),
    link_counts=st.one_of(st.just({}), st.fixed_dictionaries({("article", "t"): st.integers(0, 2)})),
    keys=st.lists(st.builds(StreamKey, st.just("ref"), st.sampled_from(["k", "l"]), STREAMS), max_size=1),
    links=st.lists(st.builds(StreamLink, st.just("article"), STREAMS, st.just("t")), max_size=1),
    request=st.one_of(st.none(), st.builds(Request, st.sampled_from("xy"), st.sampled_from(["h", "i"]), st.just("{}"))),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(APPENDS, min_size=2, max_size=5), max_size=3))
def test_together_is_as_one_after_the_other(
    database_url: str, store: PostgresStore, groups: list[list[Append]]
) -> None:
    with connect(database_url) as connection:
        connection.execute(CLEAN)
    other = MemoryStore()
    for group in groups:
        together = [told(outcome) for outcome in store.append_together(group)]
        assert together == [told(outcome) for outcome in one_after_the_other(other, group)]
    assert [(r.position, r.stream, r.version, r.state) for r in store.read_log(0, 100)] == [
        (r.position, r.stream, r.version, r.state) for r in other.read_log(0, 100)
    ]
    times = [record.recorded_at for record in store.read_log(0, 100)]
    assert times == sorted(set(times))


def test_who_is_refused_is_refused_alone(store: PostgresStore) -> None:
    store.append([noted("a")], keys=[StreamKey("ref", "k", "a")], request=Request("r", "h", "{}"))
    outcomes = store.append_together(
        [
            append_of(noted("b")),
            append_of(noted("a")),
            append_of(noted("c"), guards={"a": 0}),
            append_of(noted("d"), keys=[StreamKey("ref", "k", "d")]),
            append_of(noted("e"), request=Request("r", "other", "{}")),
            append_of(noted("f"), request=Request("r", "h", "{}")),
            append_of(noted("b", 2), noted("g")),
        ]
    )
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [Appended, StreamConflict, GuardFailed, KeyTaken, RequestMismatch, Appended, Appended]
    assert [record.stream for record in store.read_log(0, 100)] == ["a", "b", "b", "g"]
    replayed = outcomes[5]
    assert isinstance(replayed, Appended)
    assert (replayed.first_position, replayed.replayed) == (1, True)


def test_callers_who_come_while_the_log_is_locked_share_one_statement(database_url: str, store: PostgresStore) -> None:
    with ThreadPoolExecutor(20) as pool:
        with locked_log(database_url) as holder:
            first = pool.submit(store.append, [noted("first")])
            wait_for_waiters(holder, 1)
            others = [pool.submit(store.append, [noted(f"s-{n % 9}")]) for n in range(10)]
            while store.waiting < len(others):
                threading.Event().wait(0.001)
        assert first.result().positions == range(1, 2)
        lost = [future.exception() for future in others]
        assert sum(isinstance(error, StreamConflict) for error in lost) == 1
        assert sum(error is None for error in lost) == 9
    assert store.head() == 10


@pytest.mark.parametrize("callers", [1, 3])
def test_a_lost_reply_is_settled_by_looking_into_the_log(lossy: PostgresStore, link: Proxy, callers: int) -> None:
    appends = [append_of(noted(f"s-{n}"), keys=[StreamKey("ref", f"k-{n}", f"s-{n}")]) for n in range(callers)]
    assert lossy.head() == 0
    link.lose_replies()
    outcomes = lossy.append_together(appends)
    assert link.replies_to_lose == 0
    assert [told(outcome)[:2] for outcome in outcomes] == [(n + 1, 1) for n in range(callers)]
    assert lossy.head() == callers


def test_a_lost_reply_does_not_hide_a_real_conflict(lossy: PostgresStore, link: Proxy) -> None:
    lossy.append([noted("a", note=1)])
    link.lose_replies()
    outcomes = lossy.append_together([append_of(noted("a", note=2)), append_of(noted("b"))])
    assert isinstance(outcomes[0], StreamConflict)
    assert told(outcomes[1])[:2] == (2, 1)
    assert lossy.head() == 2


def test_what_cannot_be_settled_in_time_is_said_to_be_unknown(database_url: str, lossy: PostgresStore) -> None:
    raised: list[BaseException] = []
    with locked_log(database_url) as holder:
        caller = threading.Thread(target=lambda: raised.append(_failure(lossy)))
        caller.start()
        wait_for_waiters(holder, 1)
        holder.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event = 'advisory'"
        )
        caller.join()
    assert [type(error) for error in raised] == [OutcomeUnknown]


def _failure(store: PostgresStore) -> BaseException:
    with pytest.raises(ServiceError) as caught:
        store.append([noted("a")])
    return caught.value


def test_the_lock_of_the_log_is_kept_while_callers_are_judged_one_after_the_other(
    database_url: str, database: Database, store: PostgresStore
) -> None:
    """It would go with each who is refused, and others come in between."""
    store.append([noted("a")])
    refused = [append_of(noted("a", note=n)) for n in range(3)]
    with database.transaction() as connection:
        rows = connection.execute(load_queries("log")["append_each"], each(refused)).fetchall()
        assert [row[6] for row in rows] == ["FR001"] * 3
        held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        assert connection.execute(held).fetchone() == (1,)


def test_a_request_cannot_name_events_that_are_not_there(database: Database, store: PostgresStore) -> None:
    append = append_of(noted("a"), request=Request("r", "h", "{}"))
    for places, events in (([2], [1]), ([1], [2]), ([0], [1]), ([1], [-1])):
        forged = together([append]) | {
            "request_places": IntegerArray(places),
            "request_events": IntegerArray(events),
        }
        with pytest.raises(StoreError, match="a request names events"):
            database.write(load_queries("log")["append_all"], forged, tuple_row)
    assert store.head() == 0


def test_what_the_version_before_calls_goes_on_working(database: Database, store: PostgresStore) -> None:
    """It may still serve while the database is migrated. Its statement took the parameters of `append_each`."""
    statement = load_queries("log")["append_each"].replace("log.append_each", "log.append_group")
    given = [append_of(noted("a"), guards={"x": 0}), append_of(noted("b"), links=[StreamLink("article", "b", "t")])]
    assert [row[0] for row in database.write(statement, each(given), tuple_row)] == [1, 2]
    rows = database.write(statement, each([append_of(noted("a")), append_of(noted("c"))]), tuple_row)
    assert [(row[0], row[6]) for row in rows] == [(None, "FR001"), (3, None)]
    assert [record.stream for record in store.read_log(0, 10)] == ["a", "b", "c"]


def test_a_failure_that_is_no_refusal_is_told(database_url: str, store: PostgresStore) -> None:
    store.append([noted("a")])
    run(database_url, "REVOKE EXECUTE ON FUNCTION log.append_all FROM frenemies_api")
    with pytest.raises(StoreError, match="permission denied"):
        store.append([noted("b")])
