"""What a token says of the log: which one it is, and how many of its events are records.

Records are all events but those about the log itself: checkpoints, and what was erased.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from threading import Lock
from time import monotonic
from uuid import UUID

from events.identity import LOG_STREAMS
from service.store.protocol import EventStore

OLDEST = 1.0
"""For so many seconds the identity of the log is taken to be the same."""


class RecentEpoch:
    """The identity of the log as it was at most a second ago.

    Good for what says which log it came from: where a restore has put another one in its place, what was made of the
    old identity within that second is refused. Whoever checks an identity asks the store itself.
    """

    def __init__(self, store: EventStore, now: Callable[[], float] = monotonic) -> None:
        self._store = store
        self._now = now
        self._known: tuple[float, UUID] | None = None

    def get(self) -> UUID:
        """The identity. Threads that ask at once may each ask the store."""
        known, now = self._known, self._now()
        if known is None or now - known[0] >= OLDEST:
            known = self._known = now, self._store.epoch()
        return known[1]


class RecordCount:
    """Counts records. What was read is kept: events stay where they are for as long as the log is the same."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._lock = Lock()
        self._epoch: UUID | None = None
        self._others: dict[str, list[int]] = {}
        self._counted = 0

    def up_to(self, position: int, epoch: UUID) -> int:
        """How many of the events up to a position of the log of this epoch are records."""
        with self._lock:
            if epoch != self._epoch:
                self._epoch, self._others, self._counted = epoch, {stream: [] for stream in LOG_STREAMS}, 0
            if position > self._counted:
                for stream, known in self._others.items():
                    rows = self._store.read_stream(stream, after=len(known), until=position)
                    known += [row.position for row in rows]
                self._counted = position
            return position - sum(bisect_right(known, position) for known in self._others.values())
