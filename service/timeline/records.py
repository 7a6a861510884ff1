"""How many events of the log are records: all but the checkpoints that the log keeps of itself."""

from __future__ import annotations

from bisect import bisect_right
from threading import Lock
from uuid import UUID

from events.identity import CHECKPOINTS_STREAM
from service.store.protocol import EventStore


class RecordCount:
    """Counts records. What was read is kept: a checkpoint stays where it is for as long as the log is the same."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._lock = Lock()
        self._epoch: UUID | None = None
        self._checkpoints: list[int] = []
        self._counted = 0

    def up_to(self, position: int, epoch: UUID) -> int:
        """How many of the events up to a position of the log of this epoch are records."""
        with self._lock:
            if epoch != self._epoch:
                self._epoch, self._checkpoints, self._counted = epoch, [], 0
            if position > self._counted:
                rows = self._store.read_stream(CHECKPOINTS_STREAM, after=len(self._checkpoints), until=position)
                self._checkpoints += [row.position for row in rows]
                self._counted = position
            return position - bisect_right(self._checkpoints, position)
