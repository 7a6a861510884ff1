"""Where the relations of a network come from: a source for one question at one point."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, Protocol

from events.beliefs import Belief
from events.effects import Key
from events.fold import Knowledge
from events.knowledge import Hearing, hear
from events.matters import RANKS, RELATION, STANCE, Matter, relation_matter
from events.network import Wanted, listed, voices
from events.positions import PositionState
from events.relationships import RelationState, relation_state
from events.stances import StancePoint, stance_order, stance_points
from events.temporal import AFTER_ALL
from events.vocabulary import COOPERATIVE, RIVAL
from service import budget
from service.errors import QueryTooExpensive
from service.projections.beliefs import Beliefs, Kept
from service.projections.index import Index
from service.timeline.loading import CHEAPER, Loader, refs_of
from service.timeline.states import FoldedStates
from service.timeline.views import Clocks

BATCH_CLAIMS, BATCH_ENTITIES = 500, 100
"""How many claims and entities are looked at together while a list is made; one entity may have more claims."""
_TYING = COOPERATIVE | RIVAL


class Source(Protocol):
    """Relations and stances at one point, for one question."""

    @property
    def cost(self) -> int:
        """How much was read so far, in entities and claims."""

    @property
    def refs(self) -> dict[str, str]:
        """The refs of the claims read so far, in the order of their ids."""

    def relations_of(self, entities: Sequence[str]) -> list[RelationState]:
        """The relations that have an end among the entities."""

    def relations_among(self, entities: Sequence[str]) -> list[RelationState]:
        """The relations that have both ends among the entities."""

    def relations_under(self, entities: Sequence[str], after: tuple[str, ...]) -> Iterator[RelationState]:
        """The relations listed under the entities behind a place, in order, each made when it is its turn."""

    def ties_of(self, entities: Sequence[str]) -> tuple[list[RelationState], list[StancePoint]]:
        """The cooperative and rival relations of the entities, and the stances of them or about them.

        With a stance come all that its speaker took towards the same, for whomever: one of them may take it back.
        """

    def batch(self, last: str, with_last: bool) -> list[str]:
        """The next entities after one, or from it on, in the order of their ids; empty at the end."""


class _Batches:
    """Goes through the entities in the order of their ids."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self.cost = 0

    def batch(self, last: str, with_last: bool) -> list[str]:
        """The next entities after one, or from it on, as many as have few claims together; empty at the end."""
        chosen: list[str] = []
        claims = 0
        for entity, count in self._index.entities_from(last, BATCH_CLAIMS, BATCH_ENTITIES):
            if entity == last and not with_last:
                continue
            claims += count
            if chosen and claims > BATCH_CLAIMS:
                break
            chosen.append(entity)
        self.cost += len(chosen)
        return chosen


class FoldedSource(_Batches):
    """Folds the claims of the log. QueryTooExpensive when more claims are needed than one answer may cost."""

    def __init__(self, load: Loader, index: Index, clocks: Clocks, wanted: Wanted) -> None:
        super().__init__(index)
        self._load = load
        self._position = clocks.position
        self._point = clocks.point
        self._also = clocks.perspective
        self._wanted = wanted
        self.refs: dict[str, str] = {}

    def relations_of(self, entities: Sequence[str]) -> list[RelationState]:
        """The relations that have an end among the entities."""
        hearing = self._hearing(self._load.naming(entities, self._position, self._also))
        return list(self._relations(hearing, lambda key: not _ends(key).isdisjoint(entities)))

    def relations_among(self, entities: Sequence[str]) -> list[RelationState]:
        """The relations that have both ends among the entities."""
        hearing = self._hearing(self._load.among(entities, self._position, self._also))
        return list(self._relations(hearing, lambda key: _ends(key).issubset(entities)))

    def relations_under(self, entities: Sequence[str], after: tuple[str, ...]) -> Iterator[RelationState]:
        """The relations listed under the entities behind a place, in order, each made when it is its turn."""
        hearing = self._hearing(self._load.naming(entities, self._position, self._also))
        return self._relations(hearing, lambda key: key[1] in entities and listed(key) > after)

    def ties_of(self, entities: Sequence[str]) -> tuple[list[RelationState], list[StancePoint]]:
        """The cooperative and rival relations of the entities, and the stances of them or about them."""
        hearing = self._hearing(self._load.of_any(entities, self._position, self._also))
        relations = list(self._relations(hearing, lambda key: key[0] in _TYING and not _ends(key).isdisjoint(entities)))
        points = stance_points(hearing.live)
        taken = {_towards(p) for p in points if not {p.key.about, *voices(p)}.isdisjoint(entities)}
        return relations, [p for p in points if _towards(p) in taken]

    def _hearing(self, knowledge: Knowledge) -> Hearing:
        self.cost += len(knowledge.claims)
        self.refs = dict(sorted((self.refs | refs_of(knowledge)).items()))
        return hear(knowledge, self._point)

    def _relations(self, hearing: Hearing, is_asked: Callable[[Key], bool]) -> Iterator[RelationState]:
        asked = (key for key in hearing.about if self._wanted.names(key) and is_asked(key))
        for key in sorted(asked, key=listed):
            state = relation_state(hearing, key, self._point.as_of)
            if self._wanted.takes(state):
                yield state


class KeptSource(_Batches):
    """Reads beliefs. QueryTooExpensive when more of them are needed than one answer may cost."""

    def __init__(self, beliefs: Beliefs, most: int, load: Loader, index: Index, clocks: Clocks, wanted: Wanted) -> None:
        super().__init__(index)
        self._beliefs = beliefs
        self._most = most
        self._folded = FoldedStates(load, clocks)
        self._clocks = clocks
        self._wanted = wanted
        self.refs = self._folded.refs

    def relations_of(self, entities: Sequence[str]) -> list[RelationState]:
        """The relations that have an end among the entities."""
        return sorted(self._relations(self._rows(RELATION, entities)), key=_listed)

    def relations_among(self, entities: Sequence[str]) -> list[RelationState]:
        """The relations that have both ends among the entities."""
        found = self._relations(self._rows(RELATION, entities, least=2))
        return sorted((state for state in found if _ends(state.key).issubset(entities)), key=_listed)

    def relations_under(self, entities: Sequence[str], after: tuple[str, ...]) -> Iterator[RelationState]:
        """The relations listed under the entities behind a place, in order, each made when it is its turn."""
        rows = self._rows(RELATION, entities)
        keyed = ((_key(row), row) for row in rows)
        asked = sorted((listed(key), row) for key, row in keyed if key[1] in entities and listed(key) > after)
        return self._relations(row for _, row in asked)

    def ties_of(self, entities: Sequence[str]) -> tuple[list[RelationState], list[StancePoint]]:
        """The cooperative and rival relations of the entities, and the stances of them or about them."""
        rows = self._rows(RELATION, entities)
        relations = self._relations(row for row in rows if _key(row)[0] in _TYING)
        taken = {_towards(p) for p in self._points(entities) if not {p.key.about, *voices(p)}.isdisjoint(entities)}
        points = [point for point in self._points({about for _, about in taken}) if _towards(point) in taken]
        return sorted(relations, key=_listed), sorted(points, key=stance_order)

    def _rows(self, kind: str, entities: Collection[str], least: int = 1) -> list[Kept]:
        if not entities:
            return []
        rows = self._beliefs.listed_under(entities, [RANKS[kind]], self._clocks.position, self._most + 1, least)
        self.cost += len(rows)
        if len(rows) > self._most:
            raise QueryTooExpensive(f"More than {self._most} relations or stances would have to be read. {CHEAPER}")
        budget.spend(len(rows))
        return rows

    def _relations(self, rows: Iterable[Kept]) -> Iterator[RelationState]:
        for row in rows:
            key = _key(row)
            if self._wanted.names(key):
                belief = row.belief()
                if not belief.entities:
                    continue
                self.refs.update(belief.refs)
                told = self._told(belief, relation_matter(key))
                state = told.relation if isinstance(told, PositionState) else told
                if self._wanted.takes(state):
                    yield state

    def _points(self, entities: Collection[str]) -> list[StancePoint]:
        """The points of the stances that are listed under entities: at least all those up to the day."""
        found: list[StancePoint] = []
        for row in self._rows(STANCE, entities):
            belief = row.belief()
            self.refs.update(belief.refs)
            found += self._folded_points(row, belief) if belief.told is None else belief.at(AFTER_ALL)
        return found

    def _folded_points(self, row: Kept, belief: Belief[Any]) -> Iterator[StancePoint]:
        for entity in belief.entities[:1]:
            yield from self._folded.whole(entity, row.place) or ()

    def _told(self, belief: Belief[Any], matter: Matter) -> Any:
        return self._folded.of(matter) if belief.told is None else belief.at(self._clocks.as_of)


def _key(row: Kept) -> Key:
    relation, subject, other = row.name.split(" ")
    return relation, subject, other


def _listed(state: RelationState) -> tuple[str, ...]:
    return listed(state.key)


def _towards(point: StancePoint) -> tuple[str, str]:
    return point.key.speaker, point.key.about


def _ends(key: Key) -> frozenset[str]:
    return frozenset(key[1:])
