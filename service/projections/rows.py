"""The rows of the index that follow from events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
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
    TextsErased,
)
from events.identity import ENTITY, split_stream
from events.mentions import entities_in, entities_moved, responded_to
from events.records import EntityRecord
from events.temporal import parse_published
from events.text import folded, skeleton
from events.values import Sealed, Text
from service.store.texts import Opener

EntityRow = tuple[str, str, str | None, UUID | None]
NameRow = tuple[str, str, str, str, UUID | None]
Pair = tuple[str, str]


@dataclass
class IndexRows:
    """What some events add to the index. Entities are entered whole, so their events are only gathered.

    One without events is entered anew because of something else: names of it were erased.
    """

    entities: dict[str, list[DomainEvent]] = field(default_factory=dict)
    entity_events: set[tuple[str, int]] = field(default_factory=set)
    merges: set[Pair] = field(default_factory=set)
    claim_entities: set[Pair] = field(default_factory=set)
    claim_articles: set[Pair] = field(default_factory=set)
    responses: set[Pair] = field(default_factory=set)
    doubtful: set[str] = field(default_factory=set)
    """The claims that may be unsettled since: they were amended by an article, name more, or stand in a response."""

    def add(self, event: DomainEvent, position: int) -> None:
        """Adds the rows of one more event."""
        category, name = split_stream(event.originator_id)
        if category == "entity":
            self.entity_events.add((name, position))
        match event:
            case Claimed():
                self.claim_articles.add((event.content.article, name))
                self._add_entities(name, entities_in(event.content))
                self._add_responses(name, event.content.attributes)
            case EntityRegistered() | EntityCorrected() | EntityRenamed():
                self.entities.setdefault(name, []).append(event)
            case TextsErased() if event.subject.kind == ENTITY:
                self.entities.setdefault(event.subject.id, [])
            case EntityMerged():
                self.merges.add((name, event.into))
            case ClaimCorrected():
                self._add_entities(name, brought := list(_entities_in_changes(event.changes)))
                self.doubtful.update([name] if brought else ())
                self._add_responses(name, event.changes.get("attributes", {}))
        if isinstance(event, ClaimCorrected | ClaimRetracted | ClaimReinstated) and event.article is not None:
            self.claim_articles.add((event.article, name))
            self.doubtful.add(name)

    def _add_entities(self, claim: str, entities: Iterable[str]) -> None:
        for entity in entities:
            self.claim_entities.add((entity, claim))

    def _add_responses(self, claim: str, attributes: Mapping[str, Any]) -> None:
        others = list(responded_to(claim, attributes))
        self.responses.update((claim, other) for other in others)
        if others:
            self.doubtful.update((claim, *others))


class EntityRows(NamedTuple):
    """The rows of one entity."""

    entity: EntityRow
    names: list[NameRow]
    identifiers: list[tuple[str, str, str]]


def entity_rows(record: EntityRecord, opener: Opener) -> EntityRows:
    """The rows of an entity; a name that cannot be opened is left out."""
    content = record.contents[-1][1]
    names = names_of(record)
    shown, reference = _opened(names[0], opener)
    opened = (_opened(name, opener) for name in names)
    return EntityRows(
        (record.id, content.kind, shown, reference),
        _each_once((record.id, text, folded(text), skeleton(text), at) for text, at in opened if text is not None),
        [(scheme, value, record.id) for scheme, value in content.identifiers.items()],
    )


def names_of(record: EntityRecord) -> list[Text]:
    """Every name of an entity, the one it goes by first."""
    content = record.contents[-1][1]
    dated = [n.name for n in sorted(record.names, key=lambda n: (parse_published(n.since).latest, n.position))]
    return list(dict.fromkeys([*dated[-1:], content.name, *dated, *content.aliases]))


def _entities_in_changes(changes: Mapping[str, Any]) -> Iterator[str]:
    """The entities that a correction brings in."""
    yield from (participant["entity"] for participant in changes.get("participants", ()))
    by = changes.get("asserted_by", {})
    yield from (*by.get("agent", ()), *by.get("affiliation", ()))
    yield from entities_moved(changes.get("attributes", {}))


def _opened(name: Text, opener: Opener) -> tuple[str | None, UUID | None]:
    """The text of a name with its reference; neither for one that was erased or is not what was sealed."""
    shown = opener.open(name)
    return shown, UUID(name.reference) if isinstance(name, Sealed) and shown is not None else None


def _each_once(rows: Iterable[NameRow]) -> list[NameRow]:
    """The first row for each name."""
    found: dict[str, NameRow] = {}
    for row in rows:
        found.setdefault(row[1], row)
    return list(found.values())
