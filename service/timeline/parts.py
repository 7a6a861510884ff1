"""A part of a state: which matters it tells of, and where the next part begins."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from events.errors import Invalid
from events.facts import UNKNOWN
from events.matters import DISPUTES, LINEAGE, ROUNDS
from events.network import Wanted
from events.temporal import AFTER_ALL, BEFORE_ALL
from service.projections.beliefs import FIRST, Place
from service.timeline.states import Told

MOST_LOOKED_AT = 2_000
"""After so many matters a part ends, however few of them are wanted."""
_PLACE = re.compile("([0-9]{1,2})/([^\0]*)")
_BESIDE = (DISPUTES, LINEAGE, ROUNDS)
"""What is not counted: there is one of each."""


class Part(NamedTuple):
    """What is told of some matters, each with its kind; the place after which the next part begins, if there is more.

    Until the beliefs change, it is the same on all days from the first until before the last of `days`.
    `size` is that of the beliefs, in bytes.
    """

    told: list[tuple[str, Any]]
    after: str | None
    days: tuple[int, int]
    size: int


def part(listed: Iterable[Told], wanted: Wanted, limit: int | None) -> Part:
    """The first of the matters that are wanted. Without a limit: all of them."""
    taken: list[tuple[str, Any]] = []
    counted, size, last, first, until = 0, 0, FIRST, BEFORE_ALL, AFTER_ALL
    seen = FIRST
    for looked_at, told in enumerate(listed):
        first, until = max(first, told.days[0]), min(until, told.days[1])
        is_wanted = _is_wanted(told, wanted)
        if is_wanted and counted == limit:
            return Part(taken, key_of(last), (first, until), size)
        if limit is not None and looked_at == MOST_LOOKED_AT:
            return Part(taken, key_of(seen), (first, until), size)
        seen = told.place
        if is_wanted:
            last = told.place
            taken.append((told.kind, told.answer))
            size += told.size
            counted += told.kind not in _BESIDE
    return Part(taken, None, (first, until), size)


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
