"""The answer for one relation: its status on a day, its parts, its conflicts, and the claims behind them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from events.effects import CLOSE, NEGATIVE, OBSERVE, OPEN, PLAN, REFUSE, Key, Scope
from events.facts import CONTESTED, HOLDS, PLANNED, POSSIBLY, UNCONFIRMED, Fact, FactState
from events.knowledge import Heard, Hearing
from events.temporal import AFTER_ALL, Bounds
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


def relation_state(hearing: Hearing, key: Key, day: int) -> RelationState:
    """The answer for one relation on one day."""
    mine = hearing.about.get(key, [])
    touching = hearing.touching.get(key, set())
    opposed = [o for o in hearing.opposed if {o.by, o.target} & touching]
    quiet = {heard.claim for heard in hearing.silenced}
    disputed = {c for o in opposed if o.aspect is None and not {o.by, o.target} & quiet for c in (o.by, o.target)}
    facts = _facts(mine, disputed, day)
    state = best([f.state for f in facts if "change" not in f.scope], facts[0].state)
    return RelationState(
        key=key,
        state=state,
        attributes=facts[0].attributes if mine else {},
        parts=tuple(facts[1:]),
        conflicts=_in_order({*conflicts(hearing, touching), *(f.clash for f in facts if f.clash)}),
        excluded=excluded(hearing, touching),
        asserted_by=asserters(mine),
        claims=newest_first(mine),
        supported_on=supported_on(mine),
    )


def best(states: Iterable[FactState], otherwise: FactState) -> FactState:
    """The state that speaks for the whole: the first in rank, among equals the one that began first."""
    telling = [state for state in states if state.status in RANK]
    return min(telling, key=_rank, default=otherwise)


def _rank(state: FactState) -> tuple[int, tuple[int, ...]]:
    return RANK.index(state.status), (state.since or Bounds(AFTER_ALL, AFTER_ALL))[::-1]


def _facts(mine: Sequence[Heard], disputed: set[str], day: int) -> list[PartState]:
    """The whole first, then its parts. An end or a negative of the whole ends its parts too."""
    ends = [heard for heard in mine if not heard.scope and heard.effect in (CLOSE, NEGATIVE)]
    scopes = [(), *sorted({heard.scope for heard in mine if heard.scope})]
    return [
        _fact(scope, [h for h in mine if h.scope == scope], ends if scope else [], disputed, day) for scope in scopes
    ]


def _fact(scope: Scope, about: list[Heard], ends: list[Heard], disputed: set[str], day: int) -> PartState:
    told = Fact(about + ends).at(day)
    state = _contested(told, about, disputed)
    return PartState(
        dict(scope),
        state,
        attributes(about, state, day),
        asserters(about),
        tuple(sorted({h.claim for h in about})),
        _clash(scope, about + ends) if told.status == CONTESTED else None,
    )


def _clash(scope: Scope, claims: Iterable[Heard]) -> Conflict:
    """The sides of a fact that is contested by what the claims say themselves, without a response among them."""
    opposed = {heard.claim: heard for heard in claims if heard.effect in (OPEN, OBSERVE, NEGATIVE)}
    part = ", ".join(f"{name}: {value}" for name, value in scope)
    return Conflict(part or None, CLASH, _sides(opposed, set(opposed)))


def _contested(state: FactState, about: list[Heard], disputed: set[str]) -> FactState:
    """The state, contested where live claims of different asserters are joined by a dispute of what made it so."""
    effects = {heard.effect for heard in about if heard.claim in disputed}
    denied_ends = {h.span.start.latest for h in about if h.claim in disputed and h.effect in (CLOSE, NEGATIVE, REFUSE)}
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
    for opposed in hearing.opposed:
        if {opposed.by, opposed.target} & touching:
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
    undone = [Excluded(*item) for item in hearing.undone if item.claim in touching]
    headlines = [_headline(hearing, heard.claim) for heard in hearing.silenced if heard.claim in touching]
    return tuple(sorted({*undone, *headlines}, key=str))


def _headline(hearing: Hearing, claim: str) -> Excluded:
    others = [o.by if o.target == claim else o.target for o in hearing.opposed if claim in (o.by, o.target)]
    return Excluded(claim, "headline", min(others, default=None))


def newest_first(claims: Iterable[Heard]) -> tuple[str, ...]:
    """The claims, those of the newest articles first."""
    order = {h.claim: (-h.published.latest, -h.published.earliest, h.claim) for h in claims}
    return tuple(sorted(order, key=order.__getitem__))


def supported_on(claims: Iterable[Heard]) -> int | None:
    """The day of the latest article that supports what is so, or what is planned."""
    return max((h.published.latest for h in claims if h.effect in (OPEN, OBSERVE, PLAN)), default=None)
