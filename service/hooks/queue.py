"""What waits for one subscription, and what of it may go now: in order for each thing, different ones at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar


class Pending(NamedTuple):
    """An event to be delivered, after so many failed attempts not before `due`.

    `concerns`: its stream, and those of the entities that it concerns. `edition` tells it from the same event taken
    another time.
    """

    position: int
    edition: int
    concerns: frozenset[str]
    tries: int
    due: datetime


class Waiting(Protocol):
    """What waits until an instant, and for what it concerns."""

    @property
    def concerns(self) -> frozenset[str]:
        """What keeps the order."""
        ...

    @property
    def due(self) -> datetime:
        """Before that it does not go."""
        ...


One = TypeVar("One", bound=Waiting)


def ready(waiting: Iterable[One], now: datetime, held: set[str], most: int) -> list[One]:
    """At most so many, of those in the order of the log, that may go now: neither they nor any that they share a
    concern with has to wait. `held` is what others concern that are under way; it takes in what these do.
    """
    found: list[One] = []
    for one in waiting:
        if len(found) >= most:
            break
        if one.due <= now and held.isdisjoint(one.concerns):
            found.append(one)
        held |= one.concerns
    return found


class Queue:
    """The events that wait for a subscription. One waits for all earlier ones that share a concern with it."""

    def __init__(self, pending: Iterable[Pending] = ()) -> None:
        self._pending = {one.position: one for one in sorted(pending)}

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, pending: Iterable[Pending]) -> None:
        """More of them, all later than those that are there."""
        self._pending |= {one.position: one for one in pending}

    def drop(self, event: Pending) -> None:
        """It waits no longer, and nothing waits for it."""
        if self._has(event):
            del self._pending[event.position]

    def postpone(self, event: Pending, tries: int, due: datetime) -> None:
        """It failed, and waits until it is due again."""
        if self._has(event):
            self._pending[event.position] = event._replace(tries=tries, due=due)

    def ready(self, now: datetime, under_way: Collection[Pending], most: int) -> list[Pending]:
        """At most so many events that may go now, beside those under way, which need not be here any more."""
        return ready(self._pending.values(), now, {concern for one in under_way for concern in one.concerns}, most)

    def next_due(self, now: datetime) -> datetime | None:
        """The next instant at which one becomes due; None where none will."""
        return min((one.due for one in self._pending.values() if one.due > now), default=None)

    def _has(self, event: Pending) -> bool:
        """Whether it is still this one, and not the same event taken another time."""
        found = self._pending.get(event.position)
        return found is not None and found.edition == event.edition
