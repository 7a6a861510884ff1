"""The log as entries of Atom."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid5

from events.codec import UnreadableEvent, decode
from events.event_types import ArticleCorrected, ArticleRegistered, Claimed, DomainEvent, EntityMerged, EvidenceAdded
from events.identity import split_stream
from service.feeds.atom import Entry
from service.feeds.cursor import parse_cursor
from service.feeds.events import TYPE_PREFIX, EventWriter
from service.feeds.runs import Found
from service.store.protocol import StoredRecord
from service.timeline.feed import Feed, Wanted

MOST_NAMED = 8
"""How many a title names."""
_PAGES = frozenset(("entity", "claim", "article"))
_WORD = re.compile("(?<=[a-z])(?=[A-Z])")


class Logged(NamedTuple):
    """An event of the log."""

    record: StoredRecord

    @property
    def key(self) -> int:
        """Its position."""
        return self.record.position

    @property
    def size(self) -> int:
        """How many bytes its state has."""
        return len(self.record.state)


class LogEntries:
    """See `service.feeds.reading.Readable`; a place is a position. For one thread."""

    def __init__(self, feed: Feed, wanted: Wanted) -> None:
        self._feed = feed
        self._wanted = wanted
        self.epoch = feed.epoch()
        self._writer = EventWriter(self.epoch)
        self.title = _title(wanted)

    def end(self) -> int:
        """The head of the log."""
        return self._feed.head()

    def place(self, cursor: str) -> int:
        """The position of a cursor."""
        parsed = parse_cursor(cursor)
        parsed.demand_epoch(self.epoch)
        return parsed.position

    def cursor(self, key: int) -> str:
        """The cursor of a position."""
        return self._writer.cursor(key)

    def mark(self, key: int) -> bytes:
        """The digits of a position."""
        return str(key).encode()

    def time(self, key: int) -> datetime | None:
        """When the event at a position was recorded."""
        return self._feed.recorded_at(key)

    def back(self, until: int, limit: int) -> Found[int, Logged]:
        """The last wanted events."""
        stretch = self._feed.back(until, limit, self._wanted)
        return Found([Logged(record) for record in stretch.records], stretch.floor or None)

    def forth(self, after: int, limit: int) -> Found[int, Logged]:
        """The next wanted events."""
        page = self._feed.page(after, limit, self._wanted)
        return Found([Logged(record) for record in page.records], None if page.is_end else page.last)

    def entries(self, events: Sequence[Logged]) -> list[Entry]:
        """Each with whom it concerns in its title."""
        records = sorted((event.record for event in events), key=lambda record: record.position)
        concerned = dict(zip((r.position for r in records), self._feed.concerned(records), strict=True))
        return [self._entry(event.record, concerned[event.key]) for event in events]

    def _entry(self, record: StoredRecord, concerned: frozenset[str]) -> Entry:
        category, name = split_stream(record.stream)
        said = _said(record)
        named = list(dict.fromkeys((*_named_first(said), *sorted(concerned))))
        return Entry(
            id=uuid5(self.epoch, str(record.position)),
            title=titled(words_of(record.topic), named),
            time=record.recorded_at,
            category=TYPE_PREFIX + record.topic,
            event=self._writer.event(record),
            page=f"/{category}/{name}" if category in _PAGES else None,
            summary=said.evidence.summary if isinstance(said, Claimed | EvidenceAdded) else None,
        )


def words_of(topic: str) -> str:
    """The type of an event in words: `InvestmentClaimed.v1` is `Investment claimed`."""
    return _WORD.sub(" ", topic.rpartition(".")[0] or topic).capitalize()


def titled(words: str, named: Sequence[str]) -> str:
    """What happened, and the first of those whom it happened to."""
    more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    return f"{words}: {', '.join(named[:MOST_NAMED])}{more}" if named else words


def feed_id(epoch: UUID, address: str) -> UUID:
    """The id of a feed: of what is asked for of a log."""
    return uuid5(epoch, address)


def _title(wanted: Wanted) -> str:
    entities = sorted(wanted.entities or ())
    topics = sorted(map(words_of, wanted.topics or ()))
    return ": ".join(filter(None, ("What is recorded", ", ".join(entities), ", ".join(dict.fromkeys(topics)))))


def _said(record: StoredRecord) -> DomainEvent | None:
    try:
        return decode(record.topic, record.state, record.stream, record.version)
    except (UnreadableEvent, TypeError, KeyError, ValueError):
        return None


def _named_first(said: DomainEvent | None) -> Iterator[str]:
    """Whom or what the event names, in its order: entities, or an article by its title."""
    if isinstance(said, Claimed):
        yield from (participant.entity for participant in said.content.participants)
    if isinstance(said, EntityMerged):
        yield from (split_stream(said.originator_id)[1], said.into)
    if isinstance(said, ArticleRegistered | ArticleCorrected):
        yield said.content.title
