"""What the tests of the feed process work with: an event loop, a tail that is filled by hand, a source in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from service.feeds.events import SOURCE, EventWriter
from service.live.front import Front
from service.live.source import Reading, Told
from service.live.tail import Kept
from service.store.protocol import StoredRecord
from tests.loops import run_in_loop

Answer = TypeVar("Answer")
EPOCH = UUID("0d9f7a0e-6f6f-4df4-9d3a-1f8a4f3f7a11")
WRITER = EventWriter(EPOCH)
_BEGAN = datetime(2026, 11, 20, 14, tzinfo=UTC)


def run(work: Callable[[], Awaitable[Answer]]) -> Answer:
    """What a piece of work in an event loop of its own comes to; it fails when it takes long."""

    async def in_time() -> Answer:
        return await asyncio.wait_for(work(), 20)

    return run_in_loop(in_time())


def record(position: int, topic: str = "EntityRenamed.v1", size: int = 0) -> StoredRecord:
    state = b'{"name":"%b"}' % (b"x" * size)
    return StoredRecord(position, "entity-ant", position, topic, state, _BEGAN + timedelta(seconds=position))


def told(position: int, topic: str = "EntityRenamed.v1", size: int = 0) -> Told:
    return Told(position, WRITER.cursor(position), WRITER.event(record(position, topic, size)))


def kept(position: int, topic: str = "EntityRenamed.v1", entities: frozenset[str] | None = None, size: int = 0) -> Kept:
    return Kept(position, topic, entities, told(position, topic, size))


class ListSource:
    """Numbers up to `front`, of which those in `chosen` are told, `most` at once."""

    address = SOURCE

    def __init__(self, front: Front, chosen: Callable[[int], bool] = bool, most: int = 10) -> None:
        self.front = front
        self._chosen = chosen
        self._most = most

    def at_hand(self, place: int) -> Reading | None:
        return None

    def read(self, place: int) -> Reading:
        end = min(self.front.position, place + self._most)
        found = [told(number) for number in range(place + 1, end + 1) if self._chosen(number)]
        return Reading(found, max(place, end), end >= self.front.position)

    def position(self, place: int) -> int:
        return place

    def checkpoint(self, place: int) -> Told:
        return Told(place, WRITER.cursor(place), WRITER.checkpoint(place))


class Client:
    """Takes what is put, as fast as it comes; at once, where it `is_quick`."""

    def __init__(self, is_quick: bool = False) -> None:
        self.taken = b""
        self.is_quick = is_quick
        self.at_once = 0
        """How many parts were put without waiting."""

    async def put(self, part: bytes) -> None:
        self.taken += part
        await asyncio.sleep(0)

    def put_at_once(self, part: bytes) -> bool:
        if self.is_quick:
            self.taken += part
            self.at_once += 1
        return self.is_quick


class MemorySource(ListSource):
    """The same, and what comes after it began is at hand."""

    def __init__(self, front: Front, chosen: Callable[[int], bool] = bool, most: int = 10) -> None:
        super().__init__(front, chosen, most)
        self._start = front.position

    def at_hand(self, place: int) -> Reading | None:
        return None if place < self._start else self.read(place)


def threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(2)
