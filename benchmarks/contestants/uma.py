"""UmaDB: a server of its own, and its client for Python."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import umadb  # type: ignore[import-not-found]

from benchmarks import samples
from benchmarks.contestants.task import perform
from benchmarks.load import callers, once

BATCH = 500
PREPARED = 2_000


def append(url: str, count: int, seconds: float, warm_up: float, is_conditional: bool) -> dict[str, Any]:
    """One event per call, each caller with a client of its own; with a condition, that its stream is new."""
    prepared = [_data(number) for number in range(PREPARED)]

    def start(_: int) -> Callable[[int], object]:
        client = umadb.Client(url)

        def call(index: int) -> object:
            tag = f"claim-{uuid4()}"
            query = umadb.Query([umadb.QueryItem(tags=[tag])])
            condition = umadb.AppendCondition(query) if is_conditional else None
            return client.append([umadb.Event("Claimed", prepared[index % PREPARED], [tag])], condition)

        return call

    return callers(count, seconds, warm_up, start)


def fill(url: str, claims: int) -> dict[str, Any]:
    """So many events, five hundred a time."""
    client = umadb.Client(url)
    events = (umadb.Event("Claimed", _data(number), [f"claim-{uuid4()}"]) for number in range(claims))

    def work() -> None:
        while batch := list(itertools.islice(events, BATCH)):
            client.append(batch)

    return once(claims, work)


def read(url: str) -> dict[str, Any]:
    """All events in order, as bytes."""
    client = umadb.Client(url)
    head = client.head() or 0

    def work() -> None:
        for found in client.read():
            found.event.data  # noqa: B018

    return once(head, work)


def _data(number: int) -> bytes:
    return json.dumps(samples.payload(number), separators=(",", ":")).encode()


if __name__ == "__main__":
    perform({"append": append, "fill": fill, "read": read})
