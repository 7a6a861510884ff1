"""Relations, votes and stances on all days at once: around an entity, among some, or of everybody."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import Any, TypeAlias

from events.courses import Course
from events.matters import POSITION, RELATION, STANCE, VOTE
from events.merges import MergeNotice
from events.network import TooWide, in_order, neighbourhood
from events.stances import StancePoint, stance_order
from service.errors import QueryTooExpensive
from service.projections.beliefs import Beliefs
from service.projections.index import Index
from service.settings import Limits
from service.timeline.courses import Courses, FoldedCourses, KeptCourses
from service.timeline.loading import Loader
from service.timeline.nodes import Nodes
from service.timeline.views import Clocks, Coursed, PeriodsView

Find: TypeAlias = Callable[[Sequence[str]], list[Coursed]]
_RELATIONS, _POINTS = (RELATION, POSITION), (VOTE, STANCE)


class Periods:
    """Answers for all days. An entity that nobody registered is Unknown, named by its parameter."""

    def __init__(self, load: Loader, index: Index, beliefs: Beliefs | None, nodes: Nodes, limits: Limits) -> None:
        self._load = load
        self._index = index
        self._beliefs = beliefs
        self._nodes = nodes
        self._limits = limits

    def around(self, center: str, depth: int, relation: str | None, clocks: Clocks) -> PeriodsView:
        """All that were ever so near to an entity. QueryTooExpensive when they are too many."""
        (goes_on,), notices = self._nodes.asked([center], "center", clocks)
        courses = self._courses(clocks)
        of, among = (partial(_related, find, relation) for find in (_under(courses), courses.among))
        try:
            found = neighbourhood(goes_on, depth, of, among, self._nodes.most)
        except TooWide:
            raise self._nodes.too_wide("a smaller depth, for one relation, or for some entities") from None
        return self._view(found.entities, found.relations, courses.under([goes_on], _POINTS), clocks, notices)

    def among(self, entities: Sequence[str], relation: str | None, clocks: Clocks) -> PeriodsView:
        """Some entities. QueryTooExpensive when they are too many."""
        if len(entities) > self._nodes.most:
            raise self._nodes.too_wide("fewer entities")
        going_on, notices = self._nodes.asked(entities, "entities", clocks)
        courses = self._courses(clocks)
        relations = in_order(_related(courses.among, relation, going_on))
        return self._view(going_on, relations, courses.under(going_on, _POINTS), clocks, notices)

    def everybody(self, relation: str | None, clocks: Clocks) -> PeriodsView:
        """All entities of which there are claims. QueryTooExpensive when they are too many."""
        most = self._nodes.most
        found = self._index.entities_from("", 1, most + 1)
        if len(found) > most:
            raise self._nodes.too_wide("those around one, or for some")
        return self.among([entity for entity, claims in found if claims], relation, clocks)

    def _courses(self, clocks: Clocks) -> Courses:
        if self._beliefs is None or not clocks.is_plain:
            return FoldedCourses(self._load, clocks)
        return KeptCourses(self._beliefs, clocks, self._limits.fold_claims)

    def _view(
        self,
        entities: Collection[str],
        relations: Iterable[Coursed],
        points: Sequence[Coursed],
        clocks: Clocks,
        notices: tuple[MergeNotice, ...],
    ) -> PeriodsView:
        relations = tuple(relations)
        if len(relations) > self._limits.period_relations:
            most = self._limits.period_relations
            raise QueryTooExpensive(
                f"An answer holds at most {most} relations. Ask for one kind, or for fewer entities."
            )
        votes = [found for found in points if found.kind == VOTE]
        stances = sorted((p for found in points if found.kind == STANCE for p in _points(found)), key=stance_order)
        nodes, names = self._nodes.called(entities, clocks, {*_voting(votes), *_speaking(stances)})
        return PeriodsView(nodes, relations, _told(votes), tuple(stances), names, notices)


def _under(courses: Courses) -> Find:
    return lambda entities: courses.under(entities, _RELATIONS)


def _related(find: Find, relation: str | None, entities: Sequence[str]) -> list[Coursed]:
    """The relations that are found, only those of one name where one is given."""
    return [found for found in find(entities) if relation in (None, found.key[0])]


def _told(found: Iterable[Coursed]) -> tuple[Course[Any], ...]:
    return tuple(item.course for item in found if item.course)


def _points(stance: Coursed) -> tuple[StancePoint, ...]:
    """All points of a stance: from its last day on they all are there."""
    points: tuple[StancePoint, ...] = stance.course[-1].state if stance.course else ()
    return points


def _voting(votes: Iterable[Coursed]) -> set[str]:
    keys = [course[0].state.key for course in _told(votes)]
    return {end for key in keys for end in (key.body, *(key.moves or ())[1:])}


def _speaking(stances: Iterable[StancePoint]) -> set[str]:
    return {end for point in stances for end in (point.key.speaker, point.key.about, *point.affiliation)}
