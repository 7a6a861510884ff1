"""What became of a claim, event by event, in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from events.envelope import RecordedEvent
from events.event_types import (
    ClaimCorrected,
    Claimed,
    ClaimRedated,
    ClaimRefAdded,
    ClaimReinstated,
    ClaimRetracted,
    DomainEvent,
    EvidenceAdded,
)
from events.identity import split_stream
from events.values import Recorder


class Changed(NamedTuple):
    """One field that changed."""

    field: str
    before: Any
    after: Any


class Entry(NamedTuple):
    """One event: what happened, why, and told by which article; `is_later`: after the point that is shown."""

    position: int
    recorded_at: datetime
    recorder: Recorder
    what: str
    detail: str = ""
    article: str | None = None
    changes: tuple[Changed, ...] = ()
    is_later: bool = False


def history(events: Iterable[RecordedEvent], position: int) -> list[Entry]:
    """The events of a claim from its first one on, as they are told at a log position."""
    content: dict[str, Any] = {}
    entries = []
    for one in events:
        told = _told(one.event, content)
        entries.append(
            Entry(one.position, one.recorded_at, one.event.recorder, **told, is_later=one.position > position)
        )
    return entries


def _told(event: DomainEvent, content: dict[str, Any]) -> dict[str, Any]:
    """What one event says; `content` is what the claim said before it, and is brought up to date."""
    match event:
        case Claimed():
            content |= msgspec.to_builtins(event.content)
            return {"what": "recorded", "detail": event.evidence.summary, "article": event.content.article}
        case EvidenceAdded():
            return {"what": "more evidence", "detail": event.evidence.summary}
        case ClaimRefAdded():
            return {"what": "another name", "detail": event.ref}
        case ClaimCorrected():
            changes = tuple(Changed(name, content.get(name), after) for name, after in sorted(event.changes.items()))
            content |= event.changes
            return {"what": "corrected", "detail": event.reason, "article": event.article, "changes": changes}
        case ClaimRedated():
            moved = [(msgspec.to_builtins(one.before), msgspec.to_builtins(one.after)) for one in event.moved]
            content |= next(({"time": after} for before, after in moved if before == content.get("time")), {})
            _, cause = split_stream(event.cause.rpartition("@")[0])
            detail = "the date of its article was corrected, and its own follows from that"
            return {
                "what": "dated anew", "detail": detail, "article": cause,
                "changes": tuple(Changed("time", before, after) for before, after in moved),
            }  # fmt: skip
        case ClaimRetracted():
            return {"what": "withdrawn", "detail": event.reason, "article": event.article}
        case ClaimReinstated():
            return {"what": "reinstated", "detail": event.reason, "article": event.article}
    raise AssertionError("claims have no other events")
