"""The log as lines for an import: the original records, in the order in which they were recorded.

What follows from others (dates moved by a corrected article) and what is no record (checkpoints) is left out. Claims
and articles are named by their ids, which follow from what they are and so are the same in every database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from events.event_types import (
    ArticleCorrected,
    ArticleRegistered,
    ClaimCorrected,
    Claimed,
    ClaimRefAdded,
    ClaimReinstated,
    ClaimRetracted,
    DomainEvent,
    EntityCorrected,
    EntityMerged,
    EntityRegistered,
    EntityRenamed,
    EntityUnmerged,
    EvidenceAdded,
)
from events.identity import split_stream
from events.values import ClaimContent, Evidence, Sealed, Text
from service.store.protocol import EventStore
from service.store.rows import event_of
from service.store.texts import Opener
from service.timeline.texts import AUTHORS, sealed_in
from service.transfer.seals import placeholder, seal_line

PAGE = 1_000
_MOST_SEALS = 100_000
Line = dict[str, Any]


class Exporter:
    """Writes the log of a store as lines."""

    def __init__(self, store: EventStore) -> None:
        self._store = store

    def lines(self, after: int = 0, until: int | None = None) -> Iterator[Line]:
        """The lines of the records after a position and up to one, up to the end of the log at this moment without."""
        end = self._store.head() if until is None else until
        told: set[str] = set()
        while after < end:
            rows = self._store.read_log(after, PAGE, end)
            if not rows:
                return
            events = [event_of(row) for row in rows]
            firsts = self._firsts(events)
            opener = Opener(self._store, sealed_in([*events, *firsts.values()]))
            page = _Page(self._store, firsts, opener, told)
            for event in events:
                yield from page.lines_of(event)
            after = rows[-1].position

    def _firsts(self, events: Sequence[DomainEvent]) -> dict[str, Claimed]:
        """The claims to which events add something, by stream: they may be of a page long ago."""
        streams = {event.originator_id for event in events if isinstance(event, EvidenceAdded | ClaimRefAdded)}
        firsts = {}
        for stream, rows in (self._store.read_streams(streams) if streams else {}).items():
            first = event_of(rows[0])
            if not isinstance(first, Claimed):
                raise TypeError(f"{stream} does not begin with a claim")
            firsts[stream] = first
        return firsts


class _Page:
    """Some events with what their lines need. `told` are the references whose seals were written before."""

    def __init__(self, store: EventStore, firsts: Mapping[str, Claimed], opener: Opener, told: set[str]) -> None:
        self._store = store
        self._firsts = firsts
        self._opener = opener
        self._told = told

    def lines_of(self, event: DomainEvent) -> Iterator[Line]:
        """The line of an event, after the seals that it needs; nothing for what is no record of its own."""
        line = self._line(event)
        if line is not None:
            yield from self._seals_of(event)
            yield line

    def _line(self, event: DomainEvent) -> Line | None:
        _, name = split_stream(event.originator_id)
        match event:
            case EntityRegistered() | EntityCorrected():
                return self._entity(event, name)
            case EntityRenamed():
                renamed = {"record": "rename", "of": name, "name": self._open(event.name), "since": event.since}
                return renamed | _given(article=event.article)
            case EntityMerged():
                return {"record": "merge", "of": name, "into": event.into, "reason": event.reason}
            case EntityUnmerged():
                return {"record": "unmerge", "of": name, "into": self._merged_into(event), "reason": event.reason}
            case ArticleRegistered():
                return {"record": "article"} | self._article(event, event.content.__struct_fields__)
            case ArticleCorrected():
                changes = self._article(event, event.changed, keep_nulls=True)
                return {"record": "correction", "of": name, "changes": changes, "reason": event.reason}
            case _:
                return self._claim_line(event, name)

    def _claim_line(self, event: DomainEvent, name: str) -> Line | None:
        match event:
            case Claimed():
                return self._claim(event.content, event.evidence, event.ref)
            case EvidenceAdded():
                return self._claim(self._firsts[event.originator_id].content, event.evidence, None)
            case ClaimRefAdded():
                first = self._firsts[event.originator_id]
                return self._claim(first.content, first.evidence, event.ref)
            case ClaimCorrected():
                line = {"record": "correction", "of": name, "changes": event.changes, "reason": event.reason}
                return line | _given(article=event.article)
            case ClaimRetracted() | ClaimReinstated():
                kind = "retraction" if isinstance(event, ClaimRetracted) else "reinstatement"
                return {"record": kind, "of": name, "reason": event.reason} | _given(article=event.article)
        return None

    # what lines hold

    def _entity(self, event: EntityRegistered | EntityCorrected, name: str) -> Line:
        content = event.content
        line: Line = {"record": "entity", "id": name, "kind": content.kind, "name": self._open(content.name)}
        if content.aliases:
            line["aliases"] = [self._open(alias) for alias in content.aliases]
        if content.identifiers:
            line["identifiers"] = content.identifiers
        earlier = [e.content for e in self._before(event) if isinstance(e, EntityRegistered | EntityCorrected)]
        return line | ({"insists": True} if content in earlier else {})

    def _article(
        self, event: ArticleRegistered | ArticleCorrected, fields: Iterable[str], keep_nulls: bool = False
    ) -> Line:
        """Fields of an article; a text that was erased is left out, its hash remains."""
        line: Line = {}
        for field in fields:
            value = getattr(event.content, field)
            if field == "authors":
                line[field] = [self._open(author) for author in value]
            elif isinstance(value, Sealed):
                line |= {field: self._open(value)} if self._opener.text(value) else {}
            elif value is not None or keep_nulls:
                line[field] = value
        return line

    def _claim(self, content: ClaimContent, evidence: Evidence, ref: str | None) -> Line:
        told: Line = {"summary": evidence.summary}
        if evidence.position is not None:
            told["position"] = msgspec.to_builtins(evidence.position)
        if evidence.quote is not None:
            parts = {part: getattr(evidence.quote, part) for part in evidence.quote.__struct_fields__}
            told["quote"] = {part: self._open(text) for part, text in parts.items() if text is not None}
        said: Line = msgspec.to_builtins(content)
        return {"record": "claim"} | _given(ref=ref) | said | {"evidence": told}

    def _open(self, text: Text) -> str:
        """The text behind a seal, or what stands for it once it was erased."""
        if not isinstance(text, Sealed):
            return text
        found = self._opener.open(text)
        return placeholder(text.reference) if found is None else found

    # seals

    def _seals_of(self, event: DomainEvent) -> Iterator[Line]:
        """The seals of authors, who are known by them, and of erased texts, of which nothing else is left."""
        if isinstance(event, ArticleRegistered | ArticleCorrected):
            seals = [(author, AUTHORS) for author in event.content.authors if isinstance(author, Sealed)]
        else:
            told = self._firsts[event.originator_id].evidence if isinstance(event, ClaimRefAdded) else event
            erased = (seal for seal in sealed_in(told) if self._opener.text(seal) is None)
            seals = [(seal, event.originator_id) for seal in erased]
        for seal, scope in seals:
            if seal.reference not in self._told:
                yield seal_line(seal.reference, seal.digest, scope, self._opener.text(seal))
                self._remember(seal.reference)

    def _remember(self, reference: str) -> None:
        """A seal that is told twice does no harm."""
        if len(self._told) >= _MOST_SEALS:
            self._told.clear()
        self._told.add(reference)

    # what came before

    def _before(self, event: DomainEvent) -> list[DomainEvent]:
        """The events of its stream before this one."""
        if event.originator_version == 1:
            return []
        rows = self._store.read_stream(event.originator_id)[: event.originator_version - 1]
        return [event_of(row) for row in rows]

    def _merged_into(self, event: EntityUnmerged) -> str:
        merges = (e for e in self._before(event) if isinstance(e, EntityMerged) and e.merge == event.merge)
        return next(merges).into


def _given(**fields: Any) -> Line:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}
