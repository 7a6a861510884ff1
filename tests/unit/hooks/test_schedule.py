"""When a delivery is attempted again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from service.hooks.schedule import ATTEMPTS, pause_after, wish_of

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def middle() -> float:
    return 0.5


def pauses(random: float) -> list[timedelta]:
    found = [pause_after(tries, lambda: random) for tries in range(1, ATTEMPTS + 1)]
    assert found.pop() is None, "the last failure is followed by another attempt"
    return [pause for pause in found if pause is not None]


def test_ten_attempts_take_three_days_and_almost_four_hours() -> None:
    assert [pause.total_seconds() for pause in pauses(0.5)] == [
        5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400,
    ]  # fmt: skip
    assert sum(pauses(0.5), timedelta()) == timedelta(hours=75, minutes=35, seconds=5)


@pytest.mark.parametrize(("random", "factor"), [(0.0, 0.9), (0.25, 0.95), (1.0, 1.1)])
def test_a_pause_is_up_to_a_tenth_shorter_or_longer(random: float, factor: float) -> None:
    told = [pause.total_seconds() for pause in pauses(random)]
    assert told == pytest.approx([pause.total_seconds() * factor for pause in pauses(0.5)])


def test_the_wish_of_a_receiver_makes_a_pause_longer_and_never_shorter() -> None:
    assert pause_after(1, middle, timedelta(minutes=10)) == timedelta(minutes=10)
    assert pause_after(3, middle, timedelta(minutes=10)) == timedelta(minutes=30)


def test_a_wish_counts_for_at_most_a_day() -> None:
    assert pause_after(1, middle, timedelta(days=30)) == timedelta(hours=24)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("Sun, 22 Nov 2026 12:10:00 GMT", 600),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("99999999999999999999", 86_400),
        ("-5", 0),
        ("soon", 0),
        ("", 0),
        ("١٢", 0),
        ("Sun, 99 Nov 2026 12:10:00 GMT", 0),
        ("Sun, 99999999999999999999 Nov 2026 12:10:00 GMT", 0),
        ("Sun, 22 Nov 99999999999999999999 12:10:00 GMT", 0),
        ("Sun, 22 Nov 2026 12:10:00 +99999999999999999999", 0),
    ],
)
def test_a_wish_is_seconds_or_an_instant(header: str, seconds: int) -> None:
    assert wish_of(header, NOW) == timedelta(seconds=seconds)
