"""When a checkpoint is due, told by a clock of the test."""

from __future__ import annotations

from service.tree.pace import Due, Pace

PACE = Pace(quiet=3, spacing=20, longest=60)


def first_due(due: Due, growth: dict[int, int], covered: int, until: int = 200) -> int | None:
    """The first second at which it is due, when the log has grown to these sizes at these seconds."""
    size = covered
    for now in range(until):
        size = growth.get(now, size)
        if due.is_due(now, size, covered):
            return now
    return None


def test_a_log_that_grew_is_signed_once_it_is_quiet() -> None:
    assert first_due(Due(PACE), {10: 5, 11: 9}, covered=0) == 14


def test_a_log_without_a_pause_is_signed_at_the_latest_after_the_longest_time() -> None:
    assert first_due(Due(PACE), {now: now for now in range(10, 200)}, covered=0) == 70


def test_a_log_that_did_not_grow_is_not_signed() -> None:
    assert first_due(Due(PACE), {}, covered=7) is None


def test_the_event_that_tells_of_a_checkpoint_asks_for_none() -> None:
    due = Due(PACE)
    assert due.is_due(0, 5, 0) is False
    assert due.is_due(3, 5, 0) is True
    due.signed(3)
    assert first_due(due, {4: 6}, covered=6) is None


def test_two_checkpoints_are_apart() -> None:
    due = Due(PACE)
    due.signed(0)
    assert first_due(due, {1: 9}, covered=8) == 20
