"""The answer for one thing on every day: pieces, each from its first day to the next piece's."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Generic, NamedTuple, TypeVar

from events.temporal import BEFORE_ALL

State = TypeVar("State")


class Piece(NamedTuple, Generic[State]):
    """The answer from a day on; BEFORE_ALL is the first of all days."""

    since: int
    state: State


Course = tuple[Piece[State], ...]
"""Pieces in the order of days. The first begins before all days, and no two neighbours are equal."""


def course(breaks: Iterable[int], at: Callable[[int], State]) -> Course[State]:
    """The course of an answer that can only change on certain days."""
    pieces: list[Piece[State]] = []
    for day in sorted({BEFORE_ALL, *breaks}):
        state = at(day)
        if not pieces or state != pieces[-1].state:
            pieces.append(Piece(day, state))
    return tuple(pieces)


def state_on(pieces: Sequence[Piece[State]], day: int) -> State:
    """The answer on one day."""
    return pieces[bisect_right(pieces, day, key=attrgetter("since")) - 1].state
