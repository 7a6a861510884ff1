"""What a stream is made of: a source that is read from a place on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from service.feeds.forms import TEXTS, marker, streamed
from service.live.front import Front

Place = Any
"""How far a reader is: what a source hands out, and takes again."""
MOST_EVENTS, MOST_BYTES = 256, 256 * 1024
"""How much is handed to a client at once, and so waits for it at most: a single event may be larger."""


class Told(NamedTuple):
    """An event, and the place behind it with its cursor."""

    place: Place
    cursor: str
    event: bytes


@dataclass(frozen=True)
class Reading:
    """The next events behind a place, and the place up to which everything was looked at.

    `before` is told ahead of them. `is_end`: there are no more by now.
    """

    events: list[Told]
    place: Place
    is_end: bool
    before: Told | None = None

    @cached_property
    def streamed(self) -> bytes:
        """It as a part of an event stream; written once for all who are told it."""
        texts = [] if self.before is None else [marker(TEXTS, self.before.cursor, self.before.event)]
        return b"".join([*texts, *(streamed(told.cursor, told.event) for told in self.events)])


class Source(Protocol):
    """Events in an order that never changes, of which more come."""

    address: str
    """Where it is asked for."""
    front: Front
    """How far it is by now; a place is behind it as long as there may be more."""

    def at_hand(self, place: Place) -> Reading | None:
        """The next events, if they are in memory."""

    def read(self, place: Place) -> Reading:
        """The next events. It waits for the database, so it is for a thread of its own. Errors are ServiceError."""

    def position(self, place: Place) -> int:
        """That of a place, to wait for what is beyond."""

    def checkpoint(self, place: Place) -> Told:
        """That everything up to a place was told or left out."""
