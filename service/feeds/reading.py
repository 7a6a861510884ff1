"""What a form that is read from its end asks of a feed: of the log, or of belief changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from service.feeds.atom import Entry
from service.feeds.runs import Keyed, Ordered

Key = TypeVar("Key")
Event = TypeVar("Event", bound=Keyed[Any])


class Readable(Ordered[Key, Event], Protocol[Key, Event]):
    """Events that can be told as entries of Atom."""

    epoch: UUID
    """The log that they are of."""
    title: str
    """What they are, in words."""

    def end(self) -> Key:
        """The last place by now."""

    def place(self, cursor: str) -> Key:
        """That of a cursor. BadCursor, or OtherEpoch for one of an earlier life of the log."""

    def cursor(self, key: Key) -> str:
        """That of a place."""

    def time(self, key: Key) -> datetime | None:
        """When the last event up to a place was recorded; None where there is none."""

    def entries(self, events: Sequence[Event]) -> list[Entry]:
        """Events as entries, in their order."""
