"""How far behind a replica is in seconds, by what was written when and what has been replayed."""

from __future__ import annotations

from math import inf

import pytest

from service.replica.trail import MOST, UNHEARD, Trail


def test_as_long_as_nothing_is_known_it_may_lack_everything() -> None:
    assert Trail().lag(5.0) == inf


def known() -> Trail:
    """Of servers that were looked at before anything was written."""
    trail = Trail()
    trail.note_written(0.0, 0)
    trail.note_replayed(0.0, 0)
    return trail


def test_what_was_written_before_the_first_look_may_be_of_any_age() -> None:
    trail = Trail()
    trail.note_written(1.0, 100)
    trail.note_replayed(1.1, 99)
    assert trail.lag(1.1) == inf
    trail.note_written(2.0, 200)
    trail.note_replayed(2.1, 100)
    assert trail.lag(2.1) == pytest.approx(0.1)


def test_who_has_all_that_was_written_is_not_behind() -> None:
    trail = Trail()
    trail.note_written(1.0, 100)
    trail.note_replayed(1.1, 100)
    assert trail.lag(1.5) == 0


def test_the_lag_is_the_age_of_the_oldest_that_is_lacking() -> None:
    trail = known()
    for at, written in ((1.0, 100), (2.0, 200), (3.0, 300)):
        trail.note_written(at, written)
    trail.note_replayed(3.5, 150)
    assert trail.lag(3.5) == 1.5
    trail.note_replayed(3.5, 200)
    assert trail.lag(3.5) == 0.5
    trail.note_replayed(3.5, 299)
    assert trail.lag(10.0) == 7.0
    trail.note_replayed(3.5, 300)
    assert trail.lag(3.5) == 0


def test_what_may_have_been_replayed_since_the_last_look_makes_nobody_late() -> None:
    trail = known()
    trail.note_written(1.0, 100)
    trail.note_replayed(1.25, 99)
    assert [trail.lag(now) for now in (1.25, 2.0, 1.25 + UNHEARD)] == [0.25] * 3
    assert trail.lag(1.5 + UNHEARD) == UNHEARD + 0.5


def test_a_primary_that_writes_nothing_makes_nobody_late() -> None:
    trail = Trail()
    trail.note_replayed(0.0, 100)
    for at in range(100):
        trail.note_written(float(at), 100)
    assert trail.lag(99.5) == 0


def test_as_long_as_the_primary_is_not_heard_it_may_have_written_since() -> None:
    trail = Trail()
    trail.note_replayed(0.0, 100)
    trail.note_written(1.0, 100)
    assert trail.lag(1.0 + UNHEARD) == 0
    assert trail.lag(1.5 + UNHEARD) == UNHEARD + 0.5


def test_another_primary_that_has_written_less_begins_anew() -> None:
    trail = Trail()
    trail.note_written(1.0, 500)
    trail.note_written(2.0, 300)
    trail.note_replayed(2.0, 299)
    assert trail.lag(2.5) == inf
    trail.note_replayed(2.0, 300)
    assert trail.lag(2.5) == 0


@pytest.mark.parametrize("seconds", [MOST - 1, MOST + 1, 50 * MOST])
def test_of_a_replica_that_stands_still_for_long_the_first_step_is_remembered(seconds: int) -> None:
    trail = known()
    for at in range(seconds):
        trail.note_written(float(at), at + 1)
    assert trail.lag(float(seconds)) == seconds
    assert len(trail._steps) <= MOST
    trail.note_replayed(float(seconds), seconds)
    assert trail.lag(float(seconds)) == 0
