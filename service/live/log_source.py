"""The log as a source: its end from memory, all before from the database."""

from __future__ import annotations

from service.errors import StoreUnavailable
from service.feeds.events import SOURCE, EventWriter
from service.feeds.question import Question
from service.live.source import MOST_EVENTS, Reading, Told
from service.live.tail import Tail
from service.store.protocol import StoredRecord
from service.timeline.feed import Feed


def told(writer: EventWriter, record: StoredRecord) -> Told:
    """A stored event as it is told."""
    return Told(record.position, writer.cursor(record.position), writer.event(record))


class LogSource:
    """See `service.live.source.Source`; a place is a position of the log."""

    address = SOURCE

    def __init__(self, feed: Feed, tail: Tail, asked: Question) -> None:
        self._feed = feed
        self._tail = tail
        self._asked = asked
        self.front = tail.front
        self._writer = EventWriter(tail.epoch)

    def at_hand(self, place: int) -> Reading | None:
        """What the tail has; never the texts, which may have to be forgotten."""
        return None if self._asked.with_texts else self._tail.after(place, self._asked.wanted)

    def read(self, place: int) -> Reading:
        """What the database has. There may be more than the tail knows of yet."""
        page = self._feed.page(place, MOST_EVENTS, self._asked.wanted)
        if page.epoch != self._tail.epoch:
            raise StoreUnavailable("The log was replaced; its tail has yet to notice.")
        if not self._asked.with_texts or not page.records:
            return Reading([told(self._writer, one) for one in page.records], page.last, page.is_end)
        records, texts = next(self._feed.with_texts(page.records))
        before = Told(place, self._writer.cursor(place), self._writer.texts(place, texts)) if texts else None
        is_whole = len(records) == len(page.records)
        reached = page.last if is_whole else records[-1].position
        return Reading([told(self._writer, one) for one in records], reached, page.is_end and is_whole, before)

    def position(self, place: int) -> int:
        """The place itself."""
        return place

    def checkpoint(self, place: int) -> Told:
        """A checkpoint of the log."""
        writer = self._tail.writer
        return Told(place, writer.cursor(place), writer.checkpoint(place))
