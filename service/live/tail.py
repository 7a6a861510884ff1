"""The newest events of the log, in memory, written once for all who listen."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from service.feeds.events import EventWriter
from service.live.front import Front
from service.live.source import MOST_BYTES, MOST_EVENTS, Reading, Told
from service.metrics import FEED_POSITION
from service.timeline.feed import Wanted

MOST_KEPT, MOST_BYTES_KEPT = 8_192, 16 * 1024 * 1024
MOST_READINGS = 8
"""Of how many questions the answers are kept until more comes: nearly all who listen are at the same place."""


class Kept(NamedTuple):
    """An event of the log; whom it concerns is None where nobody wanted to know when it came."""

    position: int
    topic: str
    entities: frozenset[str] | None
    told: Told


class Tail:
    """The end of a log: dense from the position after `start` to that of `front`. For one event loop."""

    def __init__(self, epoch: UUID, front: Front) -> None:
        self.epoch = epoch
        self.front = front
        self.writer = EventWriter(epoch)
        self._kept: deque[Kept] = deque()
        self._bytes = 0
        self._readings: dict[tuple[int, Wanted], Reading] = {}

    @property
    def start(self) -> int:
        """The position after which it begins."""
        return self._kept[0].position - 1 if self._kept else self.front.position

    def put(self, events: Iterable[Kept]) -> None:
        """The next events; those who wait are woken."""
        self._readings.clear()
        reached = self.front.position
        for one in events:
            self._kept.append(one)
            self._bytes += len(one.told.event)
            reached = one.position
        while len(self._kept) > MOST_KEPT or self._bytes > MOST_BYTES_KEPT:
            self._bytes -= len(self._kept.popleft().told.event)
        self.front.move(reached)
        FEED_POSITION.set(reached)

    def after(self, position: int, wanted: Wanted) -> Reading | None:
        """The next wanted events, as many as may wait for a client; None where they are not all known here."""
        known = self._readings.get((position, wanted))
        if known is None and position >= self.start:
            known = self._read(position, wanted)
            if known is not None:
                if len(self._readings) == MOST_READINGS:
                    self._readings.clear()
                self._readings[position, wanted] = known
        return known

    def _read(self, position: int, wanted: Wanted) -> Reading | None:
        chosen: list[Told] = []
        size = 0
        for one in islice(self._kept, position - self.start, None):
            if wanted.entities is not None and one.entities is None:
                return None
            position = one.position
            if _is_wanted(one, wanted):
                chosen.append(one.told)
                size += len(one.told.event)
                if len(chosen) == MOST_EVENTS or size > MOST_BYTES:
                    break
        return Reading(chosen, position, position >= self.front.position)


def _is_wanted(one: Kept, wanted: Wanted) -> bool:
    if wanted.topics is not None and one.topic not in wanted.topics:
        return False
    return wanted.entities is None or not wanted.entities.isdisjoint(one.entities or ())
