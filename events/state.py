"""The state of one entity at a point of the clocks: all that holds, held, may hold or is planned, and why."""

from __future__ import annotations

from dataclasses import dataclass

from events.fold import Knowledge
from events.knowledge import Hearing, Point, hear, survivors
from events.lineage import Lineage, lineage
from events.profile import (
    Observation,
    PositionState,
    ProfileItem,
    Round,
    is_position,
    observations,
    position_state,
    profile_items,
    rounds,
)
from events.relationships import CLASH, Conflict, Excluded, RelationState, conflicts, excluded, relation_state
from events.stances import StancePoint, concerns, stance_points
from events.votes import VoteKey, VoteState, vote_key, vote_state


@dataclass(frozen=True)
class EntityState:
    """Everything about one entity at one point. `entity` is the one that goes on where it was merged."""

    entity: str
    relations: tuple[RelationState, ...]
    votes: tuple[VoteState, ...]
    positions: tuple[PositionState, ...]
    rounds: tuple[Round, ...]
    profile: tuple[ProfileItem, ...]
    lineage: Lineage
    observations: tuple[Observation, ...]
    stances: tuple[StancePoint, ...]
    conflicts: tuple[Conflict, ...]
    excluded: tuple[Excluded, ...]


def entity_state(knowledge: Knowledge, entity: str, point: Point) -> EntityState:
    """The state of an entity. `knowledge` holds at least every claim that speaks of it, and all that these hang on."""
    hearing = hear(knowledge, point)
    entity = survivors(knowledge, point.recorded_by).get(entity, entity)
    day = point.as_of
    relations = [relation_state(hearing, key, day) for key in sorted(hearing.about) if entity in key[1:]]
    votes = [vote_state(hearing, key, day) for key in _votes_of(hearing, entity)]
    concerned = _concerned(hearing, entity)
    stances = [
        point_ for point_ in stance_points(hearing.live) if concerns(point_, entity) and point_.when.earliest <= day
    ]

    def refs(claim: str) -> tuple[str, ...]:
        return tuple(ref for at, ref in knowledge.claims[claim].refs if at <= point.recorded_by)

    return EntityState(
        entity=entity,
        relations=tuple(relations),
        votes=tuple(votes),
        positions=tuple(position_state(hearing, state) for state in relations if is_position(state.key)),
        rounds=rounds(hearing, entity, day, refs),
        profile=profile_items(hearing.live, entity, day),
        lineage=lineage(hearing, entity, day),
        observations=observations(hearing.live, entity, day),
        stances=tuple(stances),
        conflicts=(*conflicts(hearing, concerned), *(c for r in relations for c in r.conflicts if c.why == CLASH)),
        excluded=excluded(hearing, concerned),
    )


def _votes_of(hearing: Hearing, entity: str) -> list[VoteKey]:
    """The votes of, on, or by the entity, with live claims or none."""
    found = set()
    for content in hearing.contents.values():
        key = vote_key(content)
        if key is not None and entity in (*content.entities("body", "applicant", "voter"), *(key.moves or ())[1:]):
            found.add(key)
    return sorted(found, key=str)


def _concerned(hearing: Hearing, entity: str) -> set[str]:
    """The claims that speak of the entity."""
    of_relations = {claim for key, claims in hearing.touching.items() if entity in key[1:] for claim in claims}
    return of_relations | {
        name for name, content in hearing.contents.items() if any(p.entity == entity for p in content.participants)
    }
