"""The rows of the read side that follow from events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from events.event_types import (
    ClaimCorrected,
    Claimed,
    ClaimReinstated,
    ClaimRetracted,
    DomainEvent,
    EntityCorrected,
    EntityMerged,
    EntityRegistered,
    EntityRenamed,
)
from events.identity import split_stream
from events.records import EntityRecord
from events.temporal import parse_published
from events.text import folded, skeleton
from events.values import Sealed, Text


@dataclass
class IndexRows:
    """What a batch of events adds to the read tables. Entities are entered whole, from their records."""

    entities: set[str] = field(default_factory=set)
    merges: set[tuple[str, str]] = field(default_factory=set)
    claim_entities: set[tuple[str, str]] = field(default_factory=set)
    claim_articles: set[tuple[str, str]] = field(default_factory=set)
    responses: set[tuple[str, str]] = field(default_factory=set)

    def take(self, other: IndexRows) -> None:
        """Add the rows of another event."""
        for name in self.__dataclass_fields__:
            getattr(self, name).update(getattr(other, name))


@dataclass(frozen=True)
class NameRow:
    """One name of an entity; `reference` where it may have to be forgotten."""

    name: str
    reference: UUID | None

    @property
    def folded(self) -> str:
        """The form that is searched."""
        return folded(self.name)

    @property
    def skeleton(self) -> str:
        """The form that names which look alike share."""
        return skeleton(self.name)


def rows_of(event: DomainEvent) -> IndexRows:
    """The rows that one event adds."""
    _, name = split_stream(event.originator_id)
    rows = IndexRows()
    match event:
        case EntityRegistered() | EntityCorrected() | EntityRenamed():
            rows.entities.add(name)
        case EntityMerged():
            rows.merges.add((name, event.into))
        case Claimed():
            rows.claim_articles.add((event.content.article, name))
            _add_said(rows, name, msgspec.to_builtins(event.content))
        case ClaimCorrected():
            _add_said(rows, name, event.changes)
    if isinstance(event, ClaimCorrected | ClaimRetracted | ClaimReinstated) and event.article is not None:
        rows.claim_articles.add((event.article, name))
    return rows


def _add_said(rows: IndexRows, claim: str, said: Mapping[str, Any]) -> None:
    """The rows of what a claim says, or of what a correction changes in it."""
    attributes = said.get("attributes", {})
    rows.claim_entities.update((entity, claim) for entity in _entities_named(said))
    others = {attributes[name] for name in ("target", "by") if name in attributes} - {claim}
    rows.responses.update((claim, other) for other in others if "target" in attributes)


def _entities_named(said: Mapping[str, Any]) -> Iterator[str]:
    """The entities that a claim names: participants, voices, and what a vote would join."""
    yield from (participant["entity"] for participant in said.get("participants", ()))
    by = said.get("asserted_by", {})
    yield from (*by.get("agent", ()), *by.get("affiliation", ()))
    moves = said.get("attributes", {}).get("moves")
    if moves:
        yield from (moves["subject"], moves["object"])


def names_of(record: EntityRecord) -> list[Text]:
    """Every name of an entity, the one it goes by first."""
    content = record.contents[-1][1]
    dated = [n.name for n in sorted(record.names, key=lambda n: (parse_published(n.since).latest, n.position))]
    return list(dict.fromkeys([*dated[-1:], content.name, *dated, *content.aliases]))


def references_in(names: Iterable[Text]) -> list[UUID]:
    """The references of the sealed ones."""
    return [UUID(name.reference) for name in names if isinstance(name, Sealed)]
