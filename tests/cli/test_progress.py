"""What long commands say of how far they are, where there is no terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from service.cli import progress

Tell = Callable[..., str]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tell:
    """What is written when these steps are shown, each a time with a phase, how much is done, of how much, and more."""
    now = [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])

    def tell(*steps: tuple[Any, ...], each_phase: bool = False) -> str:
        with progress.Bar("it", each_phase=each_phase) as bar:
            for now[0], *step in steps:
                bar.show(*step)
        return capsys.readouterr().err

    return tell


def test_a_line_now_and_then_tells_rate_and_time_left(told: Tell) -> None:
    steps = [(0.0, "events", 0, 10_000), (5.0, "events", 1_000, 10_000), (7.0, "events", 1_400, 10_000)]
    assert told(*steps) == "frenemies: it: events, 1,000 of 10,000, 200/s, 45 s left\n"


def test_what_takes_less_says_nothing_unless_each_phase_is_to_be_told(told: Tell) -> None:
    steps = [(0.0, "loading", 0, 10), (1.0, "loading", 10, 10), (2.0, "switching", 0, 0)]
    assert told(*steps) == ""
    assert told(*steps, each_phase=True) == "frenemies: it: loading, 0 of 10, 0/s\nfrenemies: it: switching\n"


def test_the_same_line_is_not_told_twice(told: Tell) -> None:
    steps = [(0.0, "loading", 0, 10), (6.0, "loading", 0, 10), (12.0, "loading", 5, 10)]
    assert told(*steps, each_phase=True) == (
        "frenemies: it: loading, 0 of 10, 0/s\nfrenemies: it: loading, 5 of 10, 0/s, 12 s left\n"
    )


def test_the_rate_is_that_of_the_phase(told: Tell) -> None:
    steps = [(0.0, "checking", 0, 100), (4.0, "recording", 50, 100), (9.0, "recording", 100, 100)]
    assert told(*steps) == "frenemies: it: recording, 100 of 100, 10/s, 0 s left\n"


def test_what_is_left_of_all_phases_is_told_beside_what_is_left_of_this_one(told: Tell) -> None:
    steps = [(0.0, "loading", 0, 100, None), (5.0, "loading", 50, 100, 12.4), (10.0, "switching", 0, 0, 1.0)]
    assert told(*steps) == (
        "frenemies: it: loading, 50 of 100, 10/s, 5 s left, 12 s to the end\nfrenemies: it: switching, 1 s to the end\n"
    )
