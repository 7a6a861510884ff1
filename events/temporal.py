"""Uncertain dates: the subset of EDTF (ISO 8601-2) that the service takes, and its bounds.

Days are proleptic Gregorian ordinals (1 is 0001-01-01). BEFORE_ALL and AFTER_ALL stand for no bound.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from events.errors import InvalidDate

BEFORE_ALL = 0
FIRST_DAY = date.min.toordinal()
LAST_DAY = date.max.toordinal()
AFTER_ALL = LAST_DAY + 1

_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?([~?%])?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONGEST = 64


class Bounds(NamedTuple):
    """The earliest and the latest day that a date can mean, both included."""

    earliest: int
    latest: int


ANY_DAY = Bounds(BEFORE_ALL, AFTER_ALL)


class Edtf(NamedTuple):
    """A parsed date: when it starts (or happened), and when it ends where an interval says so."""

    text: str
    start: Bounds
    end: Bounds | None
    is_interval: bool


class Span(NamedTuple):
    """What a date says of a claim: the range of its start, and of the first day on which it no longer holds."""

    start: Bounds
    until: Bounds | None


def next_day(day: int) -> int:
    """The day after; no bound stays no bound."""
    return day if day in (BEFORE_ALL, AFTER_ALL) else day + 1


@lru_cache(maxsize=65536)
def parse_edtf(text: str) -> Edtf:
    """Reads `YYYY[-MM[-DD]]` with `~`, `?` or `%`, sets `[a..b]`, and intervals `a/b`, `a/..`, `../b`, `a/`, `/b`.

    InvalidDate with the reason for anything else; nothing is guessed.
    """
    if len(text) > _LONGEST:
        raise InvalidDate(f"a date has at most {_LONGEST} characters")
    first, slash, second = text.partition("/")
    if not slash:
        return Edtf(text, _parse_range(first, text), None, False)
    opened = first in ("", "..")
    ended = second in ("", "..")
    if opened and ended:
        raise InvalidDate(f"{text!r}: an interval needs a date on one side")
    start = ANY_DAY if opened else _parse_range(first, text)
    end = None if ended else _parse_range(second, text)
    if end is not None and end.latest < start.earliest:
        raise InvalidDate(f"{text!r}: the end is before the start")
    return Edtf(text, start, end, True)


def parse_published(text: str) -> Bounds:
    """The bounds of a date of publication: one date or set, no interval."""
    parsed = parse_edtf(text)
    if parsed.is_interval:
        raise InvalidDate(f"{text!r}: a publication has a date or a set of dates, not an interval")
    return parsed.start


def parse_day(text: str) -> int:
    """The ordinal of one certain day `YYYY-MM-DD`."""
    if not _DAY.fullmatch(text):
        raise InvalidDate(f"{text!r} is not a day of the form YYYY-MM-DD")
    return _parse_range(text, text).earliest


def span_of(edtf: str) -> Span:
    """What an EDTF date says of a claim. Both days of `a/b` are inside: it no longer holds from the day after b."""
    parsed = parse_edtf(edtf)
    low, high = parsed.start
    if parsed.end is None:
        return Span(parsed.start, None)
    end_low, end_high = parsed.end
    until = Bounds(next_day(max(low, end_low)), next_day(end_high))
    # After the last day of the calendar there is none on which it would be over.
    return Span(Bounds(low, min(high, end_high)), None if until.earliest == AFTER_ALL else until)


def _parse_range(text: str, whole: str) -> Bounds:
    """One date, or a set in brackets."""
    if not text.startswith("["):
        return _parse_date(text, whole)
    if not text.endswith("]") or text.count("..") != 1:
        raise InvalidDate(f"{whole!r}: a set of dates is written [a..b], [..b] or [a..]")
    first, _, second = text[1:-1].partition("..")
    if not first and not second:
        raise InvalidDate(f"{whole!r}: a set needs a date on one side")
    low = _parse_date(first, whole).earliest if first else BEFORE_ALL
    high = _parse_date(second, whole).latest if second else AFTER_ALL
    if high < low:
        raise InvalidDate(f"{whole!r}: the second date of the set is before the first")
    return Bounds(low, high)


def _parse_date(text: str, whole: str) -> Bounds:
    match = _DATE.fullmatch(text)
    if match is None:
        raise InvalidDate(
            f"{whole!r} is not a date of the forms YYYY, YYYY-MM, YYYY-MM-DD, a set or an interval of EDTF"
        )
    year, month, day, qualifier = match.groups()
    widened = 1 if qualifier else 0
    if int(year) == 0:
        raise InvalidDate(f"{whole!r}: years run from 0001 to 9999")
    if month is None:
        return _years(int(year) - widened, int(year) + widened)
    if not 1 <= int(month) <= 12:
        raise InvalidDate(f"{whole!r}: there is no month {month}")
    if day is None:
        count = int(year) * 12 + int(month) - 1
        return _months(count - widened, count + widened)
    try:
        ordinal = date(int(year), int(month), int(day)).toordinal()
    except ValueError:
        raise InvalidDate(f"{whole!r}: there is no such day") from None
    return Bounds(max(ordinal - widened, FIRST_DAY), min(ordinal + widened, LAST_DAY))


def _years(first: int, last: int) -> Bounds:
    return Bounds(date(max(first, 1), 1, 1).toordinal(), date(min(last, 9999), 12, 31).toordinal())


def _months(first: int, last: int) -> Bounds:
    """Months are counted from January of the year 0."""
    year, month = divmod(max(first, 12), 12)
    last_year, last_month = divmod(min(last, 9999 * 12 + 11), 12)
    last_day = monthrange(last_year, last_month + 1)[1]
    return Bounds(date(year, month + 1, 1).toordinal(), date(last_year, last_month + 1, last_day).toordinal())


@lru_cache(8_192)
def format_day(day: int) -> str | None:
    """`YYYY-MM-DD`, or None where there is no bound."""
    return None if day in (BEFORE_ALL, AFTER_ALL) else date.fromordinal(day).isoformat()


def format_bounds(bounds: Bounds) -> str | None:
    """The shortest EDTF text with exactly these bounds; None where there is none on either side."""
    low, high = format_day(bounds.earliest), format_day(bounds.latest)
    if low is None and high is None:
        return None
    if low is None or high is None:
        return f"[{low or ''}..{high or ''}]"
    for size in (10, 7, 4):
        if low[:size] == high[:size] and parse_edtf(low[:size]).start == bounds:
            return low[:size]
    return f"[{low}..{high}]"
