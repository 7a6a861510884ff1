"""A server or a proxy that stopped: it says nothing, cuts nothing, and its kernel acknowledges all that is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Thread
from time import monotonic

import pytest
from psycopg.rows import scalar_row

from service.bootstrap import vitals_reader
from service.db import PROJECTOR_ROLE, Connection, Database, connect, translated
from service.errors import OutcomeUnknown, StoreUnavailable
from service.projections.indexing import INDEX
from service.projections.projection import schema_of
from service.projections.projector import Projector
from service.projections.runner import Runner
from service.settings import DatabaseSettings
from service.store.listen import AppendListener
from service.store.postgres import PostgresStore
from tests.integration.store.checker import work_events
from tests.integration.store.proxy import Proxy
from tests.integration.store.test_pitfalls import in_background, is_listening, wait_until

STATEMENT = 0.3
"""Seconds: a statement may take so long."""
GIVEN_UP_WITHIN = STATEMENT + 2 + 1
PROJECTOR = "frenemies-projector"
MANY = "SELECT repeat('x', 1000) FROM generate_series(1, 5000)"


@pytest.fixture
def postgres_major() -> int:
    return 18


@contextmanager
def behind(proxy: Proxy, links: int = 1) -> Iterator[Database]:
    """A pool whose links lead through the proxy; one of them is made."""
    settings = DatabaseSettings(proxy.url, pool_size=links, pool_timeout=5.0, statement_timeout=STATEMENT)
    with Database(settings) as database:
        assert database.read("SELECT 1", {}, scalar_row) == [1]
        yield database


def given_up(work: Callable[[], object], error: type[Exception]) -> None:
    """The work ends with the error, in time. In a thread, for it may never end."""
    raised: list[Exception] = []

    def run() -> None:
        try:
            work()
        except Exception as failure:  # noqa: BLE001
            raised.append(failure)

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(GIVEN_UP_WITHIN)
    assert len(raised) == 1
    assert isinstance(raised[0], error)


@pytest.mark.slow
def test_a_read_on_a_silent_link_is_asked_again_on_another(database_url: str) -> None:
    with Proxy(database_url) as proxy, behind(proxy) as database:
        proxy.freeze(only_present=True)
        begun, answers = monotonic(), []
        with in_background(lambda: answers.extend(database.read("SELECT 2", {}, scalar_row))):
            pass
        assert answers == [2]
        assert monotonic() - begun > STATEMENT


@pytest.mark.slow
def test_a_change_on_a_silent_link_is_of_unknown_outcome(database_url: str) -> None:
    with Proxy(database_url) as proxy, behind(proxy) as database:
        proxy.freeze(only_present=True)
        given_up(lambda: database.write("SELECT 2", {}, scalar_row), OutcomeUnknown)


@pytest.mark.slow
def test_after_one_silent_link_no_other_of_the_same_pool_is_waited_for(database_url: str) -> None:
    with Proxy(database_url) as proxy, behind(proxy, links=3) as database:
        with database.connection(), database.connection(), database.connection():
            proxy.freeze(only_present=True)
        given_up(lambda: database.write("SELECT 2", {}, scalar_row), OutcomeUnknown)
        assert database.write("SELECT 3", {}, scalar_row) == [3]
        assert database.write("SELECT 4", {}, scalar_row) == [4]


def _copy_out(connection: Connection, freeze: Callable[[], None]) -> int:
    with translated(), connection.cursor() as cursor, cursor.copy(f"COPY ({MANY}) TO STDOUT") as copy:
        rows = iter(copy)
        next(rows)
        freeze()
        return 1 + sum(1 for _ in rows)


def _copy_in(connection: Connection, freeze: Callable[[], None]) -> int:
    with translated(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE given (line text)")
        with cursor.copy("COPY given FROM STDIN") as copy:
            freeze()
            for _ in range(5_000):
                copy.write_row(["x" * 1_000])
        return cursor.rowcount


def _pipeline(connection: Connection, freeze: Callable[[], None]) -> int:
    with translated(), connection.pipeline():
        cursors = [connection.execute("SELECT 1") for _ in range(10)]
        freeze()
        cursors += [connection.execute("SELECT 1") for _ in range(4_990)]
    return sum(cursor.rowcount for cursor in cursors)


def _transaction(connection: Connection, freeze: Callable[[], None]) -> int:
    with translated(), connection.transaction():
        freeze()
        return connection.execute(MANY).rowcount


WAYS = [_copy_out, _copy_in, _pipeline, _transaction]


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_whatever_is_under_way_on_a_link_that_falls_silent_is_given_up(
    database_url: str, way: Callable[[Connection, Callable[[], None]], int]
) -> None:
    with Proxy(database_url) as proxy, behind(proxy) as database:
        with database.connection() as connection:
            assert way(connection, lambda: None) == 5_000
            connection.execute("DROP TABLE IF EXISTS given")

        def work() -> None:
            with database.connection() as connection:
                way(connection, partial(proxy.freeze, only_present=True))

        given_up(work, StoreUnavailable)
        assert database.read("SELECT 3", {}, scalar_row) == [3]


def test_a_server_that_is_busy_for_as_long_as_it_may_be_is_not_silent(database_url: str) -> None:
    with Database(DatabaseSettings(database_url, statement_timeout=0)) as database:
        assert database.read("SELECT 1 FROM pg_sleep(0.3)", {}, scalar_row) == [1]
    with connect(database_url, patience=0.1) as connection:
        assert list(connection.notifies(timeout=0.3)) == []
        with pytest.raises(StoreUnavailable), translated():
            connection.execute("SELECT pg_sleep(30)")


@pytest.mark.slow
def test_a_listener_leaves_a_link_that_fell_silent(
    database_url: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.store.listen._QUIET", 0.2)
    with Proxy(database_url) as proxy:
        listener = AppendListener(proxy.url)
        assert listener.wait(0)
        proxy.freeze(only_present=True)
        wait_until(lambda: listener.wait(0.3))
        wait_until(lambda: is_listening(database_url))
        store.append(work_events(1, 1))
        assert listener.wait(5)
        listener.close()


@pytest.mark.slow
def test_a_projector_whose_links_fall_silent_for_ever_leads_again_on_new_ones(
    database_url: str, store: PostgresStore
) -> None:
    hasty = partial(DatabaseSettings, pool_size=3, statement_timeout=STATEMENT)
    vitals = vitals_reader(database_url)

    def delivered() -> bool:
        tables = vitals.read().projection
        return tables is not None and tables.position == store.head()

    with (
        Proxy(database_url) as proxy,
        Database(hasty(proxy.url), role=PROJECTOR_ROLE, name=PROJECTOR, schema=schema_of(INDEX)) as database,
    ):
        runner = Runner(Projector(INDEX, PostgresStore(database), database), database, AppendListener(proxy.url), 2.0)
        with in_background(runner.run):
            try:
                store.append(work_events(1, 1))
                wait_until(delivered)
                proxy.freeze(PROJECTOR.encode(), only_present=True)
                store.append(work_events(2, 1))
                wait_until(delivered)
            finally:
                runner.stop()
                vitals.close()
