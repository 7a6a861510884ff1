"""Whom an event concerns: the entities that its stream has named by then."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from threading import Lock
from typing import NamedTuple

import msgspec

from events.codec import UnreadableEvent
from events.event_types import ClaimCorrected, Claimed, DomainEvent, EntityMerged, TextsErased
from events.identity import CLAIM, ENTITY, ERASURES_STREAM, claim_stream, split_stream
from events.mentions import entities_in, responded_to
from events.records import corrected
from events.values import ClaimContent
from service.store.protocol import EventStore, StoredRecord
from service.store.rows import event_of

Entities = frozenset[str]
_MOST_REMEMBERED = 20_000
_DEEPEST = 4
"""How many responses to responses are followed."""
_NOBODY: Entities = frozenset()
_TELLING = frozenset(("entity", "claim"))
_UNREADABLE = (UnreadableEvent, TypeError, KeyError, ValueError, msgspec.MsgspecError)


class _Named(NamedTuple):
    """What a stream has named up to a version, and what its claim said there."""

    version: int = 0
    entities: Entities = _NOBODY
    content: ClaimContent | None = None


class Concerns:
    """Tells whom events concern, and remembers of the streams it saw last what they name. For many threads.

    A claim concerns the entities that any of its versions so far names, and a response besides those whom the claims
    concern that it is about; an entity itself, and those it was merged into; an erasure those whom what it is about
    concerns. Articles and checkpoints concern nobody, and an event that cannot be read names nobody new.
    """

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._known: OrderedDict[str, _Named] = OrderedDict()
        self._lock = Lock()

    def of(self, records: Sequence[StoredRecord]) -> list[Entities]:
        """The entities that each of some records concerns; the records are in the order of the log."""
        streams: dict[str, list[StoredRecord]] = {}
        for record in records:
            if split_stream(record.stream)[0] in _TELLING:
                streams.setdefault(record.stream, []).append(record)
        with self._lock:
            found: dict[int, Entities] = {}
            whole = self._whole(streams)
            # Beforehand: to remember one stream may mean to forget another of them.
            before = {stream: self._known.get(stream, _Named()) for stream in whole}
            for stream, rows in whole.items():
                named = before[stream] if rows[0].version > 1 else _Named()
                for row in rows:
                    named = self._after(named, row, _DEEPEST)
                    found[row.position] = named.entities
                self._remember(stream, named)
            found |= {row.position: self._of_erasure(row) for row in records if row.stream == ERASURES_STREAM}
        return [found.get(record.position, _NOBODY) for record in records]

    def _whole(self, streams: dict[str, list[StoredRecord]]) -> dict[str, Sequence[StoredRecord]]:
        """The rows of each stream from the version after the remembered one on, without a gap; else from the first."""
        missing = [stream for stream, rows in streams.items() if not self._follows(stream, rows)]
        if not missing:
            return dict(streams)
        until = max(streams[stream][-1].position for stream in missing)
        return {**streams, **self._store.read_streams(missing, until=until)}

    def _follows(self, stream: str, rows: Sequence[StoredRecord]) -> bool:
        first = rows[0].version
        known = self._known.get(stream, _Named()).version if first > 1 else 0
        return known == first - 1 and rows[-1].version - first == len(rows) - 1

    def _remember(self, stream: str, named: _Named) -> None:
        self._known[stream] = named
        self._known.move_to_end(stream)
        while len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)

    def _after(self, named: _Named, row: StoredRecord, depth: int) -> _Named:
        try:
            event = event_of(row)
            content = _content(event, named.content)
            more = frozenset(_entities_in(event, content))
            about = _about(event, content)
        except _UNREADABLE:
            return named._replace(version=row.version)
        if about and depth:
            more |= self._by_then(about, row.position, depth - 1)
        return _Named(row.version, named.entities | more, content)

    def _of_erasure(self, row: StoredRecord) -> Entities:
        try:
            event = event_of(row)
        except _UNREADABLE:
            return _NOBODY
        if not isinstance(event, TextsErased):
            return _NOBODY
        if event.subject.kind == CLAIM:
            return self._by_then([event.subject.id], row.position, _DEEPEST)
        return frozenset((event.subject.id,)) if event.subject.kind == ENTITY else _NOBODY

    def _by_then(self, claims: Iterable[str], position: int, depth: int) -> Entities:
        """Whom claims concern up to a position. What is remembered of them may be from later."""
        entities = _NOBODY
        for rows in self._store.read_streams([claim_stream(claim) for claim in claims], until=position).values():
            named = _Named()
            for row in rows:
                named = self._after(named, row, depth)
            entities |= named.entities
        return entities


def _content(event: DomainEvent, before: ClaimContent | None) -> ClaimContent | None:
    if isinstance(event, Claimed):
        return event.content
    if isinstance(event, ClaimCorrected) and before is not None:
        return corrected(before, event.changes)
    return before


def _entities_in(event: DomainEvent, content: ClaimContent | None) -> Iterable[str]:
    return _own(event) if content is None else entities_in(content)


def _about(event: DomainEvent, content: ClaimContent | None) -> list[str]:
    """The claims that a response is about, where the event says so."""
    if content is None or not isinstance(event, Claimed | ClaimCorrected):
        return []
    return sorted(responded_to(split_stream(event.originator_id)[1], content.attributes))


def _own(event: DomainEvent) -> Iterator[str]:
    category, name = split_stream(event.originator_id)
    if category == "entity":
        yield name
    if isinstance(event, EntityMerged):
        yield event.into
