"""When a checkpoint is due."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """How often checkpoints are signed, in seconds.

    A log that grew is signed once it has been quiet for `quiet`, so that a burst of work is closed soon and by one
    checkpoint; under load without a pause `longest` after the first event that no checkpoint covers. Two checkpoints
    are `spacing` apart, so that where now and then one event is recorded there are not as many checkpoints as events.
    """

    quiet: float = 3.0
    spacing: float = 20.0
    longest: float = 60.0


class Due:
    """Watches the log grow and says when to sign. The clock is the caller's: `now` is seconds that never go back."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._size = 0
        self._grown_at = -math.inf
        self._uncovered_since: float | None = None
        self._signed_at = -math.inf

    def is_due(self, now: float, size: int, covered: int) -> bool:
        """Whether to sign now. `covered`: how many events the last checkpoint covers, its own event included."""
        if size != self._size:
            self._size, self._grown_at = size, now
        if size <= covered:
            self._uncovered_since = None
            return False
        if self._uncovered_since is None:
            self._uncovered_since = now
        if now - self._signed_at < self._pace.spacing:
            return False
        is_quiet = now - self._grown_at >= self._pace.quiet
        return is_quiet or now - self._uncovered_since >= self._pace.longest

    def signed(self, now: float) -> None:
        """A checkpoint was signed."""
        self._signed_at = now
        self._uncovered_since = None
