"""An event after storage."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from events.event_types import DomainEvent


class RecordedEvent(NamedTuple):
    """An event with its place in the log: `position` is dense from 1, `recorded_at` grows strictly with it (UTC)."""

    position: int
    recorded_at: datetime
    event: DomainEvent
