"""What is told of matters at one point of the clocks: from the beliefs that are kept, or from the claims, folded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import cached_property
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

from events.beliefs import Belief
from events.fold import Knowledge
from events.knowledge import Hearing, hear
from events.matters import KINDS, RANKS, VOTE, Account, Bearing, Matter, account, bearings
from events.state import concerning, refs_in
from service.projections.beliefs import FIRST, Beliefs, Kept, Place
from service.timeline.loading import Loader, refs_of
from service.timeline.views import Clocks

_ROWS = 200


class Told(NamedTuple):
    """What is told of one matter that is listed under an entity; the answer is None or empty where it tells nothing.

    Until the beliefs change, it is the same on all days from the first until before the last of `days`.
    `size` is that of the belief, in bytes.
    """

    place: Place
    kind: str
    answer: Any
    days: tuple[int, int]
    size: int = 0


class States(Protocol):
    """What is told at one point, for one question. `refs` are those of the claims that were named so far."""

    refs: dict[str, str]

    def listed(self, entity: str, after: Place = FIRST, kinds: Collection[str] = KINDS) -> Iterator[Told]:
        """The matters of some kinds that are listed under an entity which goes on, with what they tell of it, in order.

        Among them may be such as tell nothing of it (see `concerning`), or were listed once: their answer is empty.
        """

    def of(self, matter: Matter) -> Any:
        """What is told of a relation, a position or a vote between entities that go on."""


class FoldedStates:
    """From the claims. QueryTooExpensive when more claims are needed than one answer may cost."""

    def __init__(self, load: Loader, clocks: Clocks) -> None:
        self.refs: dict[str, str] = {}
        self._load = load
        self._clocks = clocks

    def listed(self, entity: str, after: Place = FIRST, kinds: Collection[str] = KINDS) -> Iterator[Told]:
        """See `States`."""
        knowledge = self._load.of(entity, self._clocks.position, self._clocks.perspective)
        return self._in_order(entity, knowledge, self._hearing(knowledge), kinds, lambda place: place > after)

    def _in_order(
        self,
        entity: str,
        knowledge: Knowledge,
        hearing: Hearing,
        kinds: Collection[str],
        is_asked: Callable[[Place], bool],
    ) -> Iterator[Told]:
        """What these claims tell of an entity, by the matters under it in the places that are asked for."""
        found = (
            (place_for(matter), matter, bearing)
            for matter, bearing in bearings(hearing).items()
            if matter.kind in kinds and entity in bearing.entities
        )
        day = self._clocks.as_of
        for place, matter, bearing in sorted((item for item in found if is_asked(item[0])), key=itemgetter(0)):
            told = self._account(knowledge, hearing, matter, bearing)
            yield Told(place, matter.kind, concerning(entity, matter.kind, told.at(day)), (day, day))

    def whole(self, entity: str, place: Place) -> Any:
        """What is told of the matter in a place under an entity, also what tells nothing of that entity.

        None where no matter is there.
        """
        knowledge = self._load.of(entity, self._clocks.position, self._clocks.perspective)
        hearing = self._hearing(knowledge)
        found = ((m, bearing) for m, bearing in bearings(hearing).items() if (m.rank, m.name) == place)
        told = (self._account(knowledge, hearing, *item) for item in found)
        return next((account.at(self._clocks.as_of) for account in told), None)

    def of(self, matter: Matter) -> Any:
        """See `States`."""
        knowledge = self._needed(matter)
        hearing = self._hearing(knowledge)
        bearing = bearings(hearing).get(matter) or Bearing()
        return self._account(knowledge, hearing, matter, bearing).at(self._clocks.as_of)

    def _needed(self, matter: Matter) -> Knowledge:
        position, also = self._clocks.position, self._clocks.perspective
        if matter.kind == VOTE:
            (key,) = matter.key
            return self._load.of(key.body, position, (*(key.moves or ())[1:], *also))
        _, subject, other = matter.key
        return self._load.between(subject, other, position, also)

    def _hearing(self, knowledge: Knowledge) -> Hearing:
        self.refs.update(refs_of(knowledge))
        return hear(knowledge, self._clocks.point)

    def _account(self, knowledge: Knowledge, hearing: Hearing, matter: Matter, bearing: Bearing) -> Account:
        return account(hearing, matter, bearing, refs_in(knowledge, self._clocks.position))


class KeptStates:
    """From the beliefs. One that is not kept because it changes too often is told by the claims."""

    def __init__(self, beliefs: Beliefs, load: Loader, clocks: Clocks) -> None:
        self.refs: dict[str, str] = {}
        self._beliefs = beliefs
        self._load = load
        self._clocks = clocks

    def listed(self, entity: str, after: Place = FIRST, kinds: Collection[str] = KINDS) -> Iterator[Told]:
        """See `States`."""
        ranks, rows = sorted({RANKS[kind] for kind in kinds}), _ROWS
        while True:
            kept = self._beliefs.listed(entity, after, ranks, self._clocks.position, rows)
            for row in kept:
                if row.kind in kinds:
                    belief = self._heard(row.belief())
                    answer = self._answer(entity, row, belief)
                    yield Told(row.place, row.kind, answer, belief.stretch(self._clocks.as_of), len(row.body))
            if len(kept) < rows:
                return
            after = kept[-1].place

    def of(self, matter: Matter) -> Any:
        """See `States`."""
        row = self._beliefs.about(matter.id, self._clocks.position)
        if row is None:
            return account(_SILENCE, matter, Bearing(), lambda _: ()).at(self._clocks.as_of)
        belief = self._heard(row.belief())
        return self._folded.of(matter) if belief.told is None else belief.at(self._clocks.as_of)

    def _heard(self, belief: Belief[Any]) -> Belief[Any]:
        self.refs.update(belief.refs)
        return belief

    def _answer(self, entity: str, row: Kept, belief: Belief[Any]) -> Any:
        """None for what is no longer listed under the entity."""
        if entity not in belief.entities:
            return None
        is_kept = belief.told is not None
        told = belief.at(self._clocks.as_of) if is_kept else self._folded.whole(entity, row.place)
        return concerning(entity, row.kind, told)

    @cached_property
    def _folded(self) -> FoldedStates:
        folded = FoldedStates(self._load, self._clocks)
        folded.refs = self.refs
        return folded


def place_for(matter: Matter) -> Place:
    """Where a matter stands in an answer."""
    return Place(matter.rank, matter.name)


_SILENCE = Hearing([], [], [], [], {})
