"""How the date of a claim follows from the day its article was published."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

from events.errors import InvalidDate
from events.temporal import AFTER_ALL, BEFORE_ALL, Bounds, format_day, parse_edtf, parse_published

_RULE = re.compile(r"([a-z_]+)(?:\(([^()]{1,200})\))?")
ON_PUBLICATION = ("on_publication", "until_publication", "from_publication")
COUNTED = ("days_before", "days_after", "months_before", "years_before", "named_month")
SAME_AS = "same_as"


class Rule(NamedTuple):
    """A rule by name, with its number or the claim that it names."""

    name: str
    argument: str

    @property
    def number(self) -> int:
        """The number in brackets of a counted rule."""
        return int(self.argument)


def parse_rule(text: str) -> Rule:
    """Reads `name` or `name(argument)`; InvalidDate for a rule that does not exist."""
    match = _RULE.fullmatch(text)
    name, argument = (match[1], match[2] or "") if match else ("", "")
    if name in ON_PUBLICATION and not argument or name == SAME_AS and argument:
        return Rule(name, argument)
    if name in COUNTED and re.fullmatch("[0-9]{1,6}", argument):
        if name == "named_month" and not 1 <= int(argument) <= 12:
            raise InvalidDate(f"{text!r}: a month is a number from 1 to 12")
        return Rule(name, argument)
    known = ", ".join([*ON_PUBLICATION, *(f"{counted}(n)" for counted in COUNTED), "same_as(ref)"])
    raise InvalidDate(f"{text!r} is not a rule; the rules are {known}")


def resolve(rule: Rule, anchor: str) -> str:
    """The EDTF date that a rule gives on an anchor: a day, or a set of days `[a..b]` of which both ends are tried.

    InvalidDate where the anchor has no such days, or where the result leaves the years 1 to 9999.
    """
    if rule.name == "on_publication":
        return anchor
    first, last = anchor_days(anchor)
    if rule.name == "until_publication":
        return f"[..{format_day(last)}]"
    if rule.name == "from_publication":
        return f"[{format_day(first)}..]"
    low, high = _count(rule, date.fromordinal(first)), _count(rule, date.fromordinal(last))
    return low if low == high else f"[{low}..{high}]"


def anchor_days(anchor: str) -> Bounds:
    """The first and the last day of an anchor: a day or a bounded set of days."""
    days = parse_published(anchor)
    if days.earliest == BEFORE_ALL or days.latest == AFTER_ALL:
        raise InvalidDate(f"{anchor!r} has no bound on one side and cannot be the anchor of a rule")
    return days


def gives(rule: Rule, anchor: str, edtf: str) -> bool:
    """Whether the rule gives a date that means the same days as the one sent."""
    resolved, sent = parse_edtf(resolve(rule, anchor)), parse_edtf(edtf)
    return (resolved.start, resolved.end) == (sent.start, sent.end)


def _count(rule: Rule, day: date) -> str:
    number = rule.number
    try:
        if rule.name == "days_before":
            return (day - timedelta(days=number)).isoformat()
        if rule.name == "days_after":
            return (day + timedelta(days=number)).isoformat()
    except OverflowError:
        raise InvalidDate(f"{rule.name}({number}) of {day} leaves the years 0001 to 9999") from None
    if rule.name == "named_month":
        return _year(day.year - (number > day.month), rule, day) + f"-{number:02d}"
    if rule.name == "years_before":
        return _year(day.year - number, rule, day)
    year, month = divmod(day.year * 12 + day.month - 1 - number, 12)
    return _year(year, rule, day) + f"-{month + 1:02d}"


def _year(year: int, rule: Rule, day: date) -> str:
    if year < 1:
        raise InvalidDate(f"{rule.name}({rule.argument}) of {day} leaves the years 0001 to 9999")
    return f"{year:04d}"
