"""What an uncertain date means, in words, for those who type one."""

from __future__ import annotations

from calendar import month_name
from dataclasses import asdict, dataclass

from flask import Response

from events.errors import DomainError
from events.temporal import AFTER_ALL, Edtf, format_day, parse_edtf, parse_published
from service.http.jsons import json_answer
from service.web.blueprint import PAGES
from service.web.question import asked

_QUALIFIERS = {"~": "about ", "?": "perhaps ", "%": "perhaps about "}
_UNITS = {4: "year", 7: "month", 10: "day"}
_EXAMPLES = "Like 2014, 2014-11, 2014-11-04, 2014~ (about), [2014-03..2014-06] (some day in between)"
_INTERVALS = ", 2012/2014 (from, to), 2012/.. (from, open)"
PUBLICATION = "publication"
"""A date of which no interval is taken."""


@dataclass(frozen=True)
class Explanation:
    """What a date means, and the days between which it lies (None: no bound); or why it is none."""

    sentence: str
    earliest: str | None = None
    latest: str | None = None
    is_date: bool = False


@PAGES.app_template_global()
def explained(text: str, of: str = "") -> Explanation:
    """A date explained; of a blank one, how to write it. `of`: what it is the date of, where that matters."""
    text = text.strip()
    examples = f"{_EXAMPLES}{'' if of == PUBLICATION else _INTERVALS}."
    if not text:
        return Explanation(examples)
    try:
        parsed = parse_edtf(text)
        if of == PUBLICATION:
            parse_published(text)
    except DomainError as error:
        return Explanation(f"Not a date yet: {error.detail}. {examples}")
    earliest, latest = format_day(parsed.start.earliest), format_day(_last(parsed))
    words = _words(text) if not parsed.is_interval else _interval(*text.split("/"))
    days = f"Earliest day: {earliest or 'not known'}; latest day: {latest or 'not known'}."
    return Explanation(f"{words[0].upper()}{words[1:]}. {days}", earliest, latest, True)


@PAGES.get("/record/edtf")
def explain_date() -> Response:
    """The same for a page that asks while somebody is typing."""
    found = explained(asked().get("text", ""), asked().get("of", ""))
    return json_answer(asdict(found))


def _last(parsed: Edtf) -> int:
    if parsed.is_interval:
        return AFTER_ALL if parsed.end is None else parsed.end.latest
    return parsed.start.latest


def _interval(first: str, last: str) -> str:
    """Both days of an interval belong to it."""
    if last == "..":
        return f"from {_side(first, 'start')} on, with no end so far"
    return f"from {_side(first, 'start')} to {_side(last, 'end')}"


def _side(text: str, side: str) -> str:
    """One side of an interval."""
    return _words(text) if text.strip(".") else f"{'an open' if text else 'an unknown'} {side}"


def _words(text: str) -> str:
    """A date, or a set of days, that is known to be one."""
    if text.startswith("["):
        first, _, last = text[1:-1].partition("..")
        low = format_day(parse_edtf(first).start.earliest) if first else None
        high = format_day(parse_edtf(last).start.latest) if last else None
        if low and high:
            return f"some day between {_day(low)} and {_day(high)}"
        return f"some day from {_day(low)} on" if low else f"some day up to {_day(high or '')}"
    plain = text.rstrip("".join(_QUALIFIERS))
    said = _QUALIFIERS.get(text[len(plain) :], "")
    word = _day(plain)
    if said:
        return f"{said}{word} (one {_UNITS[len(plain)]} more on each side)"
    return word if len(plain) == 10 else f"some day in {word}"


def _day(text: str) -> str:
    """A day, month or year of the form of EDTF."""
    year, _, rest = text.partition("-")
    month, _, day = rest.partition("-")
    return " ".join([*([str(int(day))] if day else []), *([month_name[int(month)]] if month else []), year])
