"""What long commands say of how far they are, where there is no terminal."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from service.cli import progress

Tell = Callable[..., str]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tell:
    """What is written when these steps are shown, each a time with a phase, how much is done, and of how much."""
    now = [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])

    def tell(*steps: tuple[float, str, int, int], each_phase: bool = False) -> str:
        with progress.Bar("it", each_phase=each_phase) as bar:
            for now[0], phase, done, total in steps:
                bar.show(phase, done, total)
        return capsys.readouterr().err

    return tell


def test_a_line_now_and_then_tells_rate_and_time_left(told: Tell) -> None:
    steps = [(0.0, "events", 0, 10_000), (5.0, "events", 1_000, 10_000), (7.0, "events", 1_400, 10_000)]
    assert told(*steps) == "frenemies: it: events, 1,000 of 10,000, 200/s, 45 s left\n"


def test_what_takes_less_says_nothing_unless_each_phase_is_to_be_told(told: Tell) -> None:
    steps = [(0.0, "loading", 0, 10), (1.0, "loading", 10, 10), (2.0, "switching", 0, 0)]
    assert told(*steps) == ""
    assert told(*steps, each_phase=True) == "frenemies: it: loading, 0 of 10, 0/s\nfrenemies: it: switching\n"


def test_the_rate_is_that_of_the_phase(told: Tell) -> None:
    steps = [(0.0, "checking", 0, 100), (4.0, "recording", 50, 100), (9.0, "recording", 100, 100)]
    assert told(*steps) == "frenemies: it: recording, 100 of 100, 10/s, 0 s left\n"
