"""Runs: the parts in which a feed is read from its end, cut so that everybody finds the same cuts for ever.

A run ends with an event whose key says so, by its hash. So it can be found from any place by looking at the events
around it, how many of all the events are wanted makes no difference, and events that come later move no end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar
from zlib import crc32

USUAL = 64
"""How many events a run holds on the average."""
LEAST = 100
"""How many of the newest events are told at least, where there are as many."""
MOST, MOST_BYTES = 1_000, 8 << 20
"""A run that is longer is cut there, and the rest is told as one of its own."""
MOST_LOOKS = 10
"""How often is looked for events of one run, which each time is bounded: a run may be short, or empty."""
_BATCH = 100

Key = TypeVar("Key")
Place = TypeVar("Place", covariant=True)
Got = TypeVar("Got", covariant=True)


class Keyed(Protocol[Place]):
    """An event with its place in the order of all."""

    @property
    def key(self) -> Place:
        """Its place."""

    @property
    def size(self) -> int:
        """How many bytes it has."""


class Found(NamedTuple, Generic[Key, Got]):
    """Some events, and the place up to which was looked at all; None at the end, or backwards at the beginning."""

    events: Sequence[Got]
    rest: Key | None


class Ordered(Protocol[Key, Got]):
    """Events in an order that never changes, some of which are wanted."""

    def back(self, until: Key, limit: int) -> Found[Key, Got]:
        """At most the last `limit` up to a place and with it, the last of them first."""

    def forth(self, after: Key, limit: int) -> Found[Key, Got]:
        """At most the next `limit` behind a place."""

    def mark(self, key: Key) -> bytes:
        """A place in bytes."""


class Run(NamedTuple, Generic[Key, Got]):
    """Events up to a place, the last of them first; `before` is the end of those before them (None: there are none).

    `is_whole`: it begins where all who look find its beginning.
    """

    events: Sequence[Got]
    before: Key | None
    is_whole: bool


Event = TypeVar("Event", bound=Keyed[Any])


def ends_run(mark: bytes) -> bool:
    """Whether an event at this place is the last of a run."""
    return crc32(mark) % USUAL == 0


def run(source: Ordered[Key, Event], until: Key, least: int = 1) -> Run[Key, Event]:
    """The events up to a place and with it: `least` of them, where there are as many, and on to where a run begins."""
    events: list[Event] = []
    size = 0
    rest: Key | None = until
    for _ in range(MOST_LOOKS):
        if rest is None:
            break
        found = source.back(rest, _BATCH)
        for event in found.events:
            if len(events) >= least and ends_run(source.mark(event.key)):
                return Run(events, event.key, True)
            if len(events) == MOST or (events and size + event.size > MOST_BYTES):
                return Run(events, event.key, False)
            events.append(event)
            size += event.size
        rest = found.rest
    return Run(events, rest, rest is None)


def next_end(source: Ordered[Key, Event], after: Key) -> Key | None:
    """Where the run ends that begins behind the end of another; None where it has no end yet, or is too long."""
    count = size = 0
    rest: Key | None = after
    for _ in range(MOST_LOOKS):
        if rest is None:
            break
        found = source.forth(rest, _BATCH)
        for event in found.events:
            count, size = count + 1, size + event.size
            if count > MOST or (count > 1 and size > MOST_BYTES):
                return None
            key: Key = event.key
            if ends_run(source.mark(key)):
                return key
        rest = found.rest
    return None
