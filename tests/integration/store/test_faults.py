"""What callers see when the database is slow, full or gone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from eventsourcing.persistence import StoredEvent

from service.db import Database, connect
from service.errors import DeadlineExceeded, OutcomeUnknown, StoreError, StoreUnavailable
from service.settings import DatabaseSettings
from service.sql import load_queries
from service.store.appends import Append, each, together
from service.store.listen import AppendListener
from service.store.postgres import PostgresStore
from service.store.protocol import Request
from tests.integration.store.faults import LAST_STEP, locked_log, rewrite, terminate_others, wait_for_waiters

EVENT = StoredEvent("entity-a", 1, "Noted.v1", b"{}")
REQUEST = Request("key-1", "hash", "{}")


@pytest.mark.limit(name="lock_timeout")
def test_an_append_that_waits_too_long_for_its_turn_stores_nothing(database_url: str) -> None:
    hasty = DatabaseSettings(database_url, lock_timeout=0.1)
    with Database(hasty) as database:
        store = PostgresStore(database)
        with locked_log(database_url), pytest.raises(DeadlineExceeded):
            store.append([EVENT])
        assert store.head() == 0
        assert store.append([EVENT]).first_position == 1


@pytest.mark.limit(name="statement_timeout")
def test_a_slow_append_ends_at_the_statement_timeout(database_url: str) -> None:
    rewrite(database_url, "log.append_all", (LAST_STEP, f"PERFORM pg_sleep(30);\n    {LAST_STEP}"))
    with Database(DatabaseSettings(database_url, statement_timeout=0.2)) as database:
        store = PostgresStore(database)
        with pytest.raises(DeadlineExceeded):
            store.append([EVENT])
        assert store.head() == 0


def test_connections_that_died_while_idle_are_replaced_unseen(database_url: str, database: Database) -> None:
    store = PostgresStore(database)
    store.append([EVENT])
    with connect(database_url) as killer:
        assert terminate_others(killer) >= 1
    assert store.append([StoredEvent("entity-a", 2, "Noted.v1", b"{}")]).first_position == 2
    with connect(database_url) as killer:
        terminate_others(killer)
    assert store.head() == 2


def test_an_append_whose_answer_is_lost_is_unknown_and_can_be_repeated_by_its_key(
    database_url: str, store: PostgresStore
) -> None:
    raised: list[BaseException] = []

    def append() -> None:
        try:
            store.append([EVENT], request=REQUEST)
        except StoreError as error:
            raised.append(error)

    with locked_log(database_url) as holder:
        waiting = threading.Thread(target=append)
        waiting.start()
        wait_for_waiters(holder, 1)
        terminate_others(holder, "AND wait_event = 'advisory'")
        waiting.join()
    assert [type(error) for error in raised] == [OutcomeUnknown]
    assert store.append([EVENT], request=REQUEST).first_position == 1
    assert store.append([EVENT], request=REQUEST).replayed


@pytest.mark.limit(name="pool_timeout")
def test_a_caller_does_not_wait_for_a_connection_beyond_its_time(database_url: str) -> None:
    with Database(DatabaseSettings(database_url, pool_size=1, pool_timeout=0.2)) as database:
        with database.connection(), pytest.raises(StoreUnavailable):
            PostgresStore(database).head()
        assert PostgresStore(database).head() == 0


def test_a_server_that_is_not_there_is_unavailable() -> None:
    settings = DatabaseSettings("postgresql://postgres@127.0.0.1:1/none", pool_timeout=0.2)
    with Database(settings) as database, pytest.raises(StoreUnavailable):
        PostgresStore(database).head()
    with pytest.raises(StoreUnavailable):
        connect(settings.url)


@pytest.mark.parametrize(("call", "params_of"), [("append_all", together), ("append_each", each)])
def test_an_append_in_a_snapshot_of_the_past_is_refused(
    database: Database, call: str, params_of: Callable[[Sequence[Append]], dict[str, Any]]
) -> None:
    append = Append([EVENT], {}, {}, (), (), (), None)
    params = params_of([append])
    with pytest.raises(StoreError, match="read committed"), database.connection() as connection:
        connection.execute("SET default_transaction_isolation = 'repeatable read'")
        try:
            connection.execute(load_queries("log")[call], params)
        finally:
            connection.execute("RESET default_transaction_isolation")


def test_recorded_at_grows_when_the_clock_of_the_server_is_set_back(database_url: str, store: PostgresStore) -> None:
    once_ahead = "CASE WHEN before < 1 THEN '2999-01-01' ELSE clock_timestamp() END"
    rewrite(database_url, "log.append_all", ("clock_timestamp()", once_ahead))
    first = store.append([EVENT])
    second = store.append([StoredEvent("entity-a", 2, "Noted.v1", b"{}")])
    assert first.recorded_at == datetime.fromisoformat("2999-01-01T00:00:00+00:00")
    assert (second.recorded_at - first.recorded_at).total_seconds() == 0.000001


def test_a_listener_hears_of_appends_and_not_of_silence(database_url: str, store: PostgresStore) -> None:
    listener = AppendListener(database_url)
    assert listener.wait(0), "something may have been missed before the first wait"
    assert not listener.wait(0.05)
    store.append([EVENT])
    assert listener.wait(5)
    store.append([], request=REQUEST)
    assert not listener.wait(0.05)
    listener.close()
    assert not listener.wait(5)


def test_a_listener_comes_back_after_its_connection_was_cut(database_url: str, store: PostgresStore) -> None:
    listener = AppendListener(database_url)
    listener.wait(0)
    with connect(database_url) as killer:
        terminate_others(killer)
    assert not listener.wait(0.01), "the cut is noticed"
    assert listener.wait(0.01), "something may have been missed meanwhile"
    store.append([EVENT])
    assert listener.wait(5)


def test_a_listener_without_a_server_waits_and_says_no(database_url: str) -> None:
    listener = AppendListener("postgresql://postgres@127.0.0.1:1/none")
    assert not listener.wait(0.01)


def test_the_limits_reach_the_server(database_url: str) -> None:
    settings = replace(DatabaseSettings(database_url), statement_timeout=1.5, lock_timeout=0.5)
    with Database(settings) as database, database.connection() as connection:
        shown = [
            connection.execute(f"SHOW {name}").fetchone()
            for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "TimeZone", "role")
        ]
    assert shown == [("1500ms",), ("500ms",), ("2s",), ("UTC",), ("frenemies_api",)]
