"""Versions of relations: what was answered about one, from one log position to the next and from one day to another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from events.effects import Key
from events.matters import POSITION, RELATION
from events.packing import PositionPieces, RelationPieces
from events.positions import PositionState
from events.relationships import RelationState
from events.temporal import AFTER_ALL, BEFORE_ALL

KINDS = (RELATION, POSITION)
"""The kinds of matters that have versions."""
Course = RelationPieces | PositionPieces


class Recorded(NamedTuple):
    """A log position, and when the event there was recorded."""

    position: int
    instant: datetime


class Version(NamedTuple):
    """What was answered about a relation. Both ends that are named `until` lie behind it; None: there is none.

    Days are ordinals. The state is None where it changes on too many days to be kept.
    """

    key: Key
    known_since: Recorded
    known_until: Recorded | None
    valid_since: int
    valid_until: int
    state: RelationState | None


def versions(key: Key, told: Course | None, since: Recorded, until: Recorded | None) -> Iterator[Version]:
    """The versions between two positions, in the order of their days. Together they cover every day there is."""
    if told is None:
        yield Version(key, since, until, BEFORE_ALL, AFTER_ALL, None)
        return
    days = [day for day in told.days() if day < AFTER_ALL]
    for first, following in pairwise([*days, AFTER_ALL]):
        yield Version(key, since, until, first, following, _relation(told.at(first)))


def key_of(told: Course) -> Key:
    """The relation that it is about."""
    return _relation(told.at(BEFORE_ALL)).key


def _relation(state: RelationState | PositionState) -> RelationState:
    return state.relation if isinstance(state, PositionState) else state
