"""How far behind a replica is in seconds: what the primary had written when, beside what the replica has replayed."""

from __future__ import annotations

from collections import deque
from math import inf
from typing import NamedTuple

UNHEARD = 3.0
"""What a server that has said nothing for so many seconds has done since is not known."""
MOST = 1_000


class Step(NamedTuple):
    """Up to where the primary had written at a moment (`monotonic`)."""

    at: float
    written: int


class Trail:
    """The steps of the primary that the replica has not replayed yet, and the last of all."""

    def __init__(self) -> None:
        self._steps: deque[Step] = deque()
        self._last: Step | None = None
        self._replayed = -1
        self._looked_at = 0.0

    def note_written(self, at: float, written: int) -> None:
        """The primary had written so much at a moment. Less than before: another server is the primary now.

        What it had written when it was first looked at may be of any age.
        """
        is_first = self._last is None or written < self._last.written
        if is_first:
            self._steps.clear()
        self._last = Step(at, written)
        self._steps.append(Step(-inf, written) if is_first else self._last)
        if len(self._steps) > MOST:
            self._steps = deque(list(self._steps)[::2])
        self._drop()

    def note_replayed(self, at: float, replayed: int) -> None:
        """The replica had replayed so much at a moment."""
        self._looked_at, self._replayed = at, replayed
        self._drop()

    def lag(self, now: float) -> float:
        """For how many seconds something had been written that the replica lacked when it was last looked at; 0 where
        it was not known to lack any, and for ever where it lacks what nobody here saw being written. As long as nothing
        is heard of one of them, it counts on.

        It may be too low by the time between two looks: what was written in between is noted at the second.
        """
        if self._steps:
            until = now if now - self._looked_at > UNHEARD else self._looked_at
            return max(until - self._steps[0].at, 0.0)
        if self._last is None:
            return inf
        unheard = now - self._last.at
        return unheard if unheard > UNHEARD else 0.0

    def _drop(self) -> None:
        while self._steps and self._steps[0].written <= self._replayed:
            self._steps.popleft()
