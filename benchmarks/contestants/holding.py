"""How long an append holds the lock of the log: one caller, whose appends follow each other without a pause."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator, Sequence
from time import perf_counter
from typing import Any

from benchmarks.contestants.task import perform
from benchmarks.recorded import Recorded
from benchmarks.world import World
from service.bootstrap import build
from service.cores import keep_to_one_core
from service.settings import Settings
from service.store.appends import Append
from service.store.postgres import Outcome, PostgresStore

FILL = 2_000


def hold(url: str, claims: int, sizes: Sequence[int], appends: Sequence[int]) -> dict[str, Any]:
    """Seconds of an append of so many callers with an event each, in the median of so many appends, by their number."""
    keep_to_one_core()
    store = PostgresStore(build(Settings(database_url=url), url).database)
    world = World(claims)
    ones = Recorded(world).appends(1)
    for batch in _batches(itertools.islice(ones, world.entities), FILL):
        store.append_together(batch)
    batches = {
        size: list(itertools.islice(_batches(ones, size), count)) for size, count in zip(sizes, appends, strict=True)
    }
    return {str(size): _median(store, prepared) for size, prepared in batches.items()}


def _batches(ones: Iterator[Append], size: int) -> Iterator[list[Append]]:
    while batch := list(itertools.islice(ones, size)):
        yield batch


def _median(store: PostgresStore, prepared: Sequence[Sequence[Append]]) -> float:
    times = []
    for batch in prepared:
        begun = perf_counter()
        _demand_stored(store.append_together(batch))
        times.append(perf_counter() - begun)
    return statistics.median(times)


def _demand_stored(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


if __name__ == "__main__":
    perform({"hold": hold})
