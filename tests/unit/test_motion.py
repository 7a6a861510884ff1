"""Whether something that has to move on does."""

from __future__ import annotations

from service.timeline.motion import Motion


def test_what_moves_is_not_stalled_however_long_it_takes_and_what_stands_still_is() -> None:
    now = 0.0
    motion = Motion(10.0, lambda: now)
    for position in range(5):
        now += 60.0
        assert not motion.is_stalled(position, 100)
    now += 9.0
    assert not motion.is_stalled(4, 100)
    now += 2.0
    assert motion.is_stalled(4, 100)
    assert not motion.is_stalled(5, 100)


def test_what_is_at_its_goal_is_not_stalled_nor_at_once_when_the_goal_moves() -> None:
    now = 0.0
    motion = Motion(10.0, lambda: now)
    assert not motion.is_stalled(5, 5)
    now += 3_600.0
    assert not motion.is_stalled(5, 5)
    now += 5.0
    assert not motion.is_stalled(5, 6)
    now += 6.0
    assert motion.is_stalled(5, 6)
