"""What is told of matters on all days: from the beliefs that are kept, or from the claims, folded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Protocol

from events.beliefs import MOST_BREAKS
from events.courses import Piece, course
from events.knowledge import hear
from events.matters import POSITION, RANKS, RELATION, Matter, account, bearings
from events.state import refs_in
from service import budget
from service.errors import QueryTooExpensive
from service.projections.beliefs import Beliefs, Kept
from service.timeline.loading import CHEAPER, Loader
from service.timeline.views import Clocks, Coursed


class Courses(Protocol):
    """What is told on all days, whatever the day of the question. QueryTooExpensive where it is too much."""

    def under(self, entities: Collection[str], kinds: Collection[str]) -> list[Coursed]:
        """The matters of some kinds that are listed under at least one of the entities, which go on."""

    def among(self, entities: Collection[str]) -> list[Coursed]:
        """The relations and positions that have both ends among the entities."""


class KeptCourses:
    """From the beliefs."""

    def __init__(self, beliefs: Beliefs, clocks: Clocks, most: int) -> None:
        self._beliefs = beliefs
        self._position = clocks.position
        self._most = most

    def under(self, entities: Collection[str], kinds: Collection[str]) -> list[Coursed]:
        """See `Courses`."""
        return list(self._courses(entities, kinds, least=1))

    def among(self, entities: Collection[str]) -> list[Coursed]:
        """See `Courses`."""
        return [found for found in self._courses(entities, (RELATION, POSITION), least=2) if _is_among(found, entities)]

    def _courses(self, entities: Collection[str], kinds: Collection[str], least: int) -> Iterator[Coursed]:
        asked = frozenset(entities)
        for row in self._rows(entities, sorted({RANKS[kind] for kind in kinds}), least):
            belief = row.belief()
            if row.kind in kinds and not asked.isdisjoint(belief.entities):
                told = belief.told
                pieces = None if told is None else tuple(Piece(day, told.at(day)) for day in told.days())
                yield Coursed(row.kind, row.name, pieces)

    def _rows(self, entities: Collection[str], ranks: Sequence[int], least: int) -> list[Kept]:
        if not entities:
            return []
        rows = self._beliefs.listed_under(entities, ranks, self._position, self._most + 1, least)
        if len(rows) > self._most:
            raise QueryTooExpensive(
                f"More than {self._most} relations, votes or stances would have to be read. {CHEAPER}"
            )
        budget.spend(len(rows))
        return rows


class FoldedCourses:
    """From the claims."""

    def __init__(self, load: Loader, clocks: Clocks) -> None:
        self._load = load
        self._clocks = clocks

    def under(self, entities: Collection[str], kinds: Collection[str]) -> list[Coursed]:
        """See `Courses`."""
        asked = frozenset(entities)
        return self._courses(asked, lambda matter, listed: matter.kind in kinds and not listed.isdisjoint(asked))

    def among(self, entities: Collection[str]) -> list[Coursed]:
        """See `Courses`."""
        asked, kinds = frozenset(entities), (RELATION, POSITION)
        return self._courses(asked, lambda matter, _: matter.kind in kinds and asked.issuperset(matter.key[1:]))

    def _courses(self, entities: Collection[str], is_asked: Callable[[Matter, set[str]], bool]) -> list[Coursed]:
        position = self._clocks.position
        knowledge = self._load.of_any(sorted(entities), position, self._clocks.perspective)
        hearing, refs = hear(knowledge, self._clocks.point), refs_in(knowledge, position)
        found = []
        for matter, bearing in bearings(hearing).items():
            if bearing.entities and is_asked(matter, bearing.entities):
                told = account(hearing, matter, bearing, refs)
                breaks = told.breaks()
                pieces = None if len(breaks) > MOST_BREAKS else course(breaks, told.at)
                found.append(Coursed(matter.kind, matter.name, pieces))
        return sorted(found, key=lambda item: (RANKS[item.kind], item.name))


def _is_among(found: Coursed, entities: Collection[str]) -> bool:
    return set(found.key[1:]).issubset(entities)
