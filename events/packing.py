"""Courses in the form in which they are kept: what is the same on all days once, and then what differs."""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from events.courses import Course, Piece, state_on
from events.effects import Key
from events.facts import FactState
from events.grounds import Conflict, Disputes, Grounds
from events.positions import PositionState, Title
from events.relationships import PartState, RelationState
from events.stances import StancePoint
from events.temporal import BEFORE_ALL, Bounds
from events.votes import VoteKey, VoteState

Kept = TypeVar("Kept")


class Pieces(msgspec.Struct, Generic[Kept], frozen=True, array_like=True):
    """A course as it is."""

    pieces: tuple[Piece[Kept], ...]

    def at(self, day: int) -> Kept:
        """The answer on one day."""
        return state_on(self.pieces, day)

    def days(self) -> tuple[int, ...]:
        """The first day of each piece."""
        return tuple(piece.since for piece in self.pieces)


class Points(msgspec.Struct, frozen=True, array_like=True):
    """The points of a stance: each is there from its first day on."""

    points: tuple[StancePoint, ...]

    def at(self, day: int) -> tuple[StancePoint, ...]:
        """The points until a day."""
        return tuple(point for point in self.points if point.when.earliest <= day)

    def days(self) -> tuple[int, ...]:
        """The days on which a point is added, and the first of all days."""
        return tuple(sorted({BEFORE_ALL, *(point.when.earliest for point in self.points)}))


class _Part(NamedTuple):
    state: FactState
    attributes: dict[str, Any]
    clash: Conflict | None


class _RelationPiece(NamedTuple):
    since: int
    state: FactState
    attributes: dict[str, Any]
    parts: tuple[_Part, ...]
    disputes: Disputes | None
    """Where they are not those of all days."""


class RelationPieces(msgspec.Struct, frozen=True, array_like=True):
    """The course of a relation."""

    key: Key
    disputes: Disputes
    grounds: Grounds
    supported_on: int | None
    parts: tuple[tuple[dict[str, str], Grounds], ...]
    pieces: tuple[_RelationPiece, ...]

    def at(self, day: int) -> RelationState:
        """The answer on one day."""
        _, state, attributes, parts, disputes = _piece_on(self.pieces, day)
        return RelationState(
            key=self.key,
            state=state,
            attributes=attributes,
            parts=tuple(
                PartState(scope, part.state, part.attributes, grounds, part.clash)
                for (scope, grounds), part in zip(self.parts, parts, strict=True)
            ),
            disputes=self.disputes if disputes is None else disputes,
            grounds=self.grounds,
            supported_on=self.supported_on,
        )

    def days(self) -> tuple[int, ...]:
        """The first day of each piece."""
        return tuple(piece.since for piece in self.pieces)


class PositionPieces(msgspec.Struct, frozen=True, array_like=True):
    """The course of a position."""

    relation: RelationPieces
    titles: tuple[Title, ...]

    def at(self, day: int) -> PositionState:
        """The answer on one day."""
        return PositionState(self.relation.at(day), self.titles)

    def days(self) -> tuple[int, ...]:
        """The first day of each piece."""
        return self.relation.days()


class _VotePiece(NamedTuple):
    since: int
    status: str
    when: Bounds | None
    outcomes: tuple[str, ...]
    due: Bounds | None
    missed: Bounds | None


class VotePieces(msgspec.Struct, frozen=True, array_like=True):
    """The course of a vote."""

    key: VoteKey
    motions: tuple[str, ...]
    cast: tuple[tuple[str, str], ...]
    disputes: Disputes
    grounds: Grounds
    pieces: tuple[_VotePiece, ...]

    def at(self, day: int) -> VoteState:
        """The answer on one day."""
        _, status, when, outcomes, due, missed = _piece_on(self.pieces, day)
        return VoteState(
            self.key, status, self.motions, when, outcomes, due, missed, self.cast, self.disputes, self.grounds
        )

    def days(self) -> tuple[int, ...]:
        """The first day of each piece."""
        return tuple(piece.since for piece in self.pieces)


def pack_relation(found: Course[RelationState]) -> RelationPieces:
    """The course of a relation, packed."""
    first = found[0].state
    pieces = tuple(
        _RelationPiece(
            since,
            state.state,
            state.attributes,
            tuple(_Part(part.state, part.attributes, part.clash) for part in state.parts),
            None if state.disputes == first.disputes else state.disputes,
        )
        for since, state in found
    )
    parts = tuple((part.scope, part.grounds) for part in first.parts)
    return RelationPieces(first.key, first.disputes, first.grounds, first.supported_on, parts, pieces)


def pack_position(found: Course[PositionState]) -> PositionPieces:
    """The course of a position, packed."""
    return PositionPieces(pack_relation(tuple(Piece(p.since, p.state.relation) for p in found)), found[0].state.titles)


def pack_vote(found: Course[VoteState]) -> VotePieces:
    """The course of a vote, packed."""
    first = found[0].state
    pieces = tuple(_VotePiece(since, v.status, v.when, v.outcomes, v.due, v.missed) for since, v in found)
    return VotePieces(first.key, first.motions, first.cast, first.disputes, first.grounds, pieces)


_P = TypeVar("_P", _RelationPiece, _VotePiece)


def _piece_on(pieces: tuple[_P, ...], day: int) -> _P:
    return pieces[bisect_right(pieces, day, key=attrgetter("since")) - 1]
