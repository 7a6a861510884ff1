"""Rows of the log as events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import structlog

from events.codec import UnreadableEvent, decode
from events.envelope import RecordedEvent
from events.event_types import DomainEvent
from events.records import Placed, Record, fold_placed
from service.store.protocol import StoredRecord

_log = structlog.get_logger(__name__)


def event_of(row: StoredRecord) -> DomainEvent:
    """The event that a row holds. UnreadableEvent when it cannot be read."""
    return decode(row.topic, row.state, row.stream, row.version)


def recorded(row: StoredRecord) -> RecordedEvent:
    """The event that a row holds, with its place in the log. UnreadableEvent when it cannot be read."""
    return RecordedEvent(row.position, row.recorded_at, event_of(row))


def folded(rows: Iterable[StoredRecord]) -> Record | None:
    """What the rows of one stream fold to; None without rows. UnreadableEvent when one of them cannot be read."""
    return fold_placed(Placed(row.position, event_of(row)) for row in rows)


def readable(rows: Iterable[StoredRecord]) -> Iterator[RecordedEvent]:
    """The events of one stream up to the first that cannot be read: the stream is held back there, the rest goes on."""
    for row in rows:
        try:
            yield recorded(row)
        except UnreadableEvent as error:
            _log.error("stream held back", stream=row.stream, position=row.position, error=str(error))
            return
