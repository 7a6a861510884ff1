"""One fact: the claims about one relation and one scope, and what they say of any day.

A fact is made of spells (stretches between ends), of ends, of negatives and of plans. All days are ordinals.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from events.effects import CLOSE, NEGATIVE, OBSERVE, OPEN, PLAN, REFUSE
from events.knowledge import Heard
from events.temporal import AFTER_ALL, BEFORE_ALL, Bounds, next_day

HOLDS, POSSIBLY, CONTESTED = "holds", "possibly", "contested"
PLANNED, UNCONFIRMED, NOT_HELD, UNKNOWN = "planned", "unconfirmed", "not_held", "unknown"
IN_FORCE = (HOLDS, POSSIBLY, CONTESTED)
"""What is so, or may be."""
End = Bounds
"""An end: possibly no longer from its first day, certainly no longer from its last."""


class FactState(NamedTuple):
    """What a fact says of one day. `ended` is the last day of the end that made it so."""

    status: str
    since: Bounds | None = None
    until: Bounds | None = None
    due: Bounds | None = None
    planned_since: int | None = None
    ended: int | None = None


class _Positive(NamedTuple):
    """Evidence that it held: a range of its start, whether it opened then, and until when it is said to have held."""

    start: Bounds
    opens: bool
    until: int


class _Spell(NamedTuple):
    """A stretch in which it held, with the ends before it and those after it; `until` is the first of these."""

    start: Bounds
    opened: bool
    clashes: bool
    before: frozenset[End]
    after: Sequence[End]
    until: Bounds | None

    @property
    def limit(self) -> int:
        """The first day after it at the latest."""
        return self.until.latest if self.until else AFTER_ALL


class Fact:
    """The claims about one fact, put in order once and asked for any number of days."""

    def __init__(self, claims: Sequence[Heard]) -> None:
        self._positives = list(dict.fromkeys(_positives(claims)))
        self._said = dict.fromkeys(end for heard in claims if (end := _said_end(heard)))
        self._ends: list[End] = list(self._said)
        self._refused = [heard.span.start.latest for heard in claims if heard.effect == REFUSE]
        self._clashes: list[tuple[int, _Positive]] = []
        for heard in claims:
            if heard.effect == NEGATIVE:
                self._take_negative(heard)
        self._plans = [(heard.planned_since, heard.due) for heard in claims if heard.effect == PLAN]
        self._noes = sorted({*(end.latest for end in self._ends), *self._refused})
        self._began = min((p.start.latest for p in self._positives), default=AFTER_ALL)
        self._passed = {p: self._ends_before(p) for p in self._positives}
        members: dict[frozenset[End], list[_Positive]] = {}
        for positive, before in self._passed.items():
            members.setdefault(before, []).append(positive)
        self._spells = sorted((self._spell(*item) for item in members.items()), key=_spell_order)

    def at(self, day: int) -> FactState:
        """What the claims say of one day."""
        refusal = self._last_no(day)
        later = any(spell.opened and day < spell.start.earliest for spell in self._spells)
        current = [s for s in self._spells if s.start.latest <= day < s.limit]
        coming = [s for s in self._spells if self._may_have_begun(s, day, later)]
        if current or coming:
            return self._in_spell((current or coming)[-1], bool(current), day)
        planned = self._in_plan(day, refusal) if not later else None
        return planned or self._outside(day, refusal, later)

    def breaks(self) -> set[int]:
        """The days on which the answer can change; from each of them to the next it is the same."""
        days = {day for spell in self._spells for day in spell.start}
        days |= {day for end in self._ends for day in (*end, next_day(end.latest))}
        days |= {since for since, _ in self._clashes} | set(self._refused)
        return days | {day for known, due in self._plans for day in (known, next_day(due.latest))}

    def _take_negative(self, heard: Heard) -> None:
        """Said not to hold: a clash with evidence of the same days, else an end after the last evidence."""
        low, high = heard.span.start
        clashing = [
            p for p in self._positives if _last_if_open(p.start) <= high and (low <= p.start.latest or low < p.until)
        ]
        self._clashes += [(low, positive) for positive in clashing]
        if clashing:
            return
        if heard.content.time.kind == "observed":
            evidence = [p.start.latest for p in self._positives if p.start.latest < low]
            evidence += [end.earliest for end in self._said if BEFORE_ALL < end.earliest < low]
            self._ends.append(End(next_day(max(evidence)) if evidence else high, high))
        else:
            self._refused.append(high)

    def _ends_before(self, positive: _Positive) -> frozenset[End]:
        """The ends that evidence comes after; on the very day of an end only an opening does, and if it held before."""
        (low, high), held_until = positive.start, max(positive.start.latest, positive.until)

        def is_passed(end: End) -> bool:
            unbounded = low == BEFORE_ALL and (not positive.opens or end not in self._said)
            if not (low >= end.earliest or unbounded):
                return False
            reopened = positive.opens and high == end.latest
            return held_until > end.latest or (reopened and self._began < end.earliest)

        return frozenset(end for end in self._ends if is_passed(end))

    def _spell(self, before: frozenset[End], members: list[_Positive]) -> _Spell:
        """Openings intersect, an observation bounds the start from above; an empty intersection is a clash."""
        openings = [p.start for p in members if p.opens]
        after = [end for end in self._ends if end not in before]
        until = _first_end(after)
        low = max((start.earliest for start in openings), default=BEFORE_ALL)
        high = min(p.start.latest for p in members)
        clashes = low > high
        if clashes or not openings:
            low = min(p.start.earliest for p in members)
        if clashes:
            high = max(start.latest for start in openings)
        start = Bounds(low, min(high, until.latest) if until else high)
        return _Spell(start, bool(openings), clashes, before, after, until)

    def _may_have_begun(self, spell: _Spell, day: int, later: bool) -> bool:
        """Whether the day lies in the range of its start. One without a first day does not reach across an end."""
        if not spell.start.earliest <= day < spell.start.latest:
            return False
        if spell.start.earliest != BEFORE_ALL or all(end.latest < day for end in spell.before):
            return True
        return not later and all(day < end.latest for end in spell.before)

    def _in_spell(self, spell: _Spell, is_current: bool, day: int) -> FactState:
        ending = None
        if is_current and spell.until and spell.until.earliest <= day:
            ending = min(end.latest for end in spell.after if end.earliest <= day)
        disputed = any(day >= since and self._passed[positive] == spell.before for since, positive in self._clashes)
        if disputed or (spell.clashes and not is_current):
            status = CONTESTED
        else:
            status = HOLDS if is_current and ending is None else POSSIBLY
        since = Bounds(spell.start.earliest if spell.opened else BEFORE_ALL, spell.start.latest)
        return FactState(status, since, spell.until, ended=ending)

    def _in_plan(self, day: int, refusal: int | None) -> FactState | None:
        """What plans newer than the last refusal say; undated ones add nothing beside dated ones."""
        told = [(known, due) for known, due in self._plans if known <= day and (refusal is None or known > refusal)]
        if not told:
            return None
        due = last_due(due for _, due in told if due.latest != AFTER_ALL)
        status = PLANNED if due is None or day <= due.latest else UNCONFIRMED
        return FactState(status, due=due, planned_since=min(known for known, _ in told))

    def _outside(self, day: int, refusal: int | None, later: bool) -> FactState:
        """Not in a spell: before a known start it did not hold, unless an end lies between; after an end neither."""
        reopening = min(
            (s.start.earliest for s in self._spells if s.opened and day < s.start.earliest), default=AFTER_ALL
        )
        if refusal is None and any(day < end.earliest <= reopening for end in self._said):
            later = False
        if not later and refusal is None:
            return FactState(UNKNOWN)
        until = max((end for end in self._ends if end.latest <= day), key=lambda end: end[::-1], default=None)
        return FactState(NOT_HELD, until=until, ended=None if later else refusal)

    def _last_no(self, day: int) -> int | None:
        """The last day, up to a day, of an end or a refusal."""
        place = bisect_right(self._noes, day)
        return self._noes[place - 1] if place else None


def _positives(claims: Sequence[Heard]) -> list[_Positive]:
    openings = [heard for heard in claims if heard.effect == OPEN]
    start = min((heard.span.start[::-1] for heard in openings), default=None)
    first = [heard for heard in openings if heard.span.start[::-1] == start]
    spoken = [end.latest for heard in claims if (end := _said_end(heard))]
    positives = []
    for heard in claims:
        if heard.effect in (OPEN, OBSERVE):
            opens = heard.effect == OPEN and not _goes_on(heard, first, spoken)
            until = heard.span.until.earliest if heard.span.until else BEFORE_ALL
            positives.append(_Positive(heard.span.start, opens, until))
    return positives


def _goes_on(heard: Heard, first: Sequence[Heard], spoken_ends: list[int]) -> bool:
    """Whether a later opening is no second beginning: what begins once took a new variant, anything else went on.

    Several openings can be equally early; a variant is new when it is that of none of them.
    """
    low = heard.span.start.earliest
    if low <= first[0].span.start.latest or any(last <= low for last in spoken_ends):
        return False
    begins_once = heard.rule is not None and heard.rule.begins_once
    return not begins_once or all(heard.variant != other.variant for other in first)


def said_ends(claims: Iterable[Heard]) -> set[int]:
    """The last days of the ends that claims speak of."""
    return {end.latest for heard in claims if (end := _said_end(heard))}


def _said_end(heard: Heard) -> End | None:
    """The end that a claim speaks of."""
    if heard.effect == CLOSE:
        return heard.span.start
    return heard.span.until if heard.effect in (OPEN, OBSERVE) else None


def last_due(dues: Iterable[Bounds]) -> Bounds | None:
    """Of the days in which plans were due, those that end last; the widest of several."""
    return max(dues, key=lambda due: (due.latest, -due.earliest), default=None)


def _first_end(ends: Sequence[End]) -> Bounds | None:
    """From the first day on which any of them may have come to the first on which one has."""
    return Bounds(min(end.earliest for end in ends), min(end.latest for end in ends)) if ends else None


def _last_if_open(start: Bounds) -> int:
    """A range without a first day speaks of its last day only."""
    return start.latest if start.earliest == BEFORE_ALL else start.earliest


def _spell_order(spell: _Spell) -> tuple[int, int, list[End]]:
    return spell.start.latest, spell.start.earliest, sorted(spell.before)
