"""Who is here with which key: when a key ends, so does what goes on with it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

import structlog

from service.keys.errors import NotAuthorized
from service.keys.keyring import Keyring
from service.keys.scopes import LOCAL_ID, Holder

LOOK_SECONDS = 1.0
Answer = TypeVar("Answer")
_log = structlog.get_logger(__name__)


class Presence:
    """Who is here. For one event loop; the database is asked in a thread that nobody else needs."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._thread = ThreadPoolExecutor(1, "keys")
        self._here: defaultdict[str, set[asyncio.Timeout]] = defaultdict(set)

    async def in_thread(self, act: Callable[[], Answer]) -> Answer:
        """What something comes to that waits for the database."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, act)

    @asynccontextmanager
    async def lasting(self, holder: Holder) -> AsyncIterator[None]:
        """The block is broken off by NotAuthorized when the key of somebody ends."""
        try:
            async with asyncio.timeout(None) as limit:
                self._here[holder.id].add(limit)
                try:
                    yield
                finally:
                    self._leave(holder.id, limit)
        except TimeoutError:
            if limit.expired():
                raise NotAuthorized(_why(holder)) from None
            raise

    async def watch(self) -> None:
        """Looks each second, for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except Exception:  # noqa: BLE001
                # Without this nobody would be sent away any more, and nobody would know.
                _log.exception("keys cannot be looked at")

    async def look(self) -> None:
        """Finds out which keys have ended, and sends those away who hold them."""
        names = list(self._here)
        now = asyncio.get_running_loop().time()
        for name in await self.in_thread(lambda: self._keyring.ended(names)):
            limits = [limit for limit in self._here.get(name, ()) if limit.when() is None]
            for limit in limits:
                limit.reschedule(now)
            if limits:
                _log.info("a key has ended", key=name, streams=len(limits))

    def close(self) -> None:
        """Frees the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _leave(self, name: str, limit: asyncio.Timeout) -> None:
        self._here[name].discard(limit)
        if not self._here[name]:
            del self._here[name]


def _why(holder: Holder) -> str:
    return "A key is needed by now." if holder.id == LOCAL_ID else f"The key {holder.id} was revoked, or has expired."
