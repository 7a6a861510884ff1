"""Writers and readers at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from eventsourcing.persistence import StoredEvent

from service.db import Database, connect
from service.errors import StreamConflict
from service.settings import DatabaseSettings
from service.store.listen import AppendListener
from service.store.postgres import PostgresStore
from tests.integration.store.checker import STATE, History, record_history

LOCK = "PERFORM pg_advisory_xact_lock(7310271027);"
LAST_STEP = "IF request_key IS NOT NULL THEN\n        INSERT"
STALL = f"PERFORM pg_sleep(random() * 0.01);\n    {LAST_STEP}"
HEAD = "head := coalesce(head, 0);"


@pytest.fixture
def new_store(database_url: str) -> Iterator[Callable[[], PostgresStore]]:
    """Stores with a connection of their own each."""
    with ExitStack() as keep:

        def make() -> PostgresStore:
            return PostgresStore(
                keep.enter_context(Database(DatabaseSettings(database_url, pool_size=1, pool_timeout=5)))
            )

        yield make


def rewrite_append(url: str, *changes: tuple[str, str]) -> None:
    """Puts another text in places of `log.append`, in this test's database."""
    with connect(url) as connection:
        row = connection.execute("SELECT pg_get_functiondef('log.append'::regproc)").fetchone()
        assert row is not None
        text = row[0]
        for before, after in changes:
            assert text.count(before) == 1, before
            text = text.replace(before, after)
        connection.execute(text)


def history_of(url: str, new_store: Callable[[], PostgresStore], **how: int) -> tuple[History, PostgresStore]:
    reader = new_store()
    signal = AppendListener(url)
    history = record_history([new_store() for _ in range(4)], reader, signal, **how)
    signal.close()
    return history, reader


def test_one_of_eight_racers_wins_each_version(store: PostgresStore) -> None:
    rounds, racers = 60, 8
    start = threading.Barrier(racers)
    wins: list[tuple[int, int]] = []

    def race(racer: int) -> None:
        for version in range(1, rounds + 1):
            start.wait()
            try:
                store.append([StoredEvent("entity-a", version, "Noted.v1", STATE)])
            except StreamConflict as lost:
                assert (lost.stream, lost.expected, lost.actual) == ("entity-a", version - 1, version)
            else:
                wins.append((version, racer))

    with ThreadPoolExecutor(racers) as pool:
        list(pool.map(race, range(racers)))
    assert sorted(version for version, _ in wins) == list(range(1, rounds + 1))
    assert [record.version for record in store.read_stream("entity-a")] == list(range(1, rounds + 1))


@pytest.mark.slow
def test_a_reader_sees_every_acknowledged_event_once_and_in_order(
    database_url: str, new_store: Callable[[], PostgresStore]
) -> None:
    rewrite_append(database_url, (LAST_STEP, STALL))
    history, store = history_of(database_url, new_store, appends=40, most_events=4, seed=1)
    assert history.violations(store.read_log(0, 10_000)) == []
    assert len(history.acknowledged) > 160


@pytest.mark.slow
def test_the_checker_notices_that_the_lock_is_missing(
    database_url: str, new_store: Callable[[], PostgresStore]
) -> None:
    rewrite_append(database_url, (LAST_STEP, STALL), (LOCK, ""))
    history, store = history_of(database_url, new_store, appends=20, most_events=2, seed=1)
    assert history.violations(store.read_log(0, 10_000))


@pytest.mark.slow
def test_the_checker_notices_a_reader_that_skips(database_url: str, new_store: Callable[[], PostgresStore]) -> None:
    """The usual design: no lock, positions from a sequence."""
    with connect(database_url) as connection:
        connection.execute("CREATE SEQUENCE log.numbers MINVALUE 0 START 0")
        connection.execute("GRANT USAGE ON SEQUENCE log.numbers TO frenemies_owner")
    rewrite_append(database_url, (LAST_STEP, STALL), (LOCK, ""), (HEAD, "head := nextval('log.numbers');"))
    history, store = history_of(database_url, new_store, appends=40, most_events=1, seed=1)
    assert history.failures == []
    assert any("the reader missed" in violation for violation in history.violations(store.read_log(0, 10_000)))


def test_a_large_call_does_not_hold_up_the_order(store: PostgresStore) -> None:
    calls = [
        [StoredEvent(f"claim-{call}-{number}", 1, "Noted.v1", STATE) for number in range(500)] for call in range(6)
    ]
    with ThreadPoolExecutor(3) as pool:
        appended = list(pool.map(store.append, calls))
    assert sorted(one.first_position or 0 for one in appended) == [1 + 500 * call for call in range(6)]
    for call, one in enumerate(appended):
        places = [record.stream for record in store.read_log((one.first_position or 0) - 1, 500)]
        assert places == [f"claim-{call}-{number}" for number in range(500)]
