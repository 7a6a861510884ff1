"""Which claims tell of an item of a state, and which matter it tells of."""

from __future__ import annotations

from events.changes import Item
from events.grounds import Conflict, Disputes, Excluded
from events.matters import DISPUTES, LINEAGE, PROFILE, ROUNDS, STANCE, VOTE, Matter, relation_matter
from events.positions import PositionState
from events.profile import ProfileItem, ProfileKey
from events.relationships import RelationState
from events.rounds import Round
from events.stances import StancePoint
from events.votes import VoteState


def telling(item: Item | None) -> set[str]:
    """The claims that tell what an item is."""
    match item:
        case None | str() | Disputes():
            return set()
        case PositionState():
            return telling(item.relation)
        case Conflict():
            return {claim for side in item.sides for claim in side.claims}
        case Excluded():
            return {item.claim, item.by} if item.by else {item.claim}
        case Round():
            return {*item.grounds.claims, *(claim for taker in item.investors for claim in taker.grounds.claims)}
    return set(item.grounds.claims)


def is_cut(item: Item) -> bool:
    """Whether an item does not name all the claims behind it."""
    match item:
        case Disputes():
            return True
        case str() | Excluded():
            return False
        case PositionState():
            return is_cut(item.relation)
        case Conflict():
            return any(side.claim_count > len(side.claims) for side in item.sides)
        case Round():
            every = (item.grounds, *(investor.grounds for investor in item.investors))
            return any(grounds.claim_count > len(grounds.claims) for grounds in every)
        case RelationState() | VoteState():
            told = item.disputes
            if told.conflict_count > len(told.conflicts) or told.excluded_count > len(told.excluded):
                return True
    return item.grounds.claim_count > len(item.grounds.claims)


def matter_of(item: Item, entity: str) -> Matter:
    """The matter of which an item of an entity's state tells."""
    match item:
        case RelationState():
            return relation_matter(item.key)
        case PositionState():
            return relation_matter(item.relation.key)
        case VoteState():
            return Matter(VOTE, (item.key,))
        case StancePoint():
            return Matter(STANCE, (item.key, item.is_negated))
        case ProfileItem():
            key = ProfileKey(entity, item.name, str(item.value), item.stage, item.is_negated)
            return Matter(PROFILE, (key,))
        case Round():
            return Matter(ROUNDS, (entity,))
        case Conflict() | Disputes():
            return Matter(DISPUTES, (entity,))
    return Matter(LINEAGE, (entity,))
