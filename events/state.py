"""The state of one entity at a point of the clocks: all that holds, held, may hold or is planned, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from events.fold import Knowledge
from events.grounds import Conflict, Disputes
from events.knowledge import Hearing, Point, hear, survivors
from events.lineage import Lineage
from events.matters import (
    DISPUTES,
    LINEAGE,
    MARKET_FACT,
    POSITION,
    PROFILE,
    RELATION,
    ROUNDS,
    STANCE,
    VOTE,
    account,
    bearings,
)
from events.positions import PositionState
from events.profile import Observation, ProfileItem, observation_order, profile_order
from events.relationships import CLASH, RelationState
from events.rounds import Refs, Round
from events.stances import StancePoint, concerns, stance_order
from events.votes import VoteState


@dataclass(frozen=True)
class EntityState:
    """Everything about one entity at one point. `entity` is the one that goes on where it was merged.

    `disputes` are those that follow from responses and from what was taken back.
    """

    entity: str
    relations: tuple[RelationState, ...] = ()
    votes: tuple[VoteState, ...] = ()
    positions: tuple[PositionState, ...] = ()
    rounds: tuple[Round, ...] = ()
    profile: tuple[ProfileItem, ...] = ()
    lineage: Lineage = Lineage((), ())
    observations: tuple[Observation, ...] = ()
    stances: tuple[StancePoint, ...] = ()
    disputes: Disputes = Disputes()

    @property
    def clashes(self) -> tuple[Conflict, ...]:
        """The conflicts in the relations that follow from no response."""
        return tuple(c for relation in self.relations for c in relation.disputes.conflicts if c.why == CLASH)


def entity_state(knowledge: Knowledge, entity: str, point: Point) -> EntityState:
    """The state of an entity. `knowledge` holds at least every claim that speaks of it, and all that these hang on."""
    entity = survivors(knowledge, point.recorded_by).get(entity, entity)
    return state_in(hear(knowledge, point), entity, point.as_of, refs_in(knowledge, point.recorded_by))


def state_in(hearing: Hearing, entity: str, day: int, refs: Refs) -> EntityState:
    """The state on a day of an entity that goes on, as these claims tell it."""
    return assembled(entity, told_of(hearing, entity, day, refs))


def told_of(hearing: Hearing, entity: str, day: int, refs: Refs) -> Iterator[tuple[str, Any]]:
    """What the account of each matter that is listed under an entity which goes on tells of it."""
    for matter, bearing in bearings(hearing).items():
        if entity in bearing.entities:
            yield matter.kind, concerning(entity, matter.kind, account(hearing, matter, bearing, refs).at(day))


def concerning(entity: str, kind: str, answer: Any) -> Any:
    """The part of an answer that tells of an entity under which its matter is listed; empty where none does.

    Of a stance not every point need do so: it is listed under all its voices, and under each for whom it was spoken.
    """
    return tuple(point for point in answer if concerns(point, entity)) if kind == STANCE and answer else answer


def refs_in(knowledge: Knowledge, position: int) -> Refs:
    """The refs that claims had at a log position."""
    return lambda claim: tuple(ref for at, ref in knowledge.claims[claim].refs if at <= position)


def assembled(entity: str, told: Iterable[tuple[str, Any]]) -> EntityState:
    """The state that these answers about matters make, each with its kind, and told of the entity (`concerning`)."""
    items: dict[str, list[Any]] = defaultdict(list)
    for kind, answer in told:
        if answer:
            items[kind].append(answer)
    relations = [*items[RELATION], *(position.relation for position in items[POSITION])]
    points = (point for points in items[STANCE] for point in points)
    return EntityState(
        entity=entity,
        relations=tuple(sorted(relations, key=lambda relation: relation.key)),
        votes=tuple(sorted(items[VOTE], key=lambda vote: str(vote.key))),
        positions=tuple(sorted(items[POSITION], key=lambda position: position.relation.key)),
        rounds=next(iter(items[ROUNDS]), ()),
        profile=tuple(sorted(items[PROFILE], key=profile_order)),
        lineage=next(iter(items[LINEAGE]), Lineage((), ())),
        observations=tuple(sorted(items[MARKET_FACT], key=observation_order)),
        stances=tuple(sorted(points, key=stance_order)),
        disputes=next(iter(items[DISPUTES]), Disputes()),
    )
