"""Matters: the things that answers are about, each with the claims that bear on it and its account of any day.

A state of an entity is what the accounts of its matters say of a day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import msgspec

from events.effects import Key
from events.grounds import Disputes, disputes
from events.identity import uuid5_of
from events.knowledge import Heard, Hearing
from events.lineage import LineageAccount, steps
from events.positions import PositionAccount, is_position
from events.profile import FigureAccount, ProfileAccount, measured, profile_keys
from events.relationships import RelationAccount
from events.rounds import INVESTOR_OF, Refs, RoundsAccount, is_round, tells_of_part, took_money
from events.stances import StanceAccount, stance_keys
from events.text import is_id
from events.values import ClaimContent
from events.votes import VoteAccount, vote_key

DISPUTES, LINEAGE, ROUNDS, RELATION, POSITION = "disputes", "lineage", "rounds", "relation", "position"
VOTE, PROFILE, MARKET_FACT, STANCE = "vote", "profile", "market_fact", "stance"
KINDS = (DISPUTES, LINEAGE, ROUNDS, RELATION, POSITION, VOTE, PROFILE, MARKET_FACT, STANCE)
"""The kinds of matters in the order in which an answer tells of them."""
RANKS = {kind: KINDS.index(RELATION if kind == POSITION else kind) for kind in KINDS}
"""Where a kind stands in that order: positions are told of among the relations."""


class Matter(NamedTuple):
    """What an answer is about: a kind, and what tells the matter from the others of its kind."""

    kind: str
    key: tuple[Any, ...]

    @property
    def id(self) -> str:
        """A UUIDv5 of kind and key."""
        return uuid5_of(b"matter:" + msgspec.json.encode((self.kind, self.key)))

    @property
    def rank(self) -> int:
        """Where its kind stands in an answer."""
        return RANKS[self.kind]

    @property
    def name(self) -> str:
        """Where it stands among the matters of its rank: relations by their keys, all others by their ids."""
        return " ".join(self.key) if self.kind in (RELATION, POSITION) else self.id


def relation_matter(key: Key) -> Matter:
    """The matter of a relation: a position is one of its own kind."""
    return Matter(POSITION if is_position(key) else RELATION, key)


@dataclass
class Bearing:
    """What bears on a matter: its live claims, the names of all its claims; and the entities it is listed under."""

    live: list[Heard] = field(default_factory=list)
    claims: set[str] = field(default_factory=set)
    entities: set[str] = field(default_factory=set)


class Account(Protocol):
    """The claims about a matter, put in order once and asked for any number of days."""

    def at(self, day: int, /) -> Any:
        """The answer on one day; None or empty where there is none."""

    def breaks(self) -> set[int]:
        """The days on which the answer can change; from each of them to the next it is the same."""


class _Disputes:
    """The disputes that concern an entity, on any day."""

    def __init__(self, hearing: Hearing, claims: set[str]) -> None:
        self._disputes = disputes(hearing, claims)

    def at(self, _: int) -> Disputes:
        return self._disputes

    def breaks(self) -> set[int]:
        return set()


def bearings(hearing: Hearing) -> dict[Matter, Bearing]:
    """Every matter that these claims bear on."""
    found = _Bearings()
    for find in _FINDER_OF.values():
        find(found, hearing)
    return found


def bearing_on(hearing: Hearing, matter: Matter, claims: Iterable[str]) -> Bearing:
    """What bears on one matter, where the claims are known of which all do."""
    if matter.kind in (RELATION, POSITION):
        _, subject, other = key = (matter.key[0], matter.key[1], matter.key[2])
        live = hearing.about.get(key, [])
        return Bearing(live, set(claims), {subject, other} if live else set())
    if matter.kind == DISPUTES:
        disputed = set(claims)
        return Bearing([], disputed, {matter.key[0]} if disputed else set())
    found = _Bearings()
    _FINDER_OF[matter.kind](found, hearing)
    return found.get(matter) or Bearing()


def can_tell(matter: Matter, contents: Iterable[ClaimContent]) -> bool:
    """Whether claims with these contents may tell anything of a matter on which they bear.

    Of rounds those do not that only tell of investors, of which a company may have thousands.
    """
    return matter.kind != ROUNDS or any(map(is_round, contents))


def account(hearing: Hearing, matter: Matter, bearing: Bearing, refs: Refs) -> Account:
    """What is known about a matter. `refs` gives the refs of a claim."""
    kind, key = matter
    match kind:
        case "relation":
            return RelationAccount(hearing, (key[0], key[1], key[2]), bearing.claims)
        case "position":
            return PositionAccount(hearing, (key[0], key[1], key[2]), bearing.claims)
        case "vote":
            return VoteAccount(hearing, key[0], bearing.live, bearing.claims)
        case "stance":
            return StanceAccount(bearing.live, key[0], key[1])
        case "profile":
            return ProfileAccount(bearing.live, key[0])
        case "market_fact":
            return FigureAccount(bearing.live)
        case "rounds":
            return RoundsAccount(hearing, key[0], bearing.live, refs)
        case "lineage":
            return LineageAccount(hearing, key[0], bearing.live)
        case "disputes":
            return _Disputes(hearing, bearing.claims)
    raise LookupError(f"there is no kind of matter {kind!r}")


class _Bearings(dict[Matter, Bearing]):
    """Bearings by matter; each begins empty."""

    def __missing__(self, matter: Matter) -> Bearing:
        self[matter] = bearing = Bearing()
        return bearing

    def take(self, matter: Matter, heard: Heard, entities: Iterable[str]) -> None:
        """A live claim bears on a matter."""
        bearing = self[matter]
        bearing.live.append(heard)
        bearing.claims.add(heard.claim)
        bearing.entities.update(entities)


def _relations(found: _Bearings, hearing: Hearing) -> None:
    """A relation is listed under both ends while a live claim is about it."""
    for key, claims in hearing.touching.items():
        bearing = found[relation_matter(key)]
        bearing.claims |= claims
        if key in hearing.about:
            bearing.live = hearing.about[key]
            bearing.entities.update(key[1:])


def _rounds(found: _Bearings, hearing: Hearing) -> None:
    """Rounds are listed under who took the money. On them bears what tells who took part, and who does not any more."""
    for heard in hearing.live:
        for entity in took_money(heard):
            found.take(Matter(ROUNDS, (entity,)), heard, (entity,))
    for key, claims in hearing.touching.items():
        if key[0] == INVESTOR_OF:
            telling = {claim for claim in claims if tells_of_part(hearing.contents[claim])}
            telling |= {heard.claim for heard in hearing.about.get(key, ()) if tells_of_part(heard.content)}
            if telling:
                found[Matter(ROUNDS, (key[2],))].claims |= telling


def _lineage(found: _Bearings, hearing: Hearing) -> None:
    for heard in hearing.live:
        for entity in {end for step in steps(heard.content) for end in step[:2]}:
            found.take(Matter(LINEAGE, (entity,)), heard, (entity,))


def _votes(found: _Bearings, hearing: Hearing) -> None:
    """A vote is listed under those that it is of, on or by, with live claims or none."""
    for name, content in hearing.contents.items():
        key = vote_key(content)
        if key is not None:
            bearing = found[Matter(VOTE, (key,))]
            bearing.claims.add(name)
            bearing.entities.update((*content.entities("body", "applicant", "voter"), *(key.moves or ())[1:]))
    for heard in hearing.live:
        key = vote_key(heard.content)
        if key is not None:
            found[Matter(VOTE, (key,))].live.append(heard)


def _stances(found: _Bearings, hearing: Hearing) -> None:
    """A stance is listed under who speaks, is spoken for or about; under its voices where no text names a speaker."""
    for heard in hearing.live:
        by = heard.content.asserted_by
        for key in stance_keys(heard):
            spoken_for = by.affiliation if key.speaker in by.agent else ()
            voices = () if key.is_named else by.voices
            ends = (end for end in (key.speaker, key.about, *spoken_for, *voices) if is_id(end))
            found.take(Matter(STANCE, (key, heard.content.is_negated)), heard, ends)


def _profile(found: _Bearings, hearing: Hearing) -> None:
    for heard in hearing.live:
        for key in profile_keys(heard):
            found.take(Matter(PROFILE, (key,)), heard, (key.entity,))


def _figures(found: _Bearings, hearing: Hearing) -> None:
    for heard in hearing.live:
        for entity in measured(heard):
            found.take(Matter(MARKET_FACT, (entity, heard.claim)), heard, (entity,))


def _disputes(found: _Bearings, hearing: Hearing) -> None:
    """What is opposed, undone or silent concerns the participants, and the ends of the relations that it is about."""
    disputed = {item.claim for item in hearing.undone} | hearing.quiet
    disputed |= {claim for opposed in hearing.opposed for claim in (opposed.by, opposed.target)}
    if not disputed:
        return
    concerned = {name: {p.entity for p in hearing.contents[name].participants} for name in disputed}
    for key, claims in hearing.touching.items():
        for name in claims & disputed:
            concerned[name].update(key[1:])
    for name, entities in concerned.items():
        for entity in entities:
            bearing = found[Matter(DISPUTES, (entity,))]
            bearing.claims.add(name)
            bearing.entities.add(entity)


_FINDER_OF: dict[str, Callable[[_Bearings, Hearing], None]] = {
    RELATION: _relations,
    VOTE: _votes,
    STANCE: _stances,
    PROFILE: _profile,
    MARKET_FACT: _figures,
    ROUNDS: _rounds,
    LINEAGE: _lineage,
    DISPUTES: _disputes,
}
"""What finds the matters of a kind; positions are found with the relations."""
