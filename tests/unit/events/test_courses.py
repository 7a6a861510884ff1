"""Courses: the answer on every day, in pieces."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from events.courses import Piece, course, state_on
from events.knowledge import Heard, Hearing, Point, hear
from events.relationships import RelationAccount, relation_state
from events.temporal import BEFORE_ALL, FIRST_DAY, LAST_DAY
from tests.generating import some
from tests.histories import histories
from tests.recorded import Recorded


def test_equal_neighbours_are_one_piece() -> None:
    assert course([9, 3, 5, 7], lambda day: day >= 5) == (Piece(BEFORE_ALL, False), Piece(5, True))
    assert course([], lambda day: day) == (Piece(BEFORE_ALL, BEFORE_ALL),)


@given(st.sets(st.integers(1, 50)), st.integers(1, 60))
def test_the_state_on_a_day_is_that_of_the_last_break(breaks: set[int], day: int) -> None:
    last = max((found for found in breaks if found <= day), default=BEFORE_ALL)
    assert state_on(course(breaks, lambda found: found), day) == last


def days_told(heard: Heard) -> set[int]:
    """Every day that a claim names in any way, and those beside it."""
    named = {*heard.span.start, *(heard.span.until or ()), *heard.due, *heard.published, heard.planned_since}
    return {day + step for day in named for step in (-1, 0, 1)}


def check(hearing: Hearing) -> None:
    told = {day for heard in hearing.live for day in days_told(heard)} | {FIRST_DAY, LAST_DAY}
    days = [day for day in told if FIRST_DAY <= day <= LAST_DAY]
    for key in hearing.about:
        account = RelationAccount(hearing, key)
        found = course(account.breaks(), account.at)
        for day in days:
            assert state_on(found, day) == relation_state(hearing, key, day), (key, day)


@some
@given(histories())
def test_the_course_of_a_relation_is_its_answer_on_every_day(history: list[dict]) -> None:  # type: ignore[type-arg]
    recorded = Recorded(history)
    knowledge = recorded.knowledge()
    for position in {recorded.positions[-1], recorded.positions[len(recorded.positions) // 2]}:
        check(hear(knowledge, Point(FIRST_DAY, recorded_by=position)))
