"""When a delivery is attempted again, and when it is given up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MINUTE, HOUR = 60, 3_600
PAUSES = (5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR)
"""Seconds between one attempt and the next: ten attempts within three days and four hours."""
ATTEMPTS = len(PAUSES) + 1
JITTER = 0.1
"""By which part a pause may be shorter or longer, so that what failed together does not come again together."""
LONGEST_WISH = timedelta(hours=24)
"""A receiver that wishes to be left alone for longer is asked again then."""
NO_WISH = timedelta(0)
Random = Callable[[], float]


def pause_after(tries: int, random: Random, wish: timedelta = NO_WISH) -> timedelta | None:
    """How long to wait after so many failed attempts; None when that was the last one.

    `random` gives numbers from 0 to 1. The wish of the receiver makes a pause longer, never shorter.
    """
    if tries >= ATTEMPTS:
        return None
    pause = timedelta(seconds=PAUSES[tries - 1] * (1 + JITTER * (2 * random() - 1)))
    return max(pause, min(wish, LONGEST_WISH))


def wish_of(retry_after: str, now: datetime) -> timedelta:
    """How long a receiver wishes to be left alone (RFC 9110, `Retry-After`); no time where it is not understood."""
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        return timedelta(seconds=min(int(text[:9]), LONGEST_WISH.total_seconds()))
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return NO_WISH
    return max(until.replace(tzinfo=until.tzinfo or UTC) - now, NO_WISH)
