"""Versions: a course between two positions, cut into rows that lie in the calendar."""

from __future__ import annotations

from datetime import UTC, datetime

from events.courses import Piece
from events.facts import HOLDS, POSSIBLY, UNKNOWN, FactState
from events.packing import pack_position, pack_relation
from events.positions import PositionState
from events.relationships import RelationState
from events.temporal import AFTER_ALL, BEFORE_ALL, LAST_DAY
from events.versions import Recorded, key_of, versions

KEY = ("owns", "ant", "bee")
SINCE, UNTIL = (Recorded(n, datetime(2026, 11, n, tzinfo=UTC)) for n in (1, 2))


def state(status: str) -> RelationState:
    return RelationState(KEY, FactState(status))


def test_each_piece_is_a_version_that_ends_where_the_next_begins() -> None:
    told = pack_relation((Piece(BEFORE_ALL, state(UNKNOWN)), Piece(734_000, state(HOLDS))))
    found = [version[1:] for version in versions(KEY, told, SINCE, UNTIL)]
    assert found == [
        (SINCE, UNTIL, BEFORE_ALL, 734_000, state(UNKNOWN)),
        (SINCE, UNTIL, 734_000, AFTER_ALL, state(HOLDS)),
    ]


def test_what_begins_after_the_last_day_is_no_version() -> None:
    """Such a piece has no first day to name, and would be taken for one without a beginning."""
    pieces = (
        Piece(BEFORE_ALL, state(UNKNOWN)),
        Piece(LAST_DAY, state(POSSIBLY)),
        Piece(AFTER_ALL, state(HOLDS)),
    )
    days = [version[3:5] for version in versions(KEY, pack_relation(pieces), SINCE, None)]
    assert days == [(BEFORE_ALL, LAST_DAY), (LAST_DAY, AFTER_ALL)]


def test_a_position_is_told_as_its_relation() -> None:
    told = pack_position((Piece(BEFORE_ALL, PositionState(state(HOLDS), ())),))
    assert key_of(told) == KEY
    assert [version.state for version in versions(KEY, told, SINCE, None)] == [state(HOLDS)]


def test_what_is_not_kept_is_one_version_of_all_days() -> None:
    assert [version[1:] for version in versions(KEY, None, SINCE, UNTIL)] == [
        (SINCE, UNTIL, BEFORE_ALL, AFTER_ALL, None)
    ]
