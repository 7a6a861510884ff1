"""Writers and readers that run at the same time, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.bootstrap import build
from service.db import Database
from service.errors import ServiceError
from service.settings import DatabaseSettings, Settings
from service.store.listen import AppendListener
from service.store.postgres import PostgresStore
from service.store.protocol import AppendSignal, EventStore
from tests.integration.store.checker import Seen, Told, violations, work_events, work_number
from tests.integration.store.faults import rewrite, run

POLL_SECONDS = 0.2
CALLERS = 4
_PAGE = 200
_MODULE = "tests.integration.store.load"
_READERS = 2
_INSERT = "AS e(stream, version, topic, state, place);"


@dataclass(frozen=True)
class Load:
    """How much is written by whom. Every second writer has `CALLERS` threads, whose appends are grouped."""

    url: str
    writers: int
    appends: int
    most_events: int = 1
    seed: int = 1
    grouped: bool = True
    overlap: int = 0
    """By how much the tailing reader's cursor is set back: a right one is not."""


@contextmanager
def crew(size: int) -> Iterator[Executor]:
    """That many processes, started quickly: the modules are loaded once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([_MODULE])
    with ProcessPoolExecutor(size, context) as executor:
        yield executor


def processes_for(writers: int) -> int:
    """How many processes a load with that many writers takes."""
    return writers + _READERS


def stall(url: str, share: float, longest: float) -> None:
    """Has that share of the appends wait at random, at most `longest` seconds, between insert and commit."""
    run(
        url,
        "CREATE SEQUENCE public.stalls MINVALUE 0 START 0",
        "GRANT USAGE ON SEQUENCE public.stalls TO frenemies_owner",
        "GRANT USAGE ON SCHEMA public TO frenemies_owner",
    )
    waiting = (
        f"IF random() < {share} * cardinality(streams) THEN"
        f" PERFORM nextval('public.stalls'), pg_sleep(random() * {longest}); END IF;"
    )
    rewrite(url, "log.insert_events", (_INSERT, f"{_INSERT}\n{waiting}"))


def carry(executor: Executor, load: Load, done: Path) -> tuple[list[Told], list[Seen], list[str]]:
    """What writers were told, what the tailing and the paging reader saw, and the promises that were not kept."""
    reading = [executor.submit(reader, load, done) for reader in (_tail, _page)]
    writing: list[Future[Told]] = [executor.submit(_write, load, number) for number in range(load.writers)]
    try:
        told = [future.result() for future in writing]
    finally:
        done.touch()
    seen = [future.result() for future in reading]
    with opened(load.url) as store:
        return told, seen, violations(store, told, seen)


def follow(
    store: EventStore, seen: Seen, is_over: Callable[[], bool], wait: Callable[[], object], overlap: int = 0
) -> None:
    """Reads after the last position it saw; when there is nothing it waits, and at the end it looks once more."""
    last = 0
    while True:
        is_last_look = is_over()
        page = store.read_log(max(last - overlap, 0), 500)
        seen.take(page)
        if page and page[-1].position > last:
            last = page[-1].position
        elif is_last_look:
            return
        else:
            wait()


@contextmanager
def opened(url: str, pool_size: int = 2) -> Iterator[PostgresStore]:
    """A store with a pool of its own."""
    with Database(DatabaseSettings(url, pool_size=pool_size, pool_timeout=5.0)) as database:
        yield PostgresStore(database)


def _write(load: Load, writer: int) -> Told:
    """Appends through the services of a process, alone or as several callers at once."""
    callers = CALLERS if load.grouped and writer % 2 else 1
    settings = Settings(pool_timeout=5.0, lock_timeout=30.0, statement_timeout=30.0)
    with closing(build(settings, load.url)) as services, ThreadPoolExecutor(callers) as pool:
        store = PostgresStore(services.database)
        shares = [range(caller, load.appends, callers) for caller in range(callers)]
        return _together(list(pool.map(lambda share: _append(store, load, writer, share), shares)))


def _append(store: EventStore, load: Load, writer: int, numbers: range) -> Told:
    chance = random.Random(f"{load.seed}-{writer}-{numbers.start}")
    told = Told()
    for number in numbers:
        work = work_number(writer, number)
        try:
            appended = store.append(work_events(work, chance.randint(1, load.most_events)))
        except ServiceError as failure:
            told.failures.append(str(failure))
        else:
            told.note(work, appended.positions)
    return told


def _together(parts: Sequence[Told]) -> Told:
    whole = Told()
    for part in parts:
        whole.positions += part.positions
        whole.works += part.works
        whole.failures += part.failures
    return whole


def _tail(load: Load, done: Path) -> Seen:
    """Follows the log: a notice wakes it, and it polls."""
    seen = Seen()
    with opened(load.url) as store, _listening(load.url) as signal:
        follow(store, seen, done.exists, lambda: signal.wait(POLL_SECONDS), load.overlap)
    return seen


def _page(load: Load, done: Path) -> Seen:
    """Reads page by page up to a head that it has asked for before, in another statement."""
    seen, last = Seen(), 0
    with opened(load.url) as store, _listening(load.url) as signal:
        while True:
            is_last_look = done.exists()
            head = store.head()
            while last < head:
                page = store.read_log(last, _PAGE, head)
                seen.take(page)
                last = page[-1].position if page else head
            if is_last_look:
                return seen
            signal.wait(POLL_SECONDS)


@contextmanager
def _listening(url: str) -> Iterator[AppendSignal]:
    listener = AppendListener(url)
    try:
        yield listener
    finally:
        listener.close()
