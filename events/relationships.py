"""The answer for one relation: its status on a day, its parts, its conflicts, and the claims behind them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from events.effects import CLOSE, NEGATIVE, OBSERVE, OPEN, PLAN, REFUSE, Key, Scope
from events.facts import CONTESTED, HOLDS, PLANNED, POSSIBLY, UNCONFIRMED, Fact, FactState
from events.knowledge import Heard, Hearing
from events.temporal import AFTER_ALL, Bounds, next_day
from events.values import ClaimContent
from events.vocabulary import CONTROL_ATTRIBUTES

CLASH = "clash"
"""Why a conflict is one when no response says so: claims of the same days that cannot all be right."""
RANK = (HOLDS, CONTESTED, POSSIBLY, PLANNED, UNCONFIRMED)
"""A relation is what the first of its facts in this order is."""


class Asserter(NamedTuple):
    """Somebody who says it: the key under which asserters are told apart, and the voices it was heard in."""

    asserter: str
    kinds: tuple[str, ...]
    agent: tuple[str, ...]
    affiliation: tuple[str, ...]
    articles: tuple[str, ...]


class Side(NamedTuple):
    """One side of a conflict: who says what, in which claims."""

    asserted_by: Asserter
    claims: tuple[str, ...]
    value: str | None


class Conflict(NamedTuple):
    """Claims of different asserters that oppose each other, in one aspect or as a whole (no aspect)."""

    aspect: str | None
    why: str
    sides: tuple[Side, ...]


class Excluded(NamedTuple):
    """A claim that does not count: corrected, superseded, retracted, or a headline that its article contradicts."""

    claim: str
    why: str
    by: str | None


@dataclass(frozen=True)
class PartState:
    """What one part of a relation is on a day."""

    scope: dict[str, str]
    state: FactState
    attributes: dict[str, Any]
    asserted_by: tuple[Asserter, ...]
    claims: tuple[str, ...]
    clash: Conflict | None = None


@dataclass(frozen=True)
class RelationState:
    """What a relation is on a day, and why."""

    key: Key
    state: FactState
    attributes: dict[str, Any] = field(default_factory=dict)
    parts: tuple[PartState, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    asserted_by: tuple[Asserter, ...] = ()
    claims: tuple[str, ...] = ()
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

    def __init__(self, hearing: Hearing, key: Key) -> None:
        self.key = key
        mine = hearing.about.get(key, [])
        touching = hearing.touching.get(key, set())
        self._facts = _facts(mine, disputed(hearing, touching))
        self._conflicts = conflicts(hearing, touching)
        self._excluded = excluded(hearing, touching)
        self._asserted_by = asserters(mine)
        self._claims = newest_first(mine)
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
            conflicts=_in_order({*self._conflicts, *clashes}) if clashes else self._conflicts,
            excluded=self._excluded,
            asserted_by=self._asserted_by,
            claims=self._claims,
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

    def __init__(self, scope: Scope, about: list[Heard], ends: list[Heard], disputed: set[str]) -> None:
        self._scope = scope
        self._about = about
        self._ends = ends
        self._disputed = [heard for heard in about if heard.claim in disputed]
        self._fact = Fact(about + ends)
        self._asserted_by = asserters(about)
        self._claims = tuple(sorted({heard.claim for heard in about}))

    def at(self, day: int) -> PartState:
        told = self._fact.at(day)
        state = contested(told, self._disputed)
        return PartState(
            dict(self._scope),
            state,
            attributes(self._about, state, day),
            self._asserted_by,
            self._claims,
            self._clash if told.status == CONTESTED else None,
        )

    def breaks(self) -> set[int]:
        return self._fact.breaks() | breaks_of_attributes(self._about)

    @cached_property
    def _clash(self) -> Conflict:
        return _clash(self._scope, self._about + self._ends)


def _facts(mine: Sequence[Heard], disputed: set[str]) -> list[_FactAccount]:
    """The whole first, then its parts. An end or a negative of the whole ends its parts too."""
    ends = [heard for heard in mine if not heard.scope and heard.effect in (CLOSE, NEGATIVE)]
    about: dict[Scope, list[Heard]] = {(): []}
    for heard in mine:
        about.setdefault(heard.scope, []).append(heard)
    return [_FactAccount(scope, about[scope], ends if scope else [], disputed) for scope in sorted(about)]


def disputed(hearing: Hearing, touching: set[str]) -> set[str]:
    """Who opposes a claim among these or is opposed, as a whole and heard."""
    opposed = {o for claim in touching for o in hearing.opposed_about.get(claim, ()) if o.aspect is None}
    quiet = hearing.quiet
    return {claim for o in opposed if not {o.by, o.target} & quiet for claim in (o.by, o.target)}


def _clash(scope: Scope, claims: Iterable[Heard]) -> Conflict:
    """The sides of a fact that is contested by what the claims say themselves, without a response among them."""
    opposed = {heard.claim: heard for heard in claims if heard.effect in (OPEN, OBSERVE, NEGATIVE)}
    part = ", ".join(f"{name}: {value}" for name, value in scope)
    return Conflict(part or None, CLASH, _sides(opposed, set(opposed)))


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


def attributes(about: Sequence[Heard], state: FactState, day: int) -> dict[str, Any]:
    """What the claims that make the state tell of it, by attribute: the newest value, or a list of the equally new."""
    effects = (PLAN,) if state.status in (PLANNED, UNCONFIRMED) else (OPEN, OBSERVE)
    telling = [h for h in about if h.effect in effects and h.rule is not None]
    begun = [h for h in telling if h.effect == PLAN or h.span.start.earliest <= day]
    newest: dict[str, tuple[tuple[int, int], list[Any]]] = {}
    for heard in begun:
        start = heard.span.start
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


def breaks_of_attributes(about: Sequence[Heard]) -> set[int]:
    """The days on which what `attributes` tells can change, besides those on which the state does."""
    telling = [heard.span.start for heard in about if heard.content.attributes]
    return {day for start in telling for day in (*start, next_day(start.latest))}


def asserters(claims: Iterable[Heard]) -> tuple[Asserter, ...]:
    """Everybody who asserts these claims, each once."""
    grouped: dict[str, list[ClaimContent]] = {}
    for heard in claims:
        grouped.setdefault(heard.asserter, []).append(heard.content)
    return tuple(_asserter(name, grouped[name]) for name in sorted(grouped))


def _asserter(name: str, contents: list[ClaimContent]) -> Asserter:
    return Asserter(
        name,
        tuple(sorted({c.asserted_by.kind for c in contents})),
        tuple(sorted({agent for c in contents for agent in c.asserted_by.agent})),
        tuple(sorted({affiliation for c in contents for affiliation in c.asserted_by.affiliation})),
        tuple(sorted({c.article for c in contents})),
    )


def conflicts(hearing: Hearing, touching: set[str]) -> tuple[Conflict, ...]:
    """Every opposition that touches these claims, one conflict for each aspect and pair of sides."""
    everyone = hearing.everyone
    grouped: dict[tuple[str | None, frozenset[str]], tuple[set[str], set[str]]] = {}
    for opposed in {o for claim in touching for o in hearing.opposed_about.get(claim, ())}:
        sides = frozenset(everyone[name].asserter for name in (opposed.by, opposed.target))
        kinds, claims = grouped.setdefault((opposed.aspect, sides), (set(), set()))
        kinds.add(opposed.why)
        claims.update((opposed.by, opposed.target))
    found = [
        Conflict(aspect, "+".join(sorted(kinds)), _sides(everyone, claims))
        for (aspect, _), (kinds, claims) in grouped.items()
    ]
    return _in_order(found)


def _in_order(found: Iterable[Conflict]) -> tuple[Conflict, ...]:
    return tuple(sorted(found, key=str))


def _sides(everyone: dict[str, Heard], claims: set[str]) -> tuple[Side, ...]:
    by_asserter: dict[str, list[Heard]] = {}
    for name in sorted(claims):
        by_asserter.setdefault(everyone[name].asserter, []).append(everyone[name])
    return tuple(
        Side(
            _asserter(name, [h.content for h in by_asserter[name]]),
            tuple(h.claim for h in by_asserter[name]),
            _value(by_asserter[name]),
        )
        for name in sorted(by_asserter)
    )


def _value(side: list[Heard]) -> str | None:
    """What the side says, where its claims carry a value."""
    values = sorted({str(h.content.attributes["value"]) for h in side if "value" in h.content.attributes})
    return "; ".join(values) or None


def excluded(hearing: Hearing, touching: set[str]) -> tuple[Excluded, ...]:
    """The claims among these that do not count, and why."""
    undone = [Excluded(*item) for claim in touching for item in hearing.undone_of.get(claim, ())]
    headlines = [_headline(hearing, claim) for claim in touching & hearing.quiet]
    return tuple(sorted({*undone, *headlines}, key=str))


def _headline(hearing: Hearing, claim: str) -> Excluded:
    others = [o.by if o.target == claim else o.target for o in hearing.opposed_about.get(claim, ())]
    return Excluded(claim, "headline", min(others, default=None))


def newest_first(claims: Iterable[Heard]) -> tuple[str, ...]:
    """The claims, those of the newest articles first."""
    order = {h.claim: (-h.published.latest, -h.published.earliest, h.claim) for h in claims}
    return tuple(sorted(order, key=order.__getitem__))


def supported_on(claims: Iterable[Heard]) -> int | None:
    """The day of the latest article that supports what is so, or what is planned."""
    return max((h.published.latest for h in claims if h.effect in (OPEN, OBSERVE, PLAN)), default=None)
