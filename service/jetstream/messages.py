"""Events as messages of a stream. The message at sequence N is the event at position N, for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from service.feeds.events import EventWriter
from service.jetstream.place import Place
from service.store.protocol import StoredRecord

ID, EXPECTED = "Nats-Msg-Id", "Nats-Expected-Last-Sequence"
EPOCH = "frenemies-epoch"
"""In the metadata of a stream: of which log it is. Its messages do not tell that any more when they have expired."""
_OF_HEADERS = 256
"""More than the headers of a message have."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is published. It is stored at its position, or not at all."""

    position: int
    subject: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """A message of a stream at its sequence, and how many there are after it by now."""

    sequence: int
    body: bytes
    pending: int = 0


@dataclass(frozen=True, slots=True)
class End:
    """The last sequence of a stream, 0 at its beginning, and the message there, if it is kept.

    `is_unused`: nothing was ever published there. `epoch`: of which log it is, if its metadata say so.
    """

    sequence: int
    body: bytes | None
    is_unused: bool
    epoch: str | None


class Reading(Protocol):
    """A stream that is read from a sequence on (see `service.jetstream.link.JetStream`)."""

    def next(self, seconds: float) -> list[Stored]:
        """The next messages; JetStreamUnavailable where the link is of no more use."""
        ...

    def close(self) -> None:
        """Ends it."""
        ...


class MessageWriter:
    """Writes the messages of one log, as they stand in its feed. For one thread."""

    def __init__(self, place: Place, epoch: UUID, most_bytes: int) -> None:
        """`most_bytes`: how much the server takes as one message."""
        self._place = place
        self._most_bytes = most_bytes - _OF_HEADERS
        self._writer = EventWriter(epoch)

    def messages(self, records: Sequence[StoredRecord]) -> list[Message]:
        """Those of events."""
        return [self._message(record) for record in records]

    def is_of(self, record: StoredRecord, body: bytes) -> bool:
        """Whether a message tells of an event: with it, or, where it was too large for a server, instead of it."""
        return body in (self._writer.event(record), self._writer.checkpoint(record.position))

    def _message(self, record: StoredRecord) -> Message:
        """An event that is too large is told of as a checkpoint: whoever reads that asks the feed for the event."""
        position = record.position
        body = self._writer.event(record)
        if len(body) > self._most_bytes:
            body = self._writer.checkpoint(position)
        headers = {ID: self._writer.cursor(position), EXPECTED: str(position - 1)}
        return Message(position, self._place.subject(record.topic), headers, body)
