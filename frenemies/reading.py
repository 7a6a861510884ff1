"""Questions about what is known, and recording more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypedDict, Unpack

import msgspec

from frenemies.calls import Calls, shaped
from frenemies.shapes import (
    Article,
    Belief,
    Changes,
    Claim,
    Entity,
    Frenemies,
    Item,
    Network,
    Path,
    RelationAnswer,
    State,
    Written,
)

Day = date | str
Point = datetime | int | str


class At(TypedDict, total=False):
    """The point that is asked about: a day, as published by a day, as recorded by an instant or position, as somebody
    says. `min_position` waits until the answers have taken in that position: what you have recorded yourself. `token`
    asks for an answer again.
    """

    as_of: Day
    published_by: Day
    recorded_by: Point
    according_to: str
    min_position: int
    token: str


class Chosen(At, total=False):
    """Which relations besides: those of a status or a name; `include="ended"` also those that do not hold."""

    status: str
    relation: str
    include: str


class Reading(Calls):
    """Each question is answered, with all pages that the answer has, or ends with an error of `frenemies.errors`."""

    def state(self, entity: str, **at: Unpack[Chosen]) -> State:
        """What is known about an entity."""
        return self._whole(State, "relations", "entities", entity, "state", **at)

    def relation(self, name: str, subject: str, object: str, **at: Unpack[At]) -> RelationAnswer:
        """One relation, always with a status."""
        return self._one(RelationAnswer, "relations", name, subject, object, **at)

    def timeline(
        self,
        entity: str,
        *,
        type: str | None = None,
        first: Day | None = None,
        last: Day | None = None,
        **at: Unpack[At],
    ) -> Iterator[Claim]:
        """The claims about an entity in the order of when they were so, from a day to a day."""
        return self._each(Claim, "claims", "entities", entity, "timeline", type=type, from_=first, to=last, **at)

    def changes(
        self, entity: str, first: Point | date, last: Point | date, *, axis: str | None = None, **at: Unpack[At]
    ) -> Changes:
        """What differs between two points of one clock: `as_of`, if `axis` names no other one."""
        return self._whole(Changes, "changes", "entities", entity, "changes", from_=first, to=last, axis=axis, **at)

    def network(
        self,
        *,
        center: str | None = None,
        depth: int | None = None,
        entities: Sequence[str] = (),
        **at: Unpack[Chosen],
    ) -> Network:
        """All relations, or those around a center, or between some entities."""
        return self._whole(Network, "edges", "network", center=center, depth=depth, entities=tuple(entities), **at)

    def path(self, first: str, last: str, **at: Unpack[Chosen]) -> Path:
        """How two entities are related, through others."""
        return self._one(Path, "path", from_=first, to=last, **at)

    def frenemies(self, entity: str | None = None, **at: Unpack[At]) -> Frenemies:
        """The pairs that cooperate and oppose each other."""
        return self._whole(Frenemies, "pairs", "frenemies", entity=entity, **at)

    def beliefs(
        self,
        *,
        entity: str | None = None,
        relation: str | None = None,
        matter: str | None = None,
        kind: str | None = None,
        after: Point | None = None,
        until: Point | None = None,
        include: str | None = None,
        min_position: int | None = None,
    ) -> Iterator[Belief]:
        """What was believed, and when that became something else; a change of many periods in several parts."""
        return self._each(
            Belief, "beliefs", "beliefs", entity=entity, relation=relation, matter=matter, kind=kind, after=after,
            until=until, include=include, min_position=min_position,
        )  # fmt: skip

    def entity(self, id: str, **at: Unpack[At]) -> Entity:
        """An entity with its names."""
        return self._one(Entity, "entities", id, **at)

    def entities(self, q: str | None = None, *, identifier: str | None = None) -> Iterator[Entity]:
        """The entities found by a name, the beginning of one, or an identifier; else all."""
        return self._each(Entity, "entities", "entities", q=q, identifier=identifier)

    def claim(self, id: str, **at: Unpack[At]) -> Claim:
        """A claim."""
        return self._one(Claim, "claims", id, **at)

    def article(self, id: str, **at: Unpack[At]) -> Article:
        """An article."""
        return self._one(Article, "articles", id, **at)

    def record(self, claims: Sequence[Mapping[str, Any]]) -> list[Written]:
        """Records claims, all or none, each in the shape that openapi.yaml names ClaimBody. Again is no harm."""
        body = msgspec.json.encode({"claims": claims})
        told = self._post(dict[str, Any], "/v1/claims", body, "application/json")
        return shaped(told.get("claims"), list[Written])

    def import_lines(self, lines: Iterable[bytes]) -> Item:
        """Records lines of an import, in order; what it did. See docs/import.md."""
        return self._post(
            dict[str, Any], "/v1/import", (line.rstrip(b"\n") + b"\n" for line in lines), "application/x-ndjson"
        )
