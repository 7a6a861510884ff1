"""A server or a proxy that stopped: it says nothing, cuts nothing, and its kernel acknowledges all that is sent."""

from __future__ import annotations

import gc
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from threading import Thread
from time import monotonic

import pytest
from psycopg.rows import scalar_row

from service.bootstrap import BATCH_SECONDS, vitals_reader
from service.db import KEEPER_ROLE, PROJECTOR_ROLE, Connection, Database, connect
from service.errors import OutcomeUnknown, StoreUnavailable
from service.failures import translated
from service.projections.indexing import INDEX, IndexProjection
from service.projections.projection import History, schema_of
from service.projections.projector import Projector
from service.projections.runner import Runner
from service.settings import DatabaseSettings, Limits
from service.store.listen import AppendListener
from service.store.postgres import PostgresStore
from service.store.protocol import StoredRecord
from service.tree.keeper import Keeper
from service.tree.reading import TreeReader
from service.tree.runner import KeeperRunner
from tests.integration.projections.stories import Story
from tests.integration.store.checker import work_events
from tests.integration.store.proxy import Proxy
from tests.integration.store.test_pitfalls import in_background, is_listening, wait_until

STATEMENT = 0.3
"""Seconds: a statement may take so long."""
GIVEN_UP_WITHIN = STATEMENT + 2 + 1
HEALED_WITHIN = 12.0
"""Seconds: silence is noticed after five, and two later it leads again; a machine may be busy."""
PROJECTOR, KEEPER = "frenemies-projector", "frenemies-keeper"
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
def test_an_append_on_a_silent_link_ends_with_the_request_though_no_other_can_be_had(database_url: str) -> None:
    with Proxy(database_url) as proxy, Database(DatabaseSettings(proxy.url)) as database:
        store = PostgresStore(database)
        store.append(work_events(1, 1))
        proxy.freeze()
        begun = monotonic()
        with pytest.raises(OutcomeUnknown):
            store.append(work_events(2, 1))
        assert DatabaseSettings("").append_timeout <= Limits().request_deadline - 0.5
        assert monotonic() - begun < Limits().request_deadline
        proxy.thaw()


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


class Disturbed(IndexProjection):
    """Something happens in the middle of each batch, when it has changed some rows."""

    def __init__(self, happen: Callable[[Connection], object]) -> None:
        self.happen = happen
        self.batches = 0

    def handle(self, connection: Connection, records: Sequence[StoredRecord], history: History) -> None:
        super().handle(connection, records, history)
        self.batches += 1
        self.happen(connection)
        super().handle(connection, records, history)


@contextmanager
def projecting(url: str, index: IndexProjection) -> Iterator[Callable[[int], bool]]:
    """The projector of the service at work, with its limits; gives what says whether it has got to a position."""
    settings = DatabaseSettings(url, pool_size=3, pool_timeout=5.0, statement_timeout=BATCH_SECONDS)
    with Database(settings, role=PROJECTOR_ROLE, name=PROJECTOR, schema=schema_of(index)) as database:
        projector = Projector(index, PostgresStore(database), database)
        runner = Runner(projector, database, AppendListener(url))
        with in_background(runner.run):
            try:
                yield lambda position: projector.position() == position
            finally:
                runner.stop()


@pytest.mark.slow
def test_a_projector_heals_when_its_links_fall_silent_for_ever_in_the_middle_of_a_step(
    database_url: str, store: PostgresStore
) -> None:
    with Proxy(database_url) as proxy:
        freezing = Disturbed(lambda _: freezing.batches > 1 or proxy.freeze(PROJECTOR.encode(), only_present=True))
        store.append(Story().tell(50))
        with projecting(proxy.url, freezing) as is_at:
            wait_until(lambda: freezing.batches > 0)
            wait_until(lambda: is_at(50), HEALED_WITHIN)
        assert proxy.is_holding_back


def test_a_step_that_takes_longer_than_silence_may_last_is_not_given_up(
    database_url: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.leading._PATIENCE", 0.2)
    monkeypatch.setattr("service.leading._PULSE_SECONDS", 0.05)
    slow = Disturbed(lambda connection: connection.execute("SELECT pg_sleep(1)"))
    store.append(Story().tell(50))
    with projecting(database_url, slow) as is_at:
        wait_until(lambda: is_at(50))
    assert slow.batches == 1


class DisturbedKeeper(Keeper):
    """Something happens before each step."""

    happen: Callable[[], object]

    def step(self, limit: int = 1) -> int:
        self.happen()
        return super().step(limit)


@pytest.mark.slow
def test_a_keeper_heals_when_its_links_fall_silent_for_ever(database_url: str, store: PostgresStore) -> None:
    reader, steps = TreeReader(store.database), [0]

    def freeze_once() -> None:
        steps[0] += 1
        if steps[0] == 2:
            proxy.freeze(KEEPER.encode(), only_present=True)

    with Proxy(database_url) as proxy:
        settings = DatabaseSettings(proxy.url, pool_size=2, pool_timeout=5.0)
        with Database(settings, role=KEEPER_ROLE, name=KEEPER) as database:
            keeper = DisturbedKeeper(database, None, "example.org/log")
            keeper.happen = freeze_once
            runner = KeeperRunner(keeper, database)
            with in_background(runner.run):
                try:
                    store.append(work_events(1, 3))
                    wait_until(lambda: steps[0] >= 2)
                    store.append(work_events(2, 3))
                    wait_until(lambda: reader.tree().size == 6, HEALED_WITHIN)
                finally:
                    runner.stop()
        assert proxy.is_holding_back


@pytest.mark.slow
def test_a_projector_whose_links_fall_silent_for_ever_leads_again_on_new_ones(
    database_url: str, store: PostgresStore
) -> None:
    hasty = partial(DatabaseSettings, pool_size=3, statement_timeout=STATEMENT)
    vitals = vitals_reader(database_url)

    def delivered() -> bool:
        tables = vitals.read().projections[0].tables
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


@pytest.mark.slow
def test_a_connection_that_is_not_made_in_time_leaves_no_link() -> None:
    """It did until the garbage was collected, which projectors do rarely: their sessions grew with each try."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"postgresql://postgres@127.0.0.1:{mute.getsockname()[1]}/postgres?sslmode=disable"
        gc.disable()
        try:
            given_up(lambda: connect(url), StoreUnavailable)
            client, _ = mute.accept()
            with client:
                client.settimeout(GIVEN_UP_WITHIN)
                while client.recv(4_096):
                    pass  # what it had to say before it left
        finally:
            gc.enable()
