"""Where the relations of a network come from: a source for one question at one point."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from events.effects import Key
from events.fold import Knowledge
from events.knowledge import Hearing, hear
from events.network import Wanted, voices
from events.relationships import RelationState, relation_state
from events.stances import StancePoint, stance_points
from events.vocabulary import COOPERATIVE, RIVAL
from service.projections.index import Index
from service.timeline.loading import Loader, refs_of
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
        """The refs of the claims read so far."""

    def relations_of(self, entities: Sequence[str]) -> list[RelationState]:
        """The relations that have an end among the entities."""

    def relations_among(self, entities: Sequence[str]) -> list[RelationState]:
        """The relations that have both ends among the entities."""

    def ties_of(self, entities: Sequence[str]) -> tuple[list[RelationState], list[StancePoint]]:
        """The cooperative and rival relations of the entities, and the stances of them or about them."""

    def batch(self, last: str, with_last: bool) -> list[str]:
        """The next entities after one, or from it on, in the order of their ids; empty at the end."""


class FoldedSource:
    """Folds the claims of the log. QueryTooExpensive when more claims are needed than one answer may cost."""

    def __init__(self, load: Loader, index: Index, clocks: Clocks, wanted: Wanted) -> None:
        self._load = load
        self._index = index
        self._position = clocks.position
        self._point = clocks.point
        self._also = clocks.perspective
        self._wanted = wanted
        self.cost = 0
        self.refs: dict[str, str] = {}

    def relations_of(self, entities: Sequence[str]) -> list[RelationState]:
        """The relations that have an end among the entities."""
        hearing = self._hearing(self._load.naming(entities, self._position, self._also))
        return list(self._relations(hearing, lambda key: not _ends(key).isdisjoint(entities)))

    def relations_among(self, entities: Sequence[str]) -> list[RelationState]:
        """The relations that have both ends among the entities."""
        hearing = self._hearing(self._load.among(entities, self._position, self._also))
        return list(self._relations(hearing, lambda key: _ends(key).issubset(entities)))

    def ties_of(self, entities: Sequence[str]) -> tuple[list[RelationState], list[StancePoint]]:
        """The cooperative and rival relations of the entities, and the stances of them or about them."""
        hearing = self._hearing(self._load.of_any(entities, self._position, self._also))
        relations = list(self._relations(hearing, lambda key: key[0] in _TYING and not _ends(key).isdisjoint(entities)))
        points = stance_points(hearing.live)
        return relations, [p for p in points if not {p.key.about, *voices(p)}.isdisjoint(entities)]

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

    def _hearing(self, knowledge: Knowledge) -> Hearing:
        self.cost += len(knowledge.claims)
        self.refs |= refs_of(knowledge)
        return hear(knowledge, self._point)

    def _relations(self, hearing: Hearing, is_asked: Callable[[Key], bool]) -> Iterator[RelationState]:
        for key in hearing.about:
            if self._wanted.names(key) and is_asked(key):
                state = relation_state(hearing, key, self._point.as_of)
                if self._wanted.takes(state):
                    yield state


def _ends(key: Key) -> frozenset[str]:
    return frozenset(key[1:])
