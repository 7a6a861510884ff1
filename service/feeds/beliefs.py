"""Belief changes as CloudEvents: one for each matter about which something else was believed from a log position on.

They are in the order of log positions, and of the ids of matters at one. What was believed is known as far as the read
side is, so this feed is at its end where that is.
"""

from __future__ import annotations

import binascii
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from service.feeds.cursor import NAME, OTHER_LOG, BadCursor, OtherEpoch
from service.feeds.events import CHECKPOINT_TYPE, SCHEMAS, TYPE_PREFIX
from service.timeline.beliefs import LAST_MATTER, BeliefChange, BeliefChanges, Spot, Wanted, WholeChanges

SOURCE = "/v1/beliefs"
TOPIC = "BeliefChanged.v1"
Telling = Callable[[BeliefChange], Mapping[str, Any]]
"""How a belief change is told as plain data."""
_KIND = b"be"
_CURSOR = struct.Struct(">2s16sQ16s")
_CHARACTERS = 56
_LARGEST = 2**53
_encode = msgspec.json.Encoder().encode


class Told(NamedTuple):
    """A belief change, and the event that tells it."""

    key: Spot
    change: BeliefChange
    event: bytes

    @property
    def size(self) -> int:
        """How many bytes the event has."""
        return len(self.event)


class Page(NamedTuple):
    """Events in their order. All up to `last` were looked at; `is_end`: there are no more by now."""

    events: list[Told]
    last: Spot
    is_end: bool


class BeliefFeed:
    """Belief changes for subscribers, of one log: those wanted. For many threads."""

    def __init__(self, changes: BeliefChanges, epoch: UUID, wanted: Wanted, telling: Telling) -> None:
        self._changes = changes
        self._wanted = wanted
        self._telling = telling
        self.epoch = epoch

    def page(self, after: Spot, limit: int, until: int | None = None) -> Page:
        """At most `limit` events behind a place, up to a log position that was reached, or to the last that was."""
        end = Spot(self._changes.reached() if until is None else until, LAST_MATTER)
        if after >= end:
            return Page([], after, True)
        found = self._changes.behind(self._wanted, after, end.position, limit)
        return Page(self._told(found), found.rest or end, found.rest is None)

    def back(self, until: Spot, limit: int) -> tuple[list[Told], Spot | None]:
        """At most the last `limit` events up to a place and with it, and the one up to which there may be more."""
        found = self._changes.before(self._wanted, until, limit)
        return self._told(found), found.rest and _before(found.rest)

    def end(self) -> Spot:
        """The last place by now."""
        return Spot(self._changes.reached(), LAST_MATTER)

    def recorded_at(self, position: int) -> datetime | None:
        """When the event at a log position that was reached was recorded."""
        return self._changes.recorded_at(position)

    @staticmethod
    def behind(spot: Spot) -> Spot:
        """The place behind all that there is at the log position of one."""
        return Spot(spot.position, LAST_MATTER)

    def cursor(self, spot: Spot) -> str:
        """The cursor of a place: 56 characters of base64url (RFC 4648)."""
        raw = _CURSOR.pack(_KIND, self.epoch.bytes, spot.position, spot.matter.bytes)
        return urlsafe_b64encode(raw).decode()

    def spot(self, cursor: str) -> Spot:
        """The place of a cursor. BadCursor for what was never handed out; OtherEpoch for one of another log."""
        try:
            raw = urlsafe_b64decode(cursor) if len(cursor) == _CHARACTERS and cursor.isascii() else b""
        except (binascii.Error, ValueError):
            raw = b""
        if len(raw) != _CURSOR.size or urlsafe_b64encode(raw).decode() != cursor:
            raise BadCursor("this is not a cursor of belief changes", NAME)
        kind, epoch, position, matter = _CURSOR.unpack(raw)
        if kind != _KIND or position >= _LARGEST:
            raise BadCursor("this is not a cursor of belief changes", NAME)
        if epoch != self.epoch.bytes:
            raise OtherEpoch(OTHER_LOG, NAME, SOURCE)
        return Spot(position, UUID(bytes=matter))

    def checkpoint(self, spot: Spot) -> bytes:
        """That all events up to a place were handed out or left out, as an event without data."""
        return _encode(self._head(spot, CHECKPOINT_TYPE))

    def _told(self, found: WholeChanges) -> list[Told]:
        return [self._event(change) for change in found.changes]

    def _event(self, change: BeliefChange) -> Told:
        spot = Spot(change.position, UUID(change.matter))
        event = {
            **self._head(spot, TYPE_PREFIX + TOPIC),
            "subject": f"matter/{change.matter}",
            "time": change.recorded_at,
            "dataschema": SCHEMAS + TOPIC,
            "datacontenttype": "application/json",
            "data": self._telling(change),
        }
        return Told(spot, change, _encode(event))

    def _head(self, spot: Spot, kind: str) -> dict[str, Any]:
        return {
            "specversion": "1.0",
            "id": self.cursor(spot),
            "source": SOURCE,
            "type": kind,
            "sequence": str(spot.position),
        }


def _before(spot: Spot) -> Spot | None:
    """The place just before one; None before all."""
    if spot.matter.int:
        return Spot(spot.position, UUID(int=spot.matter.int - 1))
    return Spot(spot.position - 1, LAST_MATTER) if spot.position else None
