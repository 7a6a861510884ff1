"""Items of a state to answers: one at a time, as differences tell of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from events.changes import CONFLICT, ENTITY, EXCLUDED, PREDECESSOR, ROUND, SUCCESSOR, Item, Subject
from events.matters import DISPUTES, MARKET_FACT, POSITION, PROFILE, RELATION, STANCE, VOTE
from service.http import render
from service.http.plain import Answer

_SHOWN: Mapping[str, Callable[[Any], Answer]] = {
    CONFLICT: render.conflict,
    DISPUTES: lambda item: {"conflict_count": item.conflict_count, "excluded_count": item.excluded_count},
    ENTITY: lambda entity: {"id": entity},
    EXCLUDED: lambda item: item._asdict(),
    MARKET_FACT: render.observation,
    POSITION: render.position,
    PREDECESSOR: render.link,
    PROFILE: render.profile_item,
    RELATION: render.relation,
    ROUND: render.money_round,
    STANCE: render.stance,
    SUCCESSOR: render.link,
    VOTE: render.vote,
}


def shown(subject: Subject, item: Item | None) -> Answer | None:
    """An item of a state; null where there is none."""
    return None if item is None else _SHOWN[subject.kind](item)
