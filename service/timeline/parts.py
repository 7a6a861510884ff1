"""A part of a state: which matters it tells of, and where the next part begins."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from events.errors import Invalid
from events.facts import UNKNOWN
from events.matters import DISPUTES, LINEAGE, ROUNDS
from events.network import Wanted
from service.projections.beliefs import FIRST, Place
from service.timeline.states import Told

MOST_LOOKED_AT = 2_000
"""After so many matters a part ends, however few of them are wanted."""
_PLACE = re.compile("([0-9]{1,2})/([^\0]*)")
_BESIDE = (DISPUTES, LINEAGE, ROUNDS)
"""What is not counted: there is one of each."""


def part(listed: Iterable[Told], wanted: Wanted, limit: int | None) -> tuple[list[tuple[str, Any]], str | None]:
    """The first of the matters that are wanted, and the place after which the next part begins, if there is more.

    Without a limit: all of them.
    """
    taken: list[tuple[str, Any]] = []
    counted, last = 0, FIRST
    for looked_at, told in enumerate(listed):
        is_wanted = _is_wanted(told, wanted)
        if limit is not None and (looked_at == MOST_LOOKED_AT or (is_wanted and counted == limit)):
            return taken, key_of(last)
        last = told.place
        if is_wanted:
            taken.append((told.kind, told.answer))
            counted += told.kind not in _BESIDE
    return taken, None


def key_of(place: Place) -> str:
    """A place as a cursor carries it."""
    return f"{place.rank}/{place.name}"


def place_of(key: str | None) -> Place:
    """The place that a cursor carries. Invalid for anything else."""
    if key is None:
        return FIRST
    found = _PLACE.fullmatch(key)
    if found is None:
        raise Invalid("this is not a cursor of the service", "cursor")
    return Place(int(found[1]), found[2])


def _is_wanted(told: Told, wanted: Wanted) -> bool:
    if not told.answer:
        return False
    match told.kind:
        case "relation":
            return wanted.takes(told.answer)
        case "position":
            return wanted.takes(told.answer.relation)
        case "vote":
            return bool(wanted.with_ended or told.answer.status != UNKNOWN)
    return True
