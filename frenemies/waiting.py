"""How long to wait before trying again."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic

_FIRST = 0.5
_LONGEST = 30.0
_LONGEST_ASKED = 300.0
_LASTED = 30.0
_MOST_DOUBLED = 10


class Trouble(Exception):
    """Something that may be better the next time; the service may say how many seconds to wait."""

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Waits:
    """Longer and longer waits, each by chance up to half as long, so that not all clients come back at once.

    They begin anew after a try that brought something, or went on for half a minute.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._begun = monotonic()
        self._failing_since: float | None = None

    def begin(self) -> None:
        """A try begins."""
        self._begun = monotonic()

    def next(self, retry_after: float, *, brought_something: bool) -> float:
        """The seconds to wait after a try that has ended."""
        now = monotonic()
        if brought_something or now - self._begun > _LASTED:
            self._failures, self._failing_since = 0, None
        if self._failing_since is None:
            self._failing_since = now
        longest = min(_LONGEST, _FIRST * 2**self._failures)
        self._failures = min(self._failures + 1, _MOST_DOUBLED)
        return min(retry_after, _LONGEST_ASKED) + random.uniform(longest / 2, longest)  # noqa: S311

    @property
    def failing(self) -> float:
        """For how many seconds nothing has come."""
        return 0.0 if self._failing_since is None else monotonic() - self._failing_since


def seconds_of(retry_after: str | None) -> float:
    """The seconds that a `Retry-After` asks for (RFC 9110): a number, or a date."""
    if retry_after is None:
        return 0.0
    if retry_after.isdecimal():
        return float(retry_after[:6])
    try:
        until = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return 0.0
    return max(0.0, (until - datetime.now(UTC)).total_seconds()) if until.tzinfo else 0.0
