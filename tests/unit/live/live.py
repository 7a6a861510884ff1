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
    """Numbers up to `front`, of which those in `chosen` are told, `most` at once; `failing` reads fail first."""

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
    """Takes what is put, as fast as it comes."""

    def __init__(self) -> None:
        self.taken = b""

    async def put(self, part: bytes) -> None:
        self.taken += part
        await asyncio.sleep(0)


def threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(2)
