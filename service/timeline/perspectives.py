"""What is told of an entity by a day of publication or according to somebody: page by page, from the claims of each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from events.beliefs import decode_belief
from events.fold import Knowledge
from events.knowledge import Hearing
from events.matters import DISPUTES, KINDS, RANKS, STANCE, VOTE, Matter, bearings
from events.state import concerning
from events.text import is_id
from service.projections.beliefs import FIRST, Beliefs, Place, Placed
from service.timeline.loading import Loader
from service.timeline.states import FoldedStates, Told, place_for
from service.timeline.views import Clocks

_TOLD_BY_OTHERS = (DISPUTES, VOTE, STANCE)
"""Of these also claims may tell that name nobody whom they are listed under."""
_FIRST_ROWS, _MOST_ROWS = 25, 100
"""So many places are looked at together: more and more, as far as somebody goes on asking."""


class _Suspects(NamedTuple):
    """Of the claims that name an entity: those that may bear on what they never bore on, and all that are answered."""

    claims: frozenset[str] = frozenset()
    answered: frozenset[str] = frozenset()


class _Believed(NamedTuple):
    """What is told by beliefs, and the places of those that are not kept."""

    told: list[Told]
    unkept: set[Place]


class PagedStates(FoldedStates):
    """From the claims that bear on what is listed next, as the tables know, and from those of which they may not know.

    Of what was all published by the day that is asked for, and of what was not at all, the tables know the answer.

    QueryTooExpensive when more claims are needed than one answer may cost.
    """

    def __init__(self, load: Loader, clocks: Clocks, beliefs: Beliefs) -> None:
        super().__init__(load, clocks)
        self._beliefs = beliefs
        self._read = 0

    def listed(self, entity: str, after: Place = FIRST, kinds: Collection[str] = KINDS) -> Iterator[Told]:
        """See `States`."""
        suspects = self._suspects([entity])
        besides, in_doubt = self._besides(entity, suspects, kinds)
        ranks = sorted({RANKS[kind] for kind in kinds})
        is_last, rows = False, _FIRST_ROWS
        while not is_last:
            found = self._beliefs.placed(entity, after, ranks, self._clocks.position, rows)
            is_last = len(found) < rows
            rows = min(2 * rows, _MOST_ROWS)
            until = None if is_last else found[-1].place
            settled = {row.place: row for row in found if self._is_settled(row) and row.place not in in_doubt}
            kept = self._believed(entity, [r for r in settled.values() if r.kind in kinds and self._is_told(r)])
            places = {r.place: r.matter for r in found if r.place not in settled or r.place in kept.unkept}
            places |= {p: m for p, m in besides.items() if p > after and (until is None or p <= until)}
            yield from sorted([*kept.told, *self._told(entity, places, suspects, kinds)])
            after = until or after

    def _is_settled(self, row: Placed) -> bool:
        """Whether nothing is told of a matter, or what is believed by all, as far as the claims go that bear on it."""
        limit = self._clocks.published_by
        is_of_all = self._clocks.according_to is None and row.kind not in _TOLD_BY_OTHERS
        return is_of_all and limit is not None and not row.first <= limit < row.last

    def _is_told(self, row: Placed) -> bool:
        limit = self._clocks.published_by
        return limit is not None and limit >= row.last

    def _believed(self, entity: str, rows: Sequence[Placed]) -> _Believed:
        bodies = self._beliefs.bodies([row.matter for row in rows], self._clocks.position) if rows else {}
        told, unkept, day = [], set(), self._clocks.as_of
        for row in rows:
            belief = decode_belief(row.kind, bodies[row.matter])
            if belief.told is None:
                unkept.add(row.place)
            elif entity in belief.entities:
                self.refs.update(belief.refs)
                told.append(Told(row.place, row.kind, concerning(entity, row.kind, belief.at(day)), (day, day)))
        return _Believed(told, unkept)

    def _told(
        self, entity: str, places: Mapping[Place, str], suspects: _Suspects, kinds: Collection[str]
    ) -> Iterator[Told]:
        """The matters in these places, in order."""
        if not places:
            return
        claims = suspects.claims.union(self._load.bearing_on(self._beliefs, places.values()))
        if place_for(_disputes(entity)) in places:
            claims |= suspects.answered
        knowledge, hearing = self._heard(claims)
        others = _tellers(matter for matter in bearings(hearing) if place_for(matter) in places) - {entity}
        more = self._suspects(sorted(others)).claims - claims if others else frozenset()
        if more:
            knowledge, hearing = self._heard(claims | more)
        yield from self._in_order(entity, knowledge, hearing, kinds, places.__contains__)

    def _suspects(self, entities: Collection[str]) -> _Suspects:
        """A denial says something of its own for the one who is listened to: what it is about is suspect then."""
        unsettled = self._load.unsettled(entities)
        answered = frozenset(item.claim for item in unsettled if item.is_answered)
        claims = frozenset(item.claim for item in unsettled if item.is_open)
        if answered and self._clocks.perspective:
            claims = claims.union(self._load.heard_from(answered, self._clocks.perspective))
        return _Suspects(claims, answered)

    def _besides(self, entity: str, suspects: _Suspects, kinds: Collection[str]) -> tuple[dict[Place, str], set[Place]]:
        """The matters under an entity that the tables may not list: what is disputed, and what suspects bear on.

        Also the places of all that suspects bear on, whoever it would be listed under by them.
        """
        found = bearings(self._heard(suspects.claims)[1]) if suspects.claims else {}
        besides = [_disputes(entity), *(matter for matter, bearing in found.items() if entity in bearing.entities)]
        return (
            {place_for(matter): matter.id for matter in besides if matter.kind in kinds},
            set(map(place_for, found)),
        )

    def _heard(self, claims: Collection[str]) -> tuple[Knowledge, Hearing]:
        knowledge = self._load.about(claims, self._clocks.position, self._clocks.perspective)
        self._read += len(knowledge.claims)
        self._load.demand_few(self._read)
        return knowledge, self._hearing(knowledge)


def _disputes(entity: str) -> Matter:
    return Matter(DISPUTES, (entity,))


def _tellers(matters: Iterable[Matter]) -> set[str]:
    """Those whom all claims about a vote or a stance name: not all of these need to name whom it is listed under."""
    found: set[str] = set()
    for kind, key in matters:
        if kind == VOTE:
            found.add(key[0].body)
        elif kind == STANCE:
            found.update(name for name in key[0].speaker.split("+") if is_id(name))
    return found
