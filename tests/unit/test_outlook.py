"""How long a rebuild takes from here: an estimate that rests on what was done so far."""

from __future__ import annotations

import pytest

from service.projections.progress import AMENDING, CATCHING_UP, INDEXING, LOADING, PHASES, VERIFYING, Outlook

SECONDS = {LOADING: 44.0, INDEXING: 10.0, AMENDING: 12.0, CATCHING_UP: 2.0, VERIFYING: 6.0}
"""A rebuild whose phases relate as they usually do, at half the speed."""
ALL = sum(SECONDS.values())


def begin_of(phase: str) -> float:
    return sum(SECONDS[other] for other in PHASES[: PHASES.index(phase)])


def test_nothing_is_told_before_anything_was_done() -> None:
    outlook = Outlook()
    assert outlook.seconds_left(LOADING, 0, 100, 10.0) is None
    assert outlook.seconds_left(LOADING, 0, 100, 12.0) is None
    assert outlook.seconds_left(LOADING, 1, 100, 12.0) is not None


def test_it_is_that_of_all_phases_from_the_first_one_on() -> None:
    outlook = Outlook()
    for phase in PHASES:
        for done in range(11):
            spent = begin_of(phase) + SECONDS[phase] * done / 10
            left = outlook.seconds_left(phase, done, 10, 1_000.0 + spent)
            assert left == (pytest.approx(ALL - spent) if spent else None)


def test_one_that_goes_on_is_told_by_its_own_pace() -> None:
    outlook = Outlook()
    assert outlook.seconds_left(LOADING, 50, 100, 0.0) is None
    assert outlook.seconds_left(LOADING, 75, 100, 11.0) == pytest.approx(ALL - 33.0)


def test_a_phase_without_work_is_done_at_once() -> None:
    outlook = Outlook()
    outlook.seconds_left(LOADING, 0, 100, 0.0)
    left = outlook.seconds_left(INDEXING, 10, 10, begin_of(AMENDING))
    assert outlook.seconds_left(AMENDING, 0, 0, begin_of(AMENDING)) < (left or 0.0)


def test_catching_up_once_more_at_the_end_does_not_turn_it_back() -> None:
    outlook = Outlook()
    outlook.seconds_left(LOADING, 0, 100, 0.0)
    assert outlook.seconds_left(VERIFYING, 1, 1, ALL) == 0.0
    assert outlook.seconds_left(CATCHING_UP, 0, 5, ALL + 1) == 0.0
