"""What is remembered between questions, for as long as it stays so: entities, and parts of their states."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Mapping
from threading import Lock
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from events.network import Wanted
from service.projections.index import Mark
from service.timeline.views import StatePart

Value = TypeVar("Value")
MOST = 50_000
"""How much is remembered of each kind; then it begins anew."""
LEAST_PARTS = 16
"""There is room for so many parts of states at least: a larger one is not remembered."""


class Memory:
    """What was found of entities, by kind and id.

    A mark says up to where the index has taken in what is recorded about entities, and how often texts were forgotten:
    what was found under one mark stays so until there is another one. What came in since is younger than any position
    that is answered for.
    Safe to use from many threads: another one may empty it at any moment. None is no value.
    """

    def __init__(self) -> None:
        self._kept: tuple[Mark | None, dict[str, dict[str, Any]]] = None, {}

    def recall(
        self,
        mark: Mark | None,
        kind: str,
        ids: Collection[str],
        find: Callable[[Collection[str]], Mapping[str, Value]],
    ) -> dict[str, Value]:
        """What there is of these entities; what is not remembered is found, and kept."""
        if mark is None:
            return dict(find(ids))
        known = self._of(mark)[kind]
        found: dict[str, Value] = {name: value for name in ids if (value := known.get(name)) is not None}
        missing = [name for name in ids if name not in found]
        if missing:
            fresh = find(missing)
            found.update(fresh)
            if len(known) + len(fresh) > MOST:
                known.clear()
            known.update(fresh)
        return found

    def _of(self, mark: Mark) -> dict[str, dict[str, Any]]:
        """What is kept under a mark. Whoever has found something under an older one keeps it there, out of use."""
        before, kept = self._kept
        if before != mark:
            kept = defaultdict(dict)
            self._kept = mark, kept
        return kept


class Edition(NamedTuple):
    """A part of what was believed about an entity at a log position: it never changes, while log and tables stay.

    It tells of so many of the wanted matters, after a place; without a limit of all. A position from which on it is so
    stands for all that follow, until the next.
    """

    epoch: UUID
    tables: int
    position: int
    entity: str
    wanted: Wanted
    limit: int | None
    after: str | None


class Editions:
    """Parts of states that were told, each for all days on which it is the same.

    They have about so many bytes in all; then those go that were asked for longest ago. Safe to use from many threads.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._parts: OrderedDict[tuple[Edition, int], StatePart] = OrderedDict()
        self._first_days: dict[Edition, list[int]] = {}
        self._weight = 0
        self._lock = Lock()

    def recall(self, edition: Edition, day: int) -> StatePart | None:
        """What was told of a day, if something was; also where all there is was told, and it is within the limit."""
        with self._lock:
            whole = self._find(edition._replace(limit=None), day)
            is_within = whole is not None and (edition.limit is None or whole.matters <= edition.limit)
            return whole if is_within else self._find(edition, day)

    def keep(self, edition: Edition, part: StatePart) -> None:
        """Remembers a part, unless it is good for no day, or would take the room of many others."""
        first, until = part.days
        if first == until or part.weight * LEAST_PARTS > self._most:
            return
        if part.after is None:
            edition = edition._replace(limit=None)
        with self._lock:
            self._drop(edition, first)
            insort(self._first_days.setdefault(edition, []), first)
            self._parts[edition, first] = part
            self._weight += part.weight
            while self._weight > self._most:
                self._drop(*next(iter(self._parts)))

    def _find(self, edition: Edition, day: int) -> StatePart | None:
        days = self._first_days.get(edition, ())
        before = bisect_right(days, day)
        if not before:
            return None
        key = edition, days[before - 1]
        part = self._parts[key]
        if day >= part.days[1]:
            return None
        self._parts.move_to_end(key)
        return part

    def _drop(self, edition: Edition, first: int) -> None:
        part = self._parts.pop((edition, first), None)
        if part is not None:
            self._weight -= part.weight
            days = self._first_days[edition]
            del days[bisect_left(days, first)]
            if not days:
                del self._first_days[edition]
