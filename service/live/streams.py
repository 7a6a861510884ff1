"""Handing a source on: as a stream that goes on, or as the next page once there is one."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from typing import Protocol

import structlog

from service.errors import ServiceError
from service.feeds.forms import CAUGHT_UP, CHECKPOINT, HEARTBEAT, beginning, ending, marker
from service.live.bell import Bell
from service.live.source import Place, Reading, Source, Told
from service.metrics import FEED_EVENTS

HEARTBEAT_SECONDS = 15.0
RETRY_MS = 1_000
_PAUSE = 1.0
_log = structlog.get_logger(__name__)


class Reader:
    """Reads a source from a place on: from memory, else in a thread."""

    __slots__ = ("_source", "_threads", "is_of_memory", "place")

    def __init__(self, source: Source, place: Place, threads: Executor) -> None:
        self._source = source
        self._threads = threads
        self.place = place
        self.is_of_memory = False
        """Whether the last events were at hand."""

    async def next(self, of_memory: bool = True) -> Reading | None:
        """The next events; None when they cannot be had now. What is in memory may lag a little behind."""
        reading = self.at_hand() if of_memory else None
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

    def at_hand(self) -> Reading | None:
        """The next events, if they are in memory; the place stays."""
        return self._source.at_hand(self.place)

    async def news(self, seconds: float) -> bool:
        """Waits until there may be more; False when the time was over before, or the source ended."""
        return await self._source.front.beyond(self._source.position(self.place), seconds)


class Outlet(Protocol):
    """The way to a client."""

    async def put(self, part: bytes) -> None:
        """Waits until the client has taken what was before."""

    def put_at_once(self, part: bytes) -> bool:
        """The same without waiting; False, and nothing is sent, where that cannot be."""


class Streaming:
    """Tells everything from a place on, until the source ends.

    Each `heartbeat` seconds without anything else something is said: how far was looked, where that is news.
    """

    __slots__ = (
        "_bell", "_due", "_has_caught_up", "_heartbeat", "_last", "_loop", "_outlet", "_reader", "_seems_caught_up",
        "_source",
    )  # fmt: skip

    def __init__(self, source: Source, place: Place, outlet: Outlet, threads: Executor, heartbeat: float) -> None:
        self._source = source
        self._reader = Reader(source, place, threads)
        self._outlet = outlet
        self._heartbeat = heartbeat
        self._loop = asyncio.get_running_loop()
        self._last = place
        """The place that the client knows of."""
        self._due = 0.0
        self._has_caught_up = self._seems_caught_up = False
        self._bell: Bell | None = None

    async def run(self) -> None:
        """Ends when the source is closed."""
        front = self._source.front
        await self._put(beginning(RETRY_MS))
        while not front.is_closed:
            reading = await self._reader.next(self._has_caught_up or not self._seems_caught_up)
            if reading is None:
                await self._put(HEARTBEAT)
                await asyncio.sleep(_PAUSE)
                continue
            await self._tell(reading)
            if self._has_caught_up and reading.is_end:
                await self._stand()
            if self._loop.time() >= self._due and not front.is_closed:
                await self._beat()
        await self._put(ending("The service stops, or starts again: go on after the last id."))

    async def _put(self, part: bytes) -> None:
        await self._outlet.put(part)
        self._due = self._loop.time() + self._heartbeat

    async def _tell(self, reading: Reading) -> None:
        part = reading.streamed
        FEED_EVENTS.add(len(reading.events))
        if reading.events:
            self._last = reading.events[-1].place
        self._seems_caught_up = reading.is_end
        if reading.is_end and not self._has_caught_up and not self._reader.is_of_memory:
            self._has_caught_up = True
            part += self._here(CAUGHT_UP)
        elif not reading.events and not reading.is_end:
            part += self._here(CHECKPOINT)
        if part:
            await self._put(part)

    async def _beat(self) -> None:
        await self._put(self._here(CHECKPOINT) if self._reader.place != self._last else HEARTBEAT)

    def _here(self, name: str) -> bytes:
        self._last = self._reader.place
        told = self._source.checkpoint(self._last)
        return marker(name, told.cursor, told.event)

    async def _stand(self) -> None:
        """Waits at the end of the source. What comes is handed on at once, by whoever brings it, as long as it is in
        memory and the client takes it: to wake a thousand streams for it takes three times as long.
        """
        front = self._source.front
        with front.watched(self._on_move):
            while front.position <= self._source.position(self._reader.place) and not front.is_closed:
                left = self._due - self._loop.time()
                if left <= 0:
                    return
                self._bell = Bell(self._loop)
                await self._bell.rung(left)

    def _on_move(self) -> None:
        if self._bell is None or self._bell.is_rung:
            return
        try:
            is_told = self._hand_on()
        except Exception:  # noqa: BLE001
            # Nobody else's events wait for this stream; it meets the fault again by itself.
            is_told = False
        if not is_told:
            self._bell.ring()

    def _hand_on(self) -> bool:
        reading = None if self._source.front.is_closed else self._reader.at_hand()
        if reading is None or not reading.is_end or (reading.events and not self._outlet.put_at_once(reading.streamed)):
            return False
        self._reader.place = reading.place
        if reading.events:
            FEED_EVENTS.add(len(reading.events))
            self._last = reading.events[-1].place
            self._due = self._loop.time() + self._heartbeat
        return True


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
