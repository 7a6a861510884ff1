"""The rows of the read side that follow from events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

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
from events.text import folded, skeleton
from events.values import ClaimContent, Sealed, Text


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


def rows_of(event: DomainEvent, corrected: ClaimContent | None = None) -> IndexRows:
    """The rows that one event adds. A correction of a claim comes with what the claim says after it."""
    _, name = split_stream(event.originator_id)
    rows = IndexRows()
    match event:
        case EntityRegistered() | EntityCorrected() | EntityRenamed():
            rows.entities.add(name)
        case EntityMerged():
            rows.merges.add((name, event.into))
        case Claimed():
            _add_content(rows, name, event.content)
        case ClaimCorrected() if corrected is not None:
            _add_content(rows, name, corrected)
    if isinstance(event, ClaimCorrected | ClaimRetracted | ClaimReinstated) and event.article is not None:
        rows.claim_articles.add((event.article, name))
    return rows


def _add_content(rows: IndexRows, claim: str, content: ClaimContent) -> None:
    rows.claim_articles.add((content.article, claim))
    rows.claim_entities.update((entity, claim) for entity in entities_named(content))
    if content.type == "response":
        others = {content.attributes["target"], content.attributes.get("by", claim)} - {claim}
        rows.responses.update((claim, other) for other in others)


def entities_named(content: ClaimContent) -> Iterator[str]:
    """The entities that a claim names: participants, voices, and what a vote would join."""
    yield from (participant.entity for participant in content.participants)
    yield from content.asserted_by.agent
    yield from content.asserted_by.affiliation
    moves = content.attributes.get("moves")
    if moves:
        yield from (moves["subject"], moves["object"])


def names_of(record: EntityRecord) -> list[Text]:
    """Every name of an entity, the one it goes by first."""
    content = record.contents[-1][1]
    dated = [name.name for name in record.names]
    return list(dict.fromkeys([dated[-1] if dated else content.name, content.name, *dated, *content.aliases]))


def references_in(names: Iterable[Text]) -> list[UUID]:
    """The references of the sealed ones."""
    return [UUID(name.reference) for name in names if isinstance(name, Sealed)]
