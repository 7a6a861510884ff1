"""Ways in which other event stores have skipped events. The first is in `test_never_skips`."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from time import monotonic

import pytest

from service.bootstrap import prepare, projection, vitals_reader
from service.db import Connection, connect
from service.embedded import EmbeddedServer
from service.errors import DeadlineExceeded, ServiceError, StreamConflict
from service.projections.indexing import INDEX
from service.projections.vitals import VitalsReader
from service.settings import Settings
from service.sql import load_queries
from service.store.appends import Append, together
from service.store.listen import AppendListener
from service.store.postgres import PostgresStore
from service.store.protocol import NO_COUNTS, NO_GUARDS
from tests.integration.store.checker import Seen, Told, violations, work_events
from tests.integration.store.faults import terminate_others
from tests.integration.store.load import follow, opened
from tests.integration.store.proxy import Proxy
from tests.killing import postmaster_of

LISTENER = "frenemies-listen"
DELIVERED_WITHIN = 5.0
"""Seconds: it polls each second, and an attempt to connect is given up after two."""
PATIENCE = 20.0

Delivered = Callable[[PostgresStore], None]


@pytest.fixture
def postgres_major() -> int:
    return 18


def wait_until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Asks until it is so. Being out of reach is no answer."""
    deadline = monotonic() + seconds
    while True:
        with suppress(ServiceError):
            if condition():
                return
        assert monotonic() < deadline, f"it did not come to pass within {seconds:.0f} s"


# 2. Dead gap and live gap


def append_in(connection: Connection, work: int) -> int:
    """Appends within a transaction of the caller's, and gives the position."""
    append = Append(work_events(work, 1), NO_GUARDS, NO_COUNTS, (), (), (), None)
    row = connection.execute(load_queries("log")["append_all"], together([append])).fetchone()
    assert row is not None
    return int(row[0]) + 1


def test_pitfall_2_appends_that_are_rolled_back_leave_no_gap(database_url: str, store: PostgresStore) -> None:
    store.append(work_events(1, 2))
    for _ in range(3):
        with pytest.raises(StreamConflict):
            store.append(work_events(1, 2))
        with connect(database_url) as connection, connection.transaction(force_rollback=True):
            assert append_in(connection, 2) == 3
    store.append(work_events(3, 2))
    assert [record.position for record in store.read_log(0, 100)] == [1, 2, 3, 4]


@pytest.mark.slow
@pytest.mark.parametrize("postgres_major", [18, 15])
def test_pitfall_2_an_idle_transaction_that_has_appended_delays_others_is_visible_and_skips_nothing(
    database_url: str, store: PostgresStore
) -> None:
    told, seen, is_over = Told(), Seen(), threading.Event()
    told.note(1, store.append(work_events(1, 1)).positions)
    vitals = vitals_reader(database_url)
    with ExitStack() as keep:
        keep.callback(vitals.close)
        keep.enter_context(tailing(database_url, seen, is_over))
        with connect(database_url) as connection, connection.transaction():
            told.note(2, [append_in(connection, 2)])
            appending = keep.enter_context(in_background(lambda: _append(store, told, 3)))
            wait_until(lambda: vitals.read().log.lock_waiting == 1)
            assert (vitals.read().log.lock_held or 0) > 0
            wait_until(lambda: list(seen.positions) == [1])
        appending.join()
        assert vitals.read().log.lock_waiting == 0
        is_over.set()
    assert violations(store, [told], [seen]) == []


@pytest.mark.slow
def test_pitfall_2_nobody_waits_for_an_idle_transaction_beyond_the_time_for_a_lock(
    database_url: str, store: PostgresStore
) -> None:
    limit = store.database.settings.lock_timeout
    with connect(database_url) as connection, connection.transaction(force_rollback=True):
        append_in(connection, 1)
        begun = monotonic()
        with pytest.raises(DeadlineExceeded):
            store.append(work_events(2, 1))
        assert limit - 0.5 < monotonic() - begun < limit + 1
    assert list(store.append(work_events(3, 1)).positions) == [1]


# 4. Lost wake-up


@contextmanager
def projecting(url: str, through: str | None = None) -> Iterator[Delivered]:
    """The projector of the service at work; gives what waits until it has handled everything, but not for long."""
    with (
        projection(Settings(), through or url, INDEX) as (_, runner),
        in_background(runner.run),
        closing(vitals_reader(url)) as own,
    ):
        wait_until(lambda: is_listening(url))
        try:
            yield lambda store: wait_until(lambda: _position(own) == store.head(), DELIVERED_WITHIN)
        finally:
            runner.stop()


def _position(own: VitalsReader) -> int:
    tables = own.read().projections[0].tables
    assert tables is not None
    return tables.position


def is_listening(url: str) -> bool:
    with connect(url) as connection:
        query = "SELECT FROM pg_stat_activity WHERE application_name = %s AND state = 'idle' AND query LIKE 'LISTEN%%'"
        return connection.execute(f"{query} AND datname = current_database()", [LISTENER]).fetchone() is not None


@pytest.mark.slow
def test_pitfall_4_a_listening_connection_that_is_killed_loses_nothing(database_url: str, store: PostgresStore) -> None:
    with projecting(database_url) as delivered, connect(database_url) as killer:
        for work in range(3):
            wait_until(lambda: terminate_others(killer, f"AND application_name = '{LISTENER}'") == 1)
            store.append(work_events(work, 1))
            delivered(store)


@pytest.mark.slow
def test_pitfall_4_a_half_open_listening_connection_loses_nothing(database_url: str, store: PostgresStore) -> None:
    with Proxy(database_url) as proxy, projecting(database_url, proxy.url) as delivered:
        proxy.freeze(LISTENER.encode())
        for work in range(3):
            store.append(work_events(work, 1))
            delivered(store)


@pytest.mark.slow
def test_pitfall_4_a_network_that_was_frozen_loses_nothing(database_url: str, store: PostgresStore) -> None:
    with Proxy(database_url) as proxy, projecting(database_url, proxy.url) as delivered:
        proxy.freeze()
        store.append(work_events(1, 1))
        wait_until(lambda: proxy.is_holding_back)
        proxy.thaw()
        delivered(store)


@pytest.mark.slow
def test_pitfall_4_a_commit_between_the_first_read_and_listen_is_delivered(
    database_url: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen = AppendListener._listen

    def listen_late(listener: AppendListener) -> Connection:
        store.append(work_events(1, 1))
        return listen(listener)

    monkeypatch.setattr(AppendListener, "_listen", listen_late)
    with projecting(database_url) as delivered:
        assert store.head() == 1
        delivered(store)


@pytest.mark.slow
def test_pitfall_4_a_restart_of_the_database_loses_nothing(
    data_folder: Path, start_server: Callable[..., EmbeddedServer]
) -> None:
    survives = {"fsync": "off"}  # but a commit is written before it is answered
    url = start_server(data_folder, settings=survives).url
    prepare(Settings(), url)
    with projecting(url) as delivered, opened(url) as store:
        postmaster = postmaster_of(data_folder / "postgres")
        os.kill(postmaster, signal.SIGQUIT)
        wait_until(lambda: not (data_folder / "postgres" / "postmaster.pid").exists())
        start_server(data_folder, settings=survives)
        store.append(work_events(1, 1))
        delivered(store)


@contextmanager
def in_background(work: Callable[[], object]) -> Iterator[threading.Thread]:
    """Does the work in a thread of its own, which ends with the block."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield thread
    thread.join(PATIENCE)
    assert not thread.is_alive()


@contextmanager
def tailing(url: str, seen: Seen, is_over: threading.Event) -> Iterator[None]:
    """A reader that follows the log until it is over."""
    with opened(url) as store, in_background(lambda: follow(store, seen, is_over.is_set, lambda: is_over.wait(0.01))):
        yield


def _append(store: PostgresStore, told: Told, work: int) -> None:
    told.note(work, store.append(work_events(work, 1)).positions)
