"""The log in pages for those who follow it, whole or in part."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from events.codec import UnreadableEvent
from events.identity import ERASURES_STREAM, entity_stream
from service import asking
from service.errors import NotBuilt
from service.projections.index import Index
from service.store.protocol import ErasableText, EventStore, LogEnd, StoredRecord
from service.store.rows import event_of
from service.store.texts import REFERENCE
from service.timeline.concerns import Concerns
from service.timeline.texts import sealed_in

MOST_STREAMS = 5_000
"""As long as entities have no more streams, these are read; else the log is, and chosen from."""
STRETCH = 100_000
"""How many positions are looked through for one page, where only topics are wanted."""
MOST_TEXT = 4 << 20
"""How many bytes of texts are told at once."""
LOOKED_THROUGH = 5_000
"""How many events are looked through for one page, where each has to be read to know whom it concerns."""


class Wanted(NamedTuple):
    """Which events: those with one of some topics and concerning one of some entities; None is all."""

    topics: frozenset[str] | None = None
    entities: frozenset[str] | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self.topics is None and self.entities is None


ALL = Wanted()


class FeedPage(NamedTuple):
    """Events in the order of the log. All up to position `last` were looked at; `is_end`: there are no more by now.

    `is_full`: it holds as many as were asked for, so the same question has the same answer for ever.
    """

    epoch: UUID
    records: Sequence[StoredRecord]
    last: int
    is_end: bool
    is_full: bool


class Stretch(NamedTuple):
    """Events up to a position, the last of them first. All after position `floor` were looked at."""

    records: Sequence[StoredRecord]
    floor: int


class Feed:
    """Reads the log for subscribers. The events are as they were stored, and are not read but where it is needed."""

    def __init__(self, store: EventStore, index: Index) -> None:
        self._store = store
        self._index = index
        self._concerns = Concerns(store)

    def page(self, after: int, limit: int, wanted: Wanted = ALL, until: int | None = None) -> FeedPage:
        """At most `limit` events after a position and up to one. Of a part of the log it may be short or empty, and
        not at the end: what was looked at costs as much as what is found.
        """
        epoch = self._store.epoch()
        if wanted.is_all:
            records = self._store.read_log(after, limit, until)
            is_full = len(records) == limit
            return FeedPage(epoch, records, records[-1].position if records else after, not is_full, is_full)
        head = self._store.head()
        end = max(after, head if until is None else min(head, until))
        if wanted.entities is None:
            return self._of_topics(epoch, after, end, limit, wanted)
        streams = self._streams(wanted.entities, after)
        if streams is None:
            return self._looked_through(epoch, after, end, limit, wanted)
        return self._of_streams(epoch, after, end, limit, wanted, *streams)

    def following(self, epoch: UUID, after: int, limit: int) -> Sequence[StoredRecord]:
        """At most `limit` next events of all, for a reader that follows the log of an epoch; none in another one."""
        return self._store.read_log(after, limit, of=epoch)

    def back(self, until: int, limit: int, wanted: Wanted = ALL) -> Stretch:
        """At most the last `limit` events up to a position. Of a part of the log they may be fewer, and not all."""
        topics = wanted.topics
        if wanted.entities is None:
            floor = max(0, until - STRETCH)
            return _stretch(self._store.read_back(until, limit, floor, topics=topics), floor, limit)
        streams, known = self._streams(wanted.entities, 0) or ([], 0)
        if known < until:
            floor = max(known, until - LOOKED_THROUGH)
            read = self._store.read_back(until, LOOKED_THROUGH, floor, topics=topics)
            return _stretch(self._concerning(read[::-1], wanted)[::-1][:limit], floor, limit)
        read = self._store.read_back(until, limit, 0, streams=streams, topics=topics)
        floor = read[-1].position - 1 if len(read) == limit else 0
        return _stretch(self._concerning(read[::-1], wanted)[::-1], floor, limit)

    def concerned(self, records: Sequence[StoredRecord]) -> list[frozenset[str]]:
        """The entities that each of some events concerns."""
        return self._concerns.of(records)

    def with_texts(self, records: Sequence[StoredRecord]) -> Iterator[tuple[list[StoredRecord], list[ErasableText]]]:
        """Events in parts, each with the texts that its events refer to and that are not erased.

        A part ends when its texts have `MOST_TEXT` bytes; the last event of it may bring more.
        """
        references = [_references(record) for record in records]
        sizes = self._store.text_sizes(set().union(*references)) if any(references) else {}
        part: list[StoredRecord] = []
        wanted: set[UUID] = set()
        size = 0
        for record, needed in zip(records, references, strict=True):
            size += sum(sizes.get(reference, 0) for reference in needed - wanted)
            part.append(record)
            wanted |= needed
            if size >= MOST_TEXT:
                yield part, self._texts(wanted)
                part, wanted, size = [], set(), 0
        if part:
            yield part, self._texts(wanted)

    def has_entity(self, name: str) -> bool:
        """Whether an entity was ever registered."""
        return bool(self._store.read_stream(entity_stream(name), limit=1))

    def head(self) -> int:
        """The last position."""
        return self._store.head()

    def epoch(self) -> UUID:
        """The identity of the log."""
        return self._store.epoch()

    def end(self) -> LogEnd:
        """The identity of the log and where it ends."""
        return self._store.end()

    def recorded_at(self, position: int) -> datetime | None:
        """When the event at a position was recorded; None where there is none."""
        return self._store.recorded_at(position)

    def position_at(self, instant: datetime) -> int:
        """The last position recorded at or before an instant, of the log that is written."""
        with asking.aside():
            return self._store.position_at(instant)

    def _texts(self, references: set[UUID]) -> list[ErasableText]:
        return list(self._store.read_texts(references).values()) if references else []

    def _streams(self, entities: Collection[str], after: int) -> tuple[list[str], int] | None:
        """The streams that may concern entities, and up to which position they are known; None to look through all."""
        try:
            known = self._index.position()
        except NotBuilt:
            return None
        if known <= after or self._index.state().parked:
            return None
        streams = self._index.streams_about(entities, MOST_STREAMS + 1)
        return None if len(streams) > MOST_STREAMS else ([*streams, ERASURES_STREAM], known)

    def _of_topics(self, epoch: UUID, after: int, end: int, limit: int, wanted: Wanted) -> FeedPage:
        stretch = min(end, after + STRETCH)
        found = self._store.read_selected(after, limit, stretch, topics=wanted.topics)
        return _page(epoch, found, stretch, end, limit)

    def _of_streams(
        self, epoch: UUID, after: int, end: int, limit: int, wanted: Wanted, streams: list[str], known: int
    ) -> FeedPage:
        """Of the events in their streams some are left out: a claim may only later come to name somebody."""
        stretch = min(end, known)
        read = self._store.read_selected(after, limit, stretch, streams=streams, topics=wanted.topics)
        looked_at = read[-1].position if len(read) == limit else stretch
        return _page(epoch, self._concerning(read, wanted), looked_at, end, limit)

    def _looked_through(self, epoch: UUID, after: int, end: int, limit: int, wanted: Wanted) -> FeedPage:
        read = self._store.read_log(after, LOOKED_THROUGH, end)
        looked_at = read[-1].position if len(read) == LOOKED_THROUGH else end
        chosen = [record for record in read if wanted.topics is None or record.topic in wanted.topics]
        return _page(epoch, self._concerning(chosen, wanted)[:limit], looked_at, end, limit)

    def _concerning(self, records: Sequence[StoredRecord], wanted: Wanted) -> list[StoredRecord]:
        entities = wanted.entities or frozenset()
        concerned = zip(records, self._concerns.of(records), strict=True)
        return [record for record, named in concerned if not named.isdisjoint(entities)]


def _page(epoch: UUID, found: Sequence[StoredRecord], looked_at: int, end: int, limit: int) -> FeedPage:
    is_full = len(found) == limit
    last = found[-1].position if is_full else looked_at
    return FeedPage(epoch, found, last, last >= end, is_full)


def _stretch(found: Sequence[StoredRecord], floor: int, limit: int) -> Stretch:
    return Stretch(found, found[-1].position - 1 if len(found) == limit else floor)


def _references(record: StoredRecord) -> set[UUID]:
    return {UUID(seal.reference) for seal in sealed_in(_events(record))}


def _events(record: StoredRecord) -> Sequence[object]:
    if REFERENCE not in record.state:
        return []
    try:
        return [event_of(record)]
    except UnreadableEvent:
        return []
