"""Appends never skip: what writers were told and what readers saw is judged against the log.

A checker that has never found anything proves nothing: wrong writers and readers follow below, and each is found.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest

from service.db import Database, connect
from service.errors import OutcomeUnknown, ServiceError
from service.settings import DatabaseSettings
from service.sql import load_queries
from service.store.appends import Append, appended, together
from service.store.postgres import PostgresStore
from service.store.protocol import NO_COUNTS, NO_GUARDS, Appended, Request
from tests.integration.store.checker import Seen, Told, violations, work_events
from tests.integration.store.faults import HEAD, run, terminate_others, unlocked
from tests.integration.store.load import Load, carry, crew, follow, opened, processes_for, stall
from tests.integration.store.proxy import Proxy

WRITERS = 8
APPENDS_OF_SOAK = int(os.environ.get("FRENEMIES_APPENDS", "1000000"))
LONGEST_STALL = 0.02


@pytest.fixture
def postgres_major() -> int:
    return 18


@pytest.fixture(scope="module")
def workers() -> Iterator[Executor]:
    with crew(processes_for(WRITERS)) as executor:
        yield executor


Run = Callable[[Load], tuple[list[Told], list[Seen], list[str]]]


@pytest.fixture
def carried(workers: Executor, tmp_path: Path) -> Run:
    return lambda load: carry(workers, load, tmp_path / "done")


@pytest.mark.slow
@pytest.mark.parametrize("postgres_major", [18, 15])
def test_pitfall_1_commits_out_of_order_are_never_skipped_across_processes_and_threads(
    database_url: str, carried: Run
) -> None:
    """8 processes, half of them with 4 callers at once, every tenth append stalled between insert and commit."""
    stall(database_url, 0.1, LONGEST_STALL)
    told, seen, wrong = carried(Load(database_url, WRITERS, appends=150, most_events=4))
    assert wrong == []
    assert sum(len(set(writer.works)) for writer in told) == WRITERS * 150
    assert [len(reader.positions) for reader in seen] == [sum(len(writer.positions) for writer in told)] * 2
    assert stalls(database_url) > 50


@pytest.mark.slow
def test_an_append_without_the_lock_is_found(database_url: str, carried: Run) -> None:
    stall(database_url, 0.5, LONGEST_STALL)
    unlocked(database_url)
    _, _, wrong = carried(Load(database_url, WRITERS, appends=20))
    assert any("an append failed" in violation for violation in wrong)


@pytest.mark.slow
def test_positions_from_a_sequence_without_the_lock_are_found(database_url: str, carried: Run) -> None:
    """The usual design. No append fails, and a reader skips what commits after a higher position."""
    run(
        database_url,
        "CREATE SEQUENCE log.numbers MINVALUE 0 START 0",
        "GRANT USAGE ON SEQUENCE log.numbers TO frenemies_owner",
    )
    stall(database_url, 0.5, LONGEST_STALL)
    unlocked(database_url, (HEAD, "before := nextval('log.numbers');"))
    told, _, wrong = carried(Load(database_url, WRITERS, appends=20, grouped=False))
    assert not any(writer.failures for writer in told)
    assert any("a reader missed" in violation for violation in wrong)


@pytest.mark.slow
def test_a_reader_whose_cursor_includes_the_last_event_is_found(database_url: str, carried: Run) -> None:
    _, _, wrong = carried(Load(database_url, 2, appends=20, overlap=1))
    assert any("saw" in violation and "again" in violation for violation in wrong)


class Deaf(Exception):
    """It goes on waiting for a notice that does not come."""


@pytest.mark.parametrize("polls", [True, False])
def test_a_reader_that_trusts_notices_only_is_found(database_url: str, store: PostgresStore, polls: bool) -> None:
    """Part of pitfall 4: a commit between the first read and LISTEN, of which no notice comes."""
    told, seen = Told(), Seen()
    with connect(database_url) as connection:

        def wait() -> None:
            told.note(1, store.append(work_events(1, 1)).positions)
            connection.execute("LISTEN frenemies_log")
            if not list(connection.notifies(timeout=0.2, stop_after=1)) and not polls:
                raise Deaf

        with suppress(Deaf):
            follow(store, seen, lambda: bool(told.works), wait)
    assert (violations(store, [told], [seen]) == []) == polls


def naively(url: str, work: int) -> Appended:
    """Tries again with the same wish, as something new, until it is answered."""
    while True:
        with opened(url) as store, suppress(OutcomeUnknown):
            return store.append(work_events(work, 1, stream=str(uuid4())))


def with_care(url: str, work: int) -> Appended:
    """Leaves it to the store, which looks into the log."""
    with opened(url) as store:
        return store.append(work_events(work, 1))


def with_key(url: str, work: int) -> Appended:
    """Tries again with the same wish as something new, under the same key."""
    request = Request(f"work-{work}", "hash", "{}")
    while True:
        with opened(url) as store, suppress(OutcomeUnknown):
            return store.append(work_events(work, 1, stream=str(uuid4())), request=request)


@pytest.mark.parametrize(("writer", "is_right"), [(with_care, True), (with_key, True), (naively, False)])
def test_a_writer_that_repeats_without_a_key_what_was_stored_is_found(
    database_url: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch, writer: Any, is_right: bool
) -> None:
    """The reply to a commit is lost, more than once."""
    told = Told()
    if writer is not with_care:
        monkeypatch.setattr(PostgresStore, "_send_again", _give_up)
    with Proxy(database_url) as proxy:
        for work in range(3):
            proxy.lose_replies(2)
            told.note(work, writer(proxy.url, work).positions)
    assert (violations(store, [told], []) == []) == is_right


@pytest.mark.parametrize("waits_for_commit", [True, False])
def test_a_writer_that_is_told_before_the_commit_is_found(
    database_url: str, store: PostgresStore, waits_for_commit: bool
) -> None:
    """The session is ended between the append and its commit."""
    told = Told()
    with connect(database_url) as killer, Database(DatabaseSettings(database_url, pool_size=1)) as database:
        for work in range(3):
            append = Append(work_events(work, 1), NO_GUARDS, NO_COUNTS, (), (), (), None)
            with suppress(ServiceError):
                with database.transaction() as connection:
                    row = connection.execute(load_queries("log")["append_all"], together([append])).fetchone()
                    assert row is not None
                    (told_of,) = appended([append], *row)
                    if not waits_for_commit:
                        told.note(work, told_of.positions)
                    if work == 1:
                        killer.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.info.backend_pid])
                if waits_for_commit:
                    told.note(work, told_of.positions)
    assert (violations(store, [told], []) == []) == waits_for_commit


@pytest.mark.slow
def test_sessions_that_are_ended_at_random_lose_and_double_nothing_that_was_acknowledged(
    database_url: str, store: PostgresStore, carried: Run
) -> None:
    """Faults F2 and F3: every session of the database, those that listen too, is ended again and again."""
    stall(database_url, 0.5, 0.005)
    is_over = threading.Event()
    ended: list[int] = []

    def end_sessions() -> None:
        with connect(database_url) as killer:
            while not is_over.wait(0.1):
                ended.append(terminate_others(killer))

    killing = threading.Thread(target=end_sessions)
    killing.start()
    try:
        told, _, wrong = carried(Load(database_url, WRITERS, appends=40))
    finally:
        is_over.set()
        killing.join()
    assert [violation for violation in wrong if "an append failed" not in violation] == []
    assert sum(len(writer.works) for writer in told) > 0
    assert sum(ended) > WRITERS


@pytest.mark.soak
def test_a_million_appends_are_read_without_a_gap(database_url: str, carried: Run, capsys: Any) -> None:
    """2 of 1,000 appends are stalled. FRENEMIES_APPENDS says how many appends."""
    stall(database_url, 0.002, LONGEST_STALL)
    begun = monotonic()
    told, seen, wrong = carried(Load(database_url, WRITERS, APPENDS_OF_SOAK // WRITERS))
    seconds = monotonic() - begun
    appended = sum(len(writer.positions) for writer in told)
    with capsys.disabled():
        print(  # noqa: T201 - the line for docs/soak.md
            f"\n{appended:,} appends by {WRITERS} processes in {seconds:.0f} s, {stalls(database_url):,} stalled up to"
            f" {LONGEST_STALL * 1000:.0f} ms; {len(seen)} readers: {wrong or 'nothing missing, double or out of order'}"
        )
    assert wrong == []
    assert appended == APPENDS_OF_SOAK // WRITERS * WRITERS
    assert stalls(database_url) > 0


def stalls(url: str) -> int:
    """How many appends were stalled."""
    with connect(url) as connection:
        row = connection.execute("SELECT last_value FROM public.stalls").fetchone()
    assert row is not None
    return int(row[0])


def _give_up(store: PostgresStore, appends: object, until: float, lost: OutcomeUnknown) -> None:
    """Instead of settling what became of an append."""
    raise lost
