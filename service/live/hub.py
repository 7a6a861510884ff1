"""The hub: what everybody who listens shares, from the start of the process to its end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any, TypeVar
from uuid import UUID

import structlog

from service.errors import ServiceError, StoreUnavailable
from service.http.errors import TooManyStreams
from service.live.front import Front
from service.live.tail import Tail
from service.live.tailing import POLL_SECONDS, Tailing
from service.metrics import FEED_POSITION, STREAMS, STREAMS_MOST
from service.settings import Limits
from service.store.protocol import AppendSignal
from service.timeline.feed import Feed

THREADS = 4
"""How many read the database for those who are not at the end of the log."""
Answer = TypeVar("Answer")
_log = structlog.get_logger(__name__)


class Threads(ThreadPoolExecutor):
    """Threads that know for which request they work: what they log names it."""

    def submit(self, fn: Callable[..., Answer], /, *args: Any, **kwargs: Any) -> Future[Answer]:
        """Has one of them do it."""
        return super().submit(copy_context().run, fn, *args, **kwargs)


class Hub:
    """The end of the log, kept in memory by one reader, and those who listen to it. For one event loop."""

    def __init__(self, feed: Feed, signal: Callable[[], AppendSignal], limits: Limits) -> None:
        self.feed = feed
        self.threads = Threads(THREADS, "reading")
        self._signal = signal
        self._limits = limits
        self._open: Counter[str | None] = Counter()
        self._asking_whom = 0
        self._tail: Tail | None = None
        self._tailing: Tailing | None = None
        self._is_ending = False
        self._restart: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins at the end of the log; where the database cannot be asked, as soon as it can."""
        STREAMS_MOST.set(self._limits.streams)
        try:
            await self._begin()
        except ServiceError as error:
            _log.warning("the log cannot be followed", error=str(error))
            self._restart = asyncio.get_running_loop().create_task(self._start_again())

    async def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        epoch, head = await self.in_thread(self._place)
        tail = self._tail = Tail(epoch, Front(loop, head))
        FEED_POSITION.set(head)
        self._tailing = Tailing(
            self.feed,
            self._signal(),
            loop,
            put=tail.put,
            end=self._begin_anew,
            concerns=lambda: self._asking_whom > 0,
        )
        self._tailing.start(epoch, head)

    def end(self) -> None:
        """Everybody is told that it ends, and nobody waits any more."""
        self._is_ending = True
        if self._tailing is not None:
            self._tailing.stop()
        if self._tail is not None:
            self._tail.front.close()

    def close(self) -> None:
        """Frees the threads."""
        self.threads.shutdown(wait=False, cancel_futures=True)

    async def in_thread(self, act: Callable[[], Answer]) -> Answer:
        """What something comes to that waits for the database."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, act)

    @property
    def tail(self) -> Tail:
        """The end of the log. StoreUnavailable as long as it was never found."""
        if self._tail is None:
            raise StoreUnavailable("The end of the log is not known yet.")
        return self._tail

    @contextmanager
    def telling_whom(self, is_asked: bool) -> Iterator[None]:
        """Has the tail tell whom events concern during the block, if that is asked for."""
        self._asking_whom += is_asked
        try:
            yield
        finally:
            self._asking_whom -= is_asked

    @contextmanager
    def turn(self, who: str | None) -> Iterator[None]:
        """One of the streams that the process, and a key, may have at once. TooManyStreams when there are as many."""
        if self._open.total() >= self._limits.streams:
            raise TooManyStreams(f"at most {self._limits.streams} at once; try again later")
        if who is not None and self._open[who] >= self._limits.streams_a_key:
            raise TooManyStreams(f"at most {self._limits.streams_a_key} at once with one key; close another one")
        self._open[who] += 1
        STREAMS.inc()
        try:
            yield
        finally:
            self._open[who] -= 1
            STREAMS.dec()

    def _place(self) -> tuple[UUID, int]:
        return self.feed.epoch(), self.feed.head()

    def _begin_anew(self) -> None:
        """The log is another one: whoever listens is let go, and told so by the API when it comes back."""
        _log.warning("the log was replaced")
        self.tail.front.close()
        self._restart = asyncio.get_running_loop().create_task(self._start_again())

    async def _start_again(self) -> None:
        while not self._is_ending:
            try:
                await self._begin()
            except ServiceError as error:
                _log.warning("the log cannot be followed", error=str(error))
                await asyncio.sleep(POLL_SECONDS)
            else:
                return
