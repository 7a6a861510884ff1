"""The answer for one relation: its status on a day, its parts, its conflicts, and the claims behind them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from events.effects import CLOSE, NEGATIVE, OBSERVE, OPEN, PLAN, REFUSE, Key, Scope
from events.facts import CONTESTED, HOLDS, PLANNED, POSSIBLY, UNCONFIRMED, Fact, FactState
from events.grounds import Conflict, Disputes, Grounds, disputed, disputes, grounds, sides, supported_on
from events.knowledge import Heard, Hearing
from events.temporal import AFTER_ALL, Bounds, next_day
from events.vocabulary import CONTROL_ATTRIBUTES

CLASH = "clash"
"""Why a conflict is one when no response says so: claims of the same days that cannot all be right."""
RANK = (HOLDS, CONTESTED, POSSIBLY, PLANNED, UNCONFIRMED)
"""A relation is what the first of its facts in this order is."""


@dataclass(frozen=True)
class PartState:
    """What one part of a relation is on a day."""

    scope: dict[str, str]
    state: FactState
    attributes: dict[str, Any]
    grounds: Grounds
    clash: Conflict | None = None


@dataclass(frozen=True)
class RelationState:
    """What a relation is on a day, and why."""

    key: Key
    state: FactState
    attributes: dict[str, Any] = field(default_factory=dict)
    parts: tuple[PartState, ...] = ()
    disputes: Disputes = Disputes()
    grounds: Grounds = Grounds()
    supported_on: int | None = None

    @property
    def status(self) -> str:
        """The answer in one word."""
        return self.state.status

    @property
    def is_contested(self) -> bool:
        """Whether the relation or one of its parts is contested."""
        return CONTESTED in (self.status, *(part.state.status for part in self.parts))


class RelationAccount:
    """The claims about one relation, put in order once and asked for any number of days."""

    def __init__(self, hearing: Hearing, key: Key, touching: set[str] | None = None) -> None:
        """`touching` are the claims about it, also those that no longer count; to be found where they are not given."""
        self.key = key
        mine = hearing.about.get(key, [])
        touching = hearing.touching.get(key, set()) if touching is None else touching
        self._grounds = grounds(mine)
        self._facts = _facts(mine, disputed(hearing, touching), self._grounds)
        self._disputes = disputes(hearing, touching)
        self._supported_on = supported_on(mine)

    def at(self, day: int) -> RelationState:
        """The answer on one day."""
        whole, *parts = (fact.at(day) for fact in self._facts)
        clashes = [part.clash for part in (whole, *parts) if part.clash]
        return RelationState(
            key=self.key,
            state=best((part.state for part in (whole, *parts) if "change" not in part.scope), whole.state),
            attributes=whole.attributes,
            parts=tuple(parts),
            disputes=self._disputes.with_more(clashes) if clashes else self._disputes,
            grounds=self._grounds,
            supported_on=self._supported_on,
        )

    def breaks(self) -> set[int]:
        """The days on which the answer can change; from each of them to the next it is the same."""
        return {day for fact in self._facts for day in fact.breaks()}


def relation_state(hearing: Hearing, key: Key, day: int) -> RelationState:
    """The answer for one relation on one day."""
    return RelationAccount(hearing, key).at(day)


def best(states: Iterable[FactState], otherwise: FactState) -> FactState:
    """The state that speaks for the whole: the first in rank, among equals the one that began first."""
    telling = [state for state in states if state.status in RANK]
    return min(telling, key=_rank, default=otherwise)


def _rank(state: FactState) -> tuple[int, tuple[int, ...]]:
    return RANK.index(state.status), (state.since or Bounds(AFTER_ALL, AFTER_ALL))[::-1]


class _FactAccount:
    """One fact of a relation: what its claims say of any day, and who they are."""

    def __init__(
        self, scope: Scope, about: list[Heard], ends: list[Heard], disputed: set[str], grounds: Grounds
    ) -> None:
        self._scope = scope
        self._about = about
        self._ends = ends
        self._disputed = [heard for heard in about if heard.claim in disputed]
        self._fact = Fact(about + ends)
        self._telling = telling(about)
        self._grounds = grounds
        self._breaks: list[int] | None = None
        self._found: dict[int, PartState] = {}

    def at(self, day: int) -> PartState:
        """The answer on one day; where the breaks are known, it is found once for all days between two of them."""
        if self._breaks is None:
            return self._at(day)
        stretch = bisect_right(self._breaks, day)
        if stretch not in self._found:
            self._found[stretch] = self._at(day)
        return self._found[stretch]

    def breaks(self) -> list[int]:
        """The days on which the answer can change, in order."""
        if self._breaks is None:
            self._breaks = sorted(self._fact.breaks() | breaks_of_attributes(self._telling))
        return self._breaks

    def _at(self, day: int) -> PartState:
        told = self._fact.at(day)
        state = contested(told, self._disputed)
        return PartState(
            dict(self._scope),
            state,
            attributes(self._telling, state, day),
            self._grounds,
            self._clash if told.status == CONTESTED else None,
        )

    @cached_property
    def _clash(self) -> Conflict:
        return _clash(self._scope, self._about + self._ends)


def _facts(mine: Sequence[Heard], disputed: set[str], whole: Grounds) -> list[_FactAccount]:
    """The whole first, then its parts. An end or a negative of the whole ends its parts too."""
    ends = [heard for heard in mine if not heard.scope and heard.effect in (CLOSE, NEGATIVE)]
    about: dict[Scope, list[Heard]] = {(): []}
    for heard in mine:
        about.setdefault(heard.scope, []).append(heard)
    return [
        _FactAccount(scope, about[scope], ends if scope else [], disputed, grounds(about[scope]) if scope else whole)
        for scope in sorted(about)
    ]


def _clash(scope: Scope, claims: Iterable[Heard]) -> Conflict:
    """The sides of a fact that is contested by what the claims say themselves, without a response among them."""
    opposed = {heard.claim: heard for heard in claims if heard.effect in (OPEN, OBSERVE, NEGATIVE)}
    part = ", ".join(f"{name}: {value}" for name, value in scope)
    return Conflict(part or None, CLASH, sides(opposed.values()))


def contested(state: FactState, disputed: list[Heard]) -> FactState:
    """The state, contested where live claims of different asserters are joined by a dispute of what made it so."""
    effects = {heard.effect for heard in disputed}
    denied_ends = {heard.span.start.latest for heard in disputed if heard.effect in (CLOSE, NEGATIVE, REFUSE)}
    is_contested = (
        (state.status in (HOLDS, POSSIBLY) and effects & {OPEN, OBSERVE})
        or state.ended in denied_ends
        or (state.status in (PLANNED, UNCONFIRMED) and PLAN in effects)
    )
    return state._replace(status=CONTESTED) if is_contested else state


def telling(about: Iterable[Heard]) -> list[Heard]:
    """The claims that tell something by attributes."""
    return [heard for heard in about if heard.rule is not None and heard.content.attributes.keys() - CONTROL_ATTRIBUTES]


def attributes(telling: Sequence[Heard], state: FactState, day: int) -> dict[str, Any]:
    """What the claims that make the state tell of it, by attribute: the newest value, or a list of the equally new."""
    if not telling:
        return {}
    effects = (PLAN,) if state.status in (PLANNED, UNCONFIRMED) else (OPEN, OBSERVE)
    newest: dict[str, tuple[tuple[int, int], list[Any]]] = {}
    for heard in telling:
        start = heard.span.start
        if heard.effect not in effects or (heard.effect != PLAN and start.earliest > day):
            continue
        age = (min(start.latest, day), start.earliest)
        for name, value in heard.content.attributes.items():
            if name in CONTROL_ATTRIBUTES:
                continue
            known = newest.get(name)
            if known is None or age > known[0]:
                newest[name] = (age, [value])
            elif age == known[0] and value not in known[1]:
                known[1].append(value)
    return {
        name: values[0] if len(values) == 1 else sorted(values, key=str) for name, (_, values) in sorted(newest.items())
    }


def breaks_of_attributes(telling: Iterable[Heard]) -> set[int]:
    """The days on which what `attributes` tells can change, besides those on which the state does."""
    starts = [heard.span.start for heard in telling]
    return {day for start in starts for day in (*start, next_day(start.latest))}
