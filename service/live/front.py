"""How far something is, and waiting until it is farther. For one event loop."""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future


class Front:
    """A position that only grows, and those who wait for it to grow."""

    def __init__(self, loop: AbstractEventLoop, position: int) -> None:
        self._loop = loop
        self.position = position
        self.is_closed = False
        self._waiting: set[Future[None]] = set()

    def move(self, position: int) -> None:
        """It is at this position now."""
        self.position = position
        self._wake()

    def close(self) -> None:
        """Nobody waits any more."""
        self.is_closed = True
        self._wake()

    async def beyond(self, position: int, seconds: float) -> bool:
        """Waits until it is beyond a position; False when the time was over before, or it was closed."""
        until = self._loop.time() + seconds
        while self.position <= position and not self.is_closed and (left := until - self._loop.time()) > 0:
            await self._woken(left)
        return self.position > position and not self.is_closed

    async def _woken(self, seconds: float) -> None:
        waiting = self._loop.create_future()
        self._waiting.add(waiting)
        timer = self._loop.call_later(seconds, _set, waiting)
        try:
            await waiting
        finally:
            timer.cancel()
            self._waiting.discard(waiting)

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for one in waiting:
            _set(one)


def _set(waiting: Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
