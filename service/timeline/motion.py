"""Whether something that has to move on does."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic


class Motion:
    """Watches a position, as often as it is asked about it."""

    def __init__(self, longest: float, now: Callable[[], float] = monotonic) -> None:
        """`longest`: after so many seconds at one place, short of the goal, it is stalled."""
        self._longest = longest
        self._now = now
        self._seen = (-1, 0.0)

    def is_stalled(self, position: int, goal: int) -> bool:
        """Whether it has been seen at this position for too long already."""
        at, since = self._seen
        if position != at or position >= goal:
            self._seen = position, self._now()
            return False
        return self._now() - since > self._longest
