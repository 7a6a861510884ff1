"""What an entity is, apart from its relations: profile, rounds of money it took, positions with their titles."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from events.effects import NONE, OBSERVE, OPEN, PLAN, Key
from events.facts import HOLDS, UNKNOWN, Fact
from events.knowledge import Heard, Hearing
from events.relationships import Asserter, RelationState, asserters, attributes, newest_first, relation_state
from events.temporal import Bounds
from events.vocabulary import CONTROL_ATTRIBUTES
from events.votes import OCCURRED

_PROFILE_TYPES = {"organization": "subject", "product": "product"}
_PROFILE_ROLES = ("founder", "predecessor", "successor", "incubator")


@dataclass(frozen=True)
class ProfileItem:
    """One thing said about an entity: an attribute or a role, its value, when, and who says so."""

    name: str
    value: Any
    stage: str | None
    is_negated: bool
    when: Bounds
    asserted_by: tuple[Asserter, ...]
    claims: tuple[str, ...]


@dataclass(frozen=True)
class Observation:
    """A figure about an entity."""

    measure: str
    value: Any
    unit: Any
    population: Any
    is_negated: bool
    when: Bounds
    asserted_by: tuple[Asserter, ...]
    claims: tuple[str, ...]


@dataclass(frozen=True)
class RoundInvestor:
    """Who took part in a round, or did not."""

    entity: str
    status: str
    claims: tuple[str, ...]


@dataclass(frozen=True)
class Round:
    """A round in which an entity took money."""

    round: str
    status: str
    when: Bounds | None
    due: Bounds | None
    attributes: dict[str, Any]
    investors: tuple[RoundInvestor, ...]
    asserted_by: tuple[Asserter, ...]
    claims: tuple[str, ...]


@dataclass(frozen=True)
class Title:
    """A title under which a position was seen."""

    title: str
    when: Bounds
    asserted_by: tuple[Asserter, ...]
    claims: tuple[str, ...]


@dataclass(frozen=True)
class PositionState:
    """A position, with every title on record."""

    relation: RelationState
    titles: tuple[Title, ...]


def profile_items(live: Iterable[Heard], entity: str, day: int) -> tuple[ProfileItem, ...]:
    """What organization and product claims say of an entity until a day; equal things said are one item."""
    grouped: dict[tuple[str, str, str | None, bool], list[tuple[Any, Heard]]] = {}
    for heard in live:
        if _is_about(heard, entity) and heard.effect != NONE and heard.span.start.earliest <= day:
            stage = heard.content.attributes.get("stage")
            for name, value in _said(heard):
                key = (name, str(value), stage, heard.content.is_negated)
                grouped.setdefault(key, []).append((value, heard))
    items = [
        ProfileItem(name, said[0][0], stage, negated, *_common([heard for _, heard in said]))
        for (name, _, stage, negated), said in grouped.items()
    ]
    return tuple(sorted(items, key=profile_order))


def profile_order(item: ProfileItem) -> tuple[Any, ...]:
    """Items stand by name, then in the order of time."""
    return item.name, item.when, str(item.value), item.stage or "", item.is_negated


def _is_about(heard: Heard, entity: str) -> bool:
    role = _PROFILE_TYPES.get(heard.content.type)
    return role is not None and entity in heard.content.entities(role)


def _said(heard: Heard) -> Iterable[tuple[str, Any]]:
    """Attributes, roles, and a stage that says something by itself."""
    content = heard.content
    said = [(name, value) for name, value in content.attributes.items() if name not in CONTROL_ATTRIBUTES]
    said += [(role, entity) for role in _PROFILE_ROLES for entity in content.entities(role)]
    stage = content.attributes.get("stage")
    return said or ([("stage", stage)] if stage and content.type == "organization" else [])


def _common(claims: list[Heard]) -> tuple[Bounds, tuple[Asserter, ...], tuple[str, ...]]:
    """When it is said to be so at the narrowest, by whom, where."""
    narrowest = min((h.span.start for h in claims), key=lambda start: (start.latest - start.earliest, start))
    return narrowest, asserters(claims), newest_first(claims)


def observations(live: Iterable[Heard], entity: str, day: int) -> tuple[Observation, ...]:
    """The figures about an entity until a day, in the order of time."""
    found = [
        _observation(h)
        for h in live
        if h.content.type == "market_fact" and entity in h.content.entities("subject") and h.span.start.earliest <= day
    ]
    return tuple(sorted(found, key=observation_order))


def observation_order(item: Observation) -> tuple[Any, ...]:
    """Figures stand in the order of time."""
    said = (item.value, item.unit, item.population, item.is_negated)
    return item.when, item.measure, item.claims, *map(str, said)


def _observation(heard: Heard) -> Observation:
    measure, value, unit, population = (
        heard.content.attributes.get(name) for name in ("measure", "value", "unit", "population")
    )
    return Observation(str(measure), value, unit, population, heard.content.is_negated, *_common([heard]))


def rounds(hearing: Hearing, entity: str, day: int, refs: Callable[[str], tuple[str, ...]]) -> tuple[Round, ...]:
    """The rounds in which an entity took money, with what is known of each investor. `refs` names a claim's refs."""
    grouped: dict[str, list[Heard]] = {}
    for heard in hearing.live:
        if _is_round(heard, entity):
            grouped.setdefault(_round_label(heard, refs), []).append(heard)
    found = [_round(hearing, entity, day, label, claims, refs) for label, claims in grouped.items()]
    return tuple(sorted((r for r in found if r.status != UNKNOWN), key=round_order))


def round_order(item: Round) -> tuple[Bounds, str]:
    """Rounds stand in the order of time."""
    return item.when or Bounds(0, 0), item.round


def _is_round(heard: Heard, entity: str) -> bool:
    """Whether a claim is about money that an entity took from investors it does not name."""
    content = heard.content
    is_unnamed = content.type == "investment" and not content.entities("investor", "lead")
    return is_unnamed and heard.effect != NONE and entity in content.entities("investee", "issuer")


def _round_label(heard: Heard, refs: Callable[[str], tuple[str, ...]]) -> str:
    named = heard.content.attributes.get("round")
    return str(named) if named else min(refs(heard.claim), default=heard.claim)


def _round(
    hearing: Hearing, entity: str, day: int, label: str, claims: list[Heard], refs: Callable[[str], tuple[str, ...]]
) -> Round:
    state = Fact(claims).at(day)
    labels = {label, *(name for h in claims for name in (h.claim, *refs(h.claim)))}
    investors = [
        RoundInvestor(key[1], part.state.status, part.claims)
        for key in hearing.about
        if key[0] == "investor_of" and key[2] == entity
        for part in relation_state(hearing, key, day).parts
        if part.scope.get("round") in labels
    ]
    status = OCCURRED if state.status == HOLDS else state.status
    when = state.since or (_common(claims)[0] if status == OCCURRED else None)
    return Round(
        label,
        status,
        when,
        state.due,
        attributes(claims, state, day),
        tuple(sorted(investors, key=lambda i: i.entity)),
        asserters(claims),
        newest_first(claims),
    )


def position_state(hearing: Hearing, state: RelationState) -> PositionState:
    """A position with its titles in the order of time."""
    grouped: dict[str, list[Heard]] = {}
    for heard in hearing.about.get(state.key, []):
        title = heard.content.attributes.get("title")
        if title and heard.effect in (OPEN, OBSERVE, PLAN):
            grouped.setdefault(str(title), []).append(heard)
    titles = [Title(title, *_common(claims)) for title, claims in grouped.items()]
    return PositionState(state, tuple(sorted(titles, key=lambda title: (title.when, title.title))))


def is_position(key: Key) -> bool:
    """Whether the relation is a position."""
    return key[0] == "holds_position"
