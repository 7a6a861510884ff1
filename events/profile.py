"""What an entity is, apart from its relations: what is said of it, and figures about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from events.effects import NONE
from events.grounds import Grounds, grounds
from events.knowledge import Heard
from events.temporal import Bounds
from events.vocabulary import CONTROL_ATTRIBUTES

_PROFILE_TYPES = {"organization": "subject", "product": "product"}
_PROFILE_ROLES = ("founder", "predecessor", "successor", "incubator")


class ProfileKey(NamedTuple):
    """What makes two things said one: about whom, the attribute or role, its value as text, the stage, and the sign."""

    entity: str
    name: str
    value: str
    stage: str | None
    is_negated: bool


@dataclass(frozen=True)
class ProfileItem:
    """One thing said about an entity: an attribute or a role, its value, when, and who says so."""

    name: str
    value: Any
    stage: str | None
    is_negated: bool
    when: Bounds
    grounds: Grounds


@dataclass(frozen=True)
class Observation:
    """A figure about an entity."""

    measure: str
    value: Any
    unit: Any
    population: Any
    is_negated: bool
    when: Bounds
    grounds: Grounds


class ProfileAccount:
    """What organization and product claims say of one thing about an entity; equal things said are one item."""

    def __init__(self, told: Sequence[Heard], key: ProfileKey) -> None:
        self._key = key
        self._told = told
        self._value = next((value for heard in told for value in self._values(heard)), None)
        self._grounds = grounds(told)

    def at(self, day: int) -> ProfileItem | None:
        """The item on one day: when it was so at the narrowest, as far as it was said to be so until then."""
        begun = [heard for heard in self._told if heard.span.start.earliest <= day]
        if not begun:
            return None
        _, name, _, stage, negated = self._key
        return ProfileItem(name, self._value, stage, negated, narrowest(begun), self._grounds)

    def breaks(self) -> set[int]:
        """The days on which the item can change."""
        return {heard.span.start.earliest for heard in self._told}

    def _values(self, heard: Heard) -> Iterator[Any]:
        return (value for name, value in _said(heard) if (name, str(value)) == (self._key.name, self._key.value))


class FigureAccount:
    """What one claim says of a figure of an entity."""

    def __init__(self, told: Sequence[Heard]) -> None:
        self._told = told

    def at(self, day: int) -> Observation | None:
        """The figure on one day."""
        return next((_observation(h) for h in self._told if h.span.start.earliest <= day), None)

    def breaks(self) -> set[int]:
        """The day from which it is known."""
        return {heard.span.start.earliest for heard in self._told}


def profile_keys(heard: Heard) -> set[ProfileKey]:
    """The things that a claim says about entities."""
    role = _PROFILE_TYPES.get(heard.content.type)
    if role is None or heard.effect == NONE:
        return set()
    stage, negated = heard.content.attributes.get("stage"), heard.content.is_negated
    return {
        ProfileKey(entity, name, str(value), stage, negated)
        for entity in heard.content.entities(role)
        for name, value in _said(heard)
    }


def measured(heard: Heard) -> Sequence[str]:
    """The entities about which a claim tells a figure."""
    return heard.content.entities("subject") if heard.content.type == "market_fact" else ()


def narrowest(claims: Iterable[Heard]) -> Bounds:
    """When it is said to be so at the narrowest."""
    return min((h.span.start for h in claims), key=lambda start: (start.latest - start.earliest, start))


def profile_order(item: ProfileItem) -> tuple[Any, ...]:
    """Items stand by name, then in the order of time."""
    return item.name, item.when, str(item.value), item.stage or "", item.is_negated


def observation_order(item: Observation) -> tuple[Any, ...]:
    """Figures stand in the order of time."""
    said = (item.value, item.unit, item.population, item.is_negated)
    return item.when, item.measure, item.grounds.claims, *map(str, said)


def _said(heard: Heard) -> Iterable[tuple[str, Any]]:
    """Attributes, roles, and a stage that says something by itself."""
    content = heard.content
    said = [(name, value) for name, value in content.attributes.items() if name not in CONTROL_ATTRIBUTES]
    said += [(role, entity) for role in _PROFILE_ROLES for entity in content.entities(role)]
    stage = content.attributes.get("stage")
    return said or ([("stage", stage)] if stage and content.type == "organization" else [])


def _observation(heard: Heard) -> Observation:
    measure, value, unit, population = (
        heard.content.attributes.get(name) for name in ("measure", "value", "unit", "population")
    )
    negated = heard.content.is_negated
    return Observation(str(measure), value, unit, population, negated, heard.span.start, grounds([heard]))
