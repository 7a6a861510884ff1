"""What is taken over at once: events from lines of the feed, with the texts that they refer to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf
from time import monotonic
from typing import Protocol
from uuid import UUID

from frenemies import Unreachable
from frenemies.event import EVENT, TEXTS, Line
from service.feeds.events import EventReader
from service.store.protocol import ErasableText, StoredRecord

MOST_EVENTS = 4_000
MOST_BYTES = 8 * 1024 * 1024
MOST_SECONDS = 1.0
"""About how much is taken over at once, and how long it is gathered, at most; there may be as much again in what came
together."""


@dataclass
class Batch:
    """Events that follow each other. `is_even`: with them all is here that the leader has, as far as it has told."""

    records: list[StoredRecord] = field(default_factory=list)
    texts: dict[tuple[str, str], ErasableText] = field(default_factory=dict)
    """By scope and content: of one that came under two references, the first was forgotten in between."""
    position: int = 0
    is_even: bool = False


class Lists(Protocol):
    """Lines as they come, and whether all was handed out that the leader had (see `frenemies.FeedLines`)."""

    caught_up: bool

    def __iter__(self) -> Iterator[list[Line]]:
        """The lists of lines."""
        ...


def batches(lists: Lists, epoch: UUID) -> Iterator[Batch]:
    """The lines of a feed in batches: large ones as long as there is much to catch up with, then each as it comes.

    A batch without events is a sign of life: texts stay with the events that they come before. BadEvent for a line that
    is none of the log of this epoch. What came before the leader fell silent is handed out before that is raised.
    """
    gathering = _Gathering(EventReader(epoch))
    told = -inf
    try:
        for lines in lists:
            for line in lines:
                gathering.add(line)
            now = monotonic()
            if gathering.is_large or lists.caught_up or now - max(told, gathering.begun) > MOST_SECONDS:
                told = now
                yield gathering.taken(is_even=lists.caught_up)
    except Unreachable:
        if gathering.holds_events:
            yield gathering.taken(is_even=False)
        raise


class _Gathering:
    """The events of the next batch, and the texts that came before an event that is yet to come."""

    def __init__(self, reader: EventReader) -> None:
        self._reader = reader
        self._batch = Batch()
        self._texts: list[ErasableText] = []
        self._size = 0
        self._size_of_texts = 0
        self._position = 0
        self.begun = -inf
        """When the first of the events came."""

    @property
    def holds_events(self) -> bool:
        """Whether there are any."""
        return bool(self._batch.records)

    @property
    def is_large(self) -> bool:
        """Whether there is enough for a batch."""
        return self.holds_events and (self._size > MOST_BYTES or len(self._batch.records) >= MOST_EVENTS)

    def add(self, line: Line) -> None:
        """An event, or texts; of another line, the position."""
        self._position = line.position
        if line.kind == EVENT:
            self.begun = self.begun if self.holds_events else monotonic()
            self._batch.records.append(self._reader.record(line.raw))
            self._batch.texts |= {(text.scope, text.content): text for text in self._texts}
            self._texts, self._size_of_texts = [], 0
        elif line.kind == TEXTS:
            self._texts += self._reader.texts(line.raw)
            self._size_of_texts += len(line.raw)
        self._size += len(line.raw)

    def taken(self, *, is_even: bool) -> Batch:
        """What has been gathered, perhaps nothing; it is gathered anew."""
        made, self._batch, self._size = self._batch, Batch(), self._size_of_texts
        made.position, made.is_even = self._position, is_even
        return made
