"""Rows of the log as events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import structlog

from events.codec import UnreadableEvent, decode
from events.envelope import RecordedEvent
from service.store.protocol import StoredRecord

_log = structlog.get_logger(__name__)


def recorded(row: StoredRecord) -> RecordedEvent:
    """A row as the event that it holds. UnreadableEvent when it cannot be read."""
    return RecordedEvent(row.position, row.recorded_at, decode(row.topic, row.state, row.stream, row.version))


def readable(rows: Iterable[StoredRecord]) -> Iterator[RecordedEvent]:
    """The events of one stream up to the first that cannot be read: the stream is held back there, the rest goes on."""
    for row in rows:
        try:
            yield recorded(row)
        except UnreadableEvent as error:
            _log.error("stream held back", stream=row.stream, position=row.position, error=str(error))
            return
