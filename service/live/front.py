"""How far something is, and waiting until it is farther. For one event loop."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from service.live.bell import Bell


class Front:
    """A position that only grows, and those who wait for it to grow."""

    def __init__(self, loop: AbstractEventLoop, position: int) -> None:
        self._loop = loop
        self.position = position
        self.is_closed = False
        self._watching: set[Callable[[], None]] = set()

    def move(self, position: int) -> None:
        """It is at this position now."""
        self.position = position
        self._tell()

    def close(self) -> None:
        """Nobody waits any more."""
        self.is_closed = True
        self._tell()

    @contextmanager
    def watched(self, act: Callable[[], None]) -> Iterator[None]:
        """Does something whenever it moves or is closed during the block. It must not raise."""
        self._watching.add(act)
        try:
            yield
        finally:
            self._watching.discard(act)

    async def beyond(self, position: int, seconds: float) -> bool:
        """Waits until it is beyond a position; False when the time was over before, or it was closed."""
        until = self._loop.time() + seconds
        while self.position <= position and not self.is_closed and (left := until - self._loop.time()) > 0:
            bell = Bell(self._loop)
            with self.watched(bell.ring):
                await bell.rung(left)
        return self.position > position and not self.is_closed

    def _tell(self) -> None:
        for act in tuple(self._watching):
            act()
