"""What a client sees when processes, connections, the database or the network fail: the log, once and in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest

from service.bootstrap import prepare
from service.db import Database, connect
from service.embedded import EmbeddedServer
from service.errors import EmbeddedServerError, ServiceError
from service.settings import DatabaseSettings, Settings
from service.store.postgres import PostgresStore
from service.store.protocol import Appended
from tests.feeding import FeedProcess, feeding, followed, has_caught_up, is_at, wait_until
from tests.integration.store.checker import work_events
from tests.integration.store.faults import run, terminate_others
from tests.integration.store.proxy import Proxy
from tests.killing import kill_database

pytestmark = pytest.mark.slow
WRITERS, EACH = 4, 60
LISTENER = "frenemies-listen"

Tell = Callable[..., Appended]


@contextmanager
def writing(store: PostgresStore, most: int = WRITERS * EACH) -> Iterator[Sequence[Future[None]]]:
    """Some writers append meanwhile; all that they append is there at the end of the block."""

    def write(writer: int) -> None:
        for number in range(most // WRITERS):
            store.append(work_events(writer * 1_000 + number, 1 + number % 3))

    with ThreadPoolExecutor(WRITERS) as pool:
        futures = [pool.submit(write, writer) for writer in range(WRITERS)]
        yield futures
        for future in futures:
            future.result(60)


def head_of(most: int = WRITERS * EACH) -> int:
    """How many events the writers append."""
    return sum(1 + number % 3 for number in range(most // WRITERS)) * WRITERS


@contextmanager
def following(port: int, until: int) -> Iterator[Future[list[int]]]:
    """A client that always comes back, up to a position."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(followed, port, until, 60)


def test_a_worker_that_is_killed_loses_nothing_for_who_comes_back(process: FeedProcess, store: PostgresStore) -> None:
    with following(process.port, head_of()) as seen, writing(store):
        for share in (1, 2, 3):
            wait_until(lambda share=share: store.head() > head_of() * share // 4)
            killed = process.workers
            process.kill_worker()
            wait_until(lambda killed=killed: process.workers and process.workers != killed)
    assert seen.result() == list(range(1, store.head() + 1)) and store.head() == head_of()


def test_a_process_that_is_asked_to_end_says_so_and_loses_nothing(process: FeedProcess, store: PostgresStore) -> None:
    with following(process.port, head_of()) as seen, writing(store), process.listen() as listener:
        listener.until(has_caught_up)
        begun = monotonic()
        process.ask_to_end()
        (ended,) = listener.to_the_end(5).named("ended")
        assert "reason" in ended.data and listener.messages[-1] == ended
        process.end()
        assert monotonic() - begun < 8
        process.start()
    assert seen.result() == list(range(1, store.head() + 1))
    assert listener.positions == list(range(1, len(listener.positions) + 1))


def test_a_waiting_page_is_answered_when_the_process_ends(process: FeedProcess, tell: Tell) -> None:
    tell(2)
    last = process.get().json[-1]["id"]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(process.get, f"lastEventId={last}&timeout=50000")
        wait_until(lambda: process.counted("frenemies_streams") == 1)
        process.ask_to_end()
        assert waiting.result(5).json == []


def test_a_listening_connection_that_is_killed_is_made_anew(
    process: FeedProcess, tell: Tell, database_url: str
) -> None:
    with process.listen() as listener, connect(database_url) as killer:
        listener.until(has_caught_up)
        for position in range(1, 4):
            wait_until(lambda: terminate_others(killer, f"AND application_name = '{LISTENER}'") == 1)
            tell()
            listener.until(is_at(position), 5)


def test_connections_that_are_all_killed_are_made_anew(
    process: FeedProcess, tell: Tell, database_url: str, store: PostgresStore
) -> None:
    with process.listen() as listener, connect(database_url) as killer:
        listener.until(has_caught_up)
        for position in range(1, 4):
            assert terminate_others(killer) > 1
            wait_until(lambda position=position: _told(tell, store, position))
            listener.until(is_at(position), 5)
        assert listener.positions == [1, 2, 3]


def _told(tell: Tell, store: PostgresStore, position: int) -> bool:
    try:
        return store.head() == position or tell() is not None
    except ServiceError:
        return False


@pytest.mark.parametrize("seconds", [0, 7])
def test_a_frozen_link_heals_soon_after_it_is_released(
    database_url: str, store: PostgresStore, tell: Tell, seconds: int
) -> None:
    with Proxy(database_url) as proxy, feeding(proxy.url) as process, process.listen() as listener:
        listener.until(has_caught_up)
        tell(2)
        listener.until(is_at(2))
        proxy.freeze()
        tell(3)
        wait_until(lambda: proxy.is_holding_back)
        begun = monotonic()
        wait_until(lambda: monotonic() > begun + seconds)
        assert listener.positions == [1, 2]
        proxy.thaw()
        listener.until(is_at(5), 5)
        assert listener.positions == [1, 2, 3, 4, 5]


def test_a_frozen_listening_connection_costs_two_seconds_at_most(database_url: str, tell: Tell) -> None:
    with Proxy(database_url) as proxy, feeding(proxy.url) as process, process.listen() as listener:
        listener.until(has_caught_up)
        proxy.freeze(LISTENER.encode())
        for position in range(1, 5):
            tell()
            listener.until(is_at(position), 2)


def test_a_client_that_comes_while_the_link_is_frozen_is_served_when_it_is_released(
    database_url: str, tell: Tell
) -> None:
    tell(600)
    with Proxy(database_url) as proxy, feeding(proxy.url) as process:
        tell(2)
        proxy.freeze()
        with process.listen() as listener:
            wait_until(lambda: proxy.is_holding_back)
            listener.until(lambda one: b": heartbeat" in one.raw)
            assert not listener.messages
            proxy.thaw()
            listener.until(has_caught_up, 10)
            assert listener.positions == list(range(1, 603))


def test_another_epoch_ends_the_streams_and_makes_the_cursors_void(
    process: FeedProcess, tell: Tell, database_url: str
) -> None:
    tell(3)
    with process.listen() as listener, process.listen("type=ClaimRetracted") as other:
        last = listener.until(has_caught_up).last_id
        other.until(has_caught_up)
        run(database_url, "UPDATE log.epoch SET epoch = gen_random_uuid()")
        for one in (listener, other):
            assert one.to_the_end(5).messages[-1].name == "ended"
    wait_until(lambda: process.get(f"lastEventId={last}&timeout=10").status == 410)
    refused = process.get(Last_Event_ID=last, Accept="text/event-stream")
    assert (refused.status, refused.json["resync"]) == (410, "/v1/feed")
    with process.listen() as listener:
        listener.until(has_caught_up)
        tell()
        assert listener.until(is_at(4)).positions == [1, 2, 3, 4] and listener.last_id[:20] != last[:20]


@contextmanager
def opened(url: str) -> Iterator[PostgresStore]:
    with Database(DatabaseSettings(url, pool_timeout=5.0)) as database:
        yield PostgresStore(database)


def test_a_database_that_is_killed_and_comes_back_is_followed_again(
    data_folder: Path, start_server: Callable[..., EmbeddedServer]
) -> None:
    survives = {"fsync": "off"}  # but a commit is written before it is answered
    url = start_server(data_folder, settings=survives).url
    prepare(Settings(), url)
    with feeding(url) as process, opened(url) as store, process.listen() as listener:
        store.append(work_events(1, 5))
        listener.until(is_at(5))
        kill_database(data_folder / "postgres")
        with process.listen(f"lastEventId={listener.last_id}") as other, process.listen() as patient:
            assert (other.status, patient.status) == (200, 200)
            patient.until(lambda one: b": heartbeat" in one.raw)
            wait_until(lambda: _is_started(start_server, data_folder, survives))
            wait_until(lambda: _appended(store, 2))
            listener.until(is_at(6), 10)
            other.until(is_at(6), 10)
            patient.until(is_at(6), 10)
            assert listener.positions == patient.positions == [1, 2, 3, 4, 5, 6] and other.positions == [6]


def test_a_process_that_starts_without_a_database_waits_for_it(
    data_folder: Path, start_server: Callable[..., EmbeddedServer]
) -> None:
    survives = {"fsync": "off"}
    url = start_server(data_folder, settings=survives).url
    prepare(Settings(), url)
    with opened(url) as store:
        store.append(work_events(1, 5))
    kill_database(data_folder / "postgres")
    with feeding(url) as process:
        first = process.workers
        refused = process.get(Accept="text/event-stream")
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        wait_until(lambda: _is_started(start_server, data_folder, survives))
        wait_until(lambda: process.get().status == 200)
        with process.listen() as listener:
            assert listener.until(has_caught_up).positions == [1, 2, 3, 4, 5]
        assert process.workers == first


def _is_started(start_server: Callable[..., EmbeddedServer], folder: Path, given: dict[str, str]) -> bool:
    try:
        start_server(folder, settings=given)
    except EmbeddedServerError:
        return False
    return True


def _appended(store: PostgresStore, work: int) -> bool:
    try:
        store.append(work_events(work, 1))
    except ServiceError:
        return False
    return True
