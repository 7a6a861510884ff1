"""Handing a source on: as a stream that goes on, or as the next page once there is one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor

import structlog

from service.errors import ServiceError
from service.feeds.forms import CAUGHT_UP, CHECKPOINT, HEARTBEAT, TEXTS, beginning, ending, marker, streamed
from service.live.source import Place, Reading, Source, Told

HEARTBEAT_SECONDS = 15.0
RETRY_MS = 1_000
_PAUSE = 1.0
Put = Callable[[bytes], Awaitable[None]]
_log = structlog.get_logger(__name__)


class Reader:
    """Reads a source from a place on: from memory, else in a thread."""

    def __init__(self, source: Source, place: Place, threads: Executor) -> None:
        self._source = source
        self._threads = threads
        self.place = place
        self.is_of_memory = False
        """Whether the last events were at hand."""

    async def next(self, of_memory: bool = True) -> Reading | None:
        """The next events; None when they cannot be had now. What is in memory may lag a little behind."""
        reading = self._source.at_hand(self.place) if of_memory else None
        self.is_of_memory = reading is not None
        if reading is None:
            try:
                loop = asyncio.get_running_loop()
                reading = await loop.run_in_executor(self._threads, self._source.read, self.place)
            except ServiceError as error:
                _log.warning("a stream waits", error=str(error))
                return None
        self.place = reading.place
        return reading

    async def news(self, seconds: float) -> bool:
        """Waits until there may be more; False when the time was over before, or the source ended."""
        return await self._source.front.beyond(self._source.position(self.place), seconds)


async def stream(source: Source, place: Place, put: Put, threads: Executor, heartbeat: float) -> None:
    """Tells everything from a place on, until the source ends. `put` waits until the client has taken what was before.

    Each `heartbeat` seconds without anything else something is said: how far was looked, where that is news.
    """
    loop = asyncio.get_running_loop()
    reader = Reader(source, place, threads)
    last = place
    has_caught_up = seems_caught_up = False
    await put(beginning(RETRY_MS))
    due = loop.time() + heartbeat
    while not source.front.is_closed:
        reading = await reader.next(has_caught_up or not seems_caught_up)
        if reading is None:
            await put(HEARTBEAT)
            due = loop.time() + heartbeat
            await asyncio.sleep(_PAUSE)
            continue
        parts = _written(reading)
        if parts:
            last = reading.events[-1].place
        seems_caught_up = reading.is_end
        if reading.is_end and not has_caught_up and not reader.is_of_memory:
            has_caught_up, last = True, reader.place
            parts.append(_marked(CAUGHT_UP, source.checkpoint(last)))
        elif not reading.events and not reading.is_end:
            last = reader.place
            parts.append(_marked(CHECKPOINT, source.checkpoint(last)))
        if parts:
            await put(b"".join(parts))
            due = loop.time() + heartbeat
        if has_caught_up and reading.is_end:
            await reader.news(due - loop.time())
        if loop.time() >= due and not source.front.is_closed:
            is_new = reader.place != last
            last = reader.place
            await put(_marked(CHECKPOINT, source.checkpoint(last)) if is_new else HEARTBEAT)
            due = loop.time() + heartbeat
    await put(ending("The service stops, or starts again: go on after the last id."))


async def page(source: Source, place: Place, threads: Executor, limit: int, seconds: float) -> tuple[list[Told], Place]:
    """At most `limit` next events, waited for if there are none yet, and the place up to which was looked."""
    reader = Reader(source, place, threads)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    is_over = False
    while True:
        reading = await reader.next(not is_over)
        if reading is not None and reading.events:
            events = reading.events[:limit]
            return events, reading.place if len(events) == len(reading.events) else events[-1].place
        left = deadline - loop.time()
        if source.front.is_closed or (left <= 0 and not reader.is_of_memory):
            return [], reader.place
        is_over = left <= 0
        if reading is None:
            await asyncio.sleep(min(_PAUSE, left))
        elif reading.is_end:
            await reader.news(left)


def _written(reading: Reading) -> list[bytes]:
    parts = [streamed(told.cursor, told.event) for told in reading.events]
    return parts if reading.before is None else [_marked(TEXTS, reading.before), *parts]


def _marked(name: str, told: Told) -> bytes:
    return marker(name, told.cursor, told.event)
