"""Waiting for one thing that others say, or for the time to be over."""

from __future__ import annotations

from asyncio import AbstractEventLoop


class Bell:
    """Rings once. For one event loop."""

    __slots__ = ("_future", "_loop")

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._future = loop.create_future()

    @property
    def is_rung(self) -> bool:
        """Whether it has rung, or nobody waits for it any more."""
        return self._future.done()

    def ring(self) -> None:
        """Whoever waits goes on."""
        if not self._future.done():
            self._future.set_result(None)

    async def rung(self, seconds: float) -> None:
        """Waits until it rings; it rings by itself when the time is over."""
        alarm = self._loop.call_later(seconds, self.ring)
        try:
            await self._future
        finally:
            alarm.cancel()
