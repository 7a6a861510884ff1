"""Events of the log as CloudEvents (1.0.2, JSON format), in bytes: the same ones in every form of the feed. And back.

What was stored is handed out as it was stored, for ever: an older shape goes by the type of that version. So a page
that is over never changes, and a copy made from the feed has the bytes that the checkpoints vouch for.
"""

from __future__ import annotations

import struct
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec

from service.errors import ServiceError
from service.feeds.cursor import format_cursor
from service.store.protocol import ErasableText, StoredRecord

SOURCE = "/v1/feed"
TYPE_PREFIX = "io.frenemies."
SCHEMAS = "/v1/event-types/"
CHECKPOINT_TYPE = "io.frenemies.feed.Checkpoint.v1"
"""The type of what says no more than how far the feed was read."""
TEXTS_TYPE = "io.frenemies.feed.Texts.v1"
"""The type of what brings the texts that the following events refer to."""
_SPECVERSION = "1.0"
# A CloudEvent in the order of its fields, ready to be filled: writing is most of what a replay costs.
_EVENT = (
    f'{{"specversion":"{_SPECVERSION}","id":"%b","source":"{SOURCE}","type":%b,"subject":%b,"time":%b,"dataschema":%b,'
    '"datacontenttype":"application/json","sequence":"%d","streamversion":%d,%b}'
).encode()
_LOW = tuple(urlsafe_b64encode(bytes((0, high, low)))[2:].decode() for high in range(16) for low in range(256))
_LOW_PART = 1 << 24
_LARGEST_VERSION = 2**31 - 1
_encode = msgspec.json.Encoder().encode
_parse = msgspec.json.Decoder(msgspec.Raw).decode


class CloudEvent(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An event of the log: its `id` is the cursor after which the next one comes, `data` its stored state with its id.

    `sequence` is the position in the log, `streamversion` the place in the stream of its subject. A state that is no
    JSON object on one line is told in `data_base64`.
    """

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    dataschema: str
    datacontenttype: str
    sequence: str
    streamversion: int
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    data_base64: str | msgspec.UnsetType = msgspec.UNSET


class BadEvent(ServiceError):
    """This is not an event of the feed."""


class EventWriter:
    """Writes events of one log. For one thread."""

    def __init__(self, epoch: UUID) -> None:
        self.epoch = epoch
        self._high = -1
        self._prefix = ""

    def cursor(self, position: int) -> str:
        """The cursor of a position (see `service.feeds.cursor`), of which only the end differs from event to event."""
        high, low = divmod(position, _LOW_PART)
        if high != self._high:
            self._high, self._prefix = high, format_cursor(self.epoch, position)[:-4]
        return self._prefix + _LOW[low >> 12] + _LOW[low & 0xFFF]

    def event(self, record: StoredRecord) -> bytes:
        """A stored event."""
        category, _, name = record.stream.partition("-")
        kind, schema = _of_topic(record.topic)
        return _EVENT % (
            self.cursor(record.position).encode(),
            kind,
            _encode(f"{category}/{name}"),
            _encode(record.recorded_at),
            schema,
            record.position,
            record.version,
            _data(name, record.state),
        )

    def checkpoint(self, position: int) -> bytes:
        """That all events up to a position were handed out or left out, as an event without data."""
        return _encode(self._marker(position, CHECKPOINT_TYPE))

    def texts(self, position: int, texts: Iterable[ErasableText]) -> bytes:
        """The texts that the events after a position refer to, as an event; they may have to be forgotten."""
        told = [
            {
                "reference": str(text.reference),
                "scope": text.scope,
                "salt": b64encode(text.salt).decode(),
                "digest": text.digest,
                "content": text.content,
            }
            for text in texts
        ]
        more = {"datacontenttype": "application/json", "data": {"texts": told}}
        return _encode(self._marker(position, TEXTS_TYPE) | more)

    def events(self, records: Iterable[StoredRecord]) -> list[bytes]:
        """Stored events in their order."""
        return [self.event(record) for record in records]

    def _marker(self, position: int, kind: str) -> dict[str, Any]:
        return {
            "specversion": _SPECVERSION,
            "id": self.cursor(position),
            "source": SOURCE,
            "type": kind,
            "sequence": str(position),
        }


class EventReader:
    """Reads what an `EventWriter` of the same log wrote, byte for byte what was stored. For one thread."""

    def __init__(self, epoch: UUID) -> None:
        self._writer = EventWriter(epoch)

    def record(self, line: bytes) -> StoredRecord:
        """The stored event. BadEvent for anything else, also for an event of another log."""
        try:
            told = _read(line)
            category, _, name = told.subject.partition("/")
            record = StoredRecord(
                int(told.sequence),
                f"{category}-{name}",
                told.streamversion,
                told.type.removeprefix(TYPE_PREFIX),
                _state(name, told),
                told.time.astimezone(UTC),
            )
            if told.id == self._writer.cursor(record.position) and 0 < record.version <= _LARGEST_VERSION:
                return record
        except (ValueError, struct.error, OverflowError, RecursionError) as error:
            raise BadEvent(str(error)) from error
        raise BadEvent(f"What came as position {told.sequence} is of another log, position or stream.")

    def texts(self, line: bytes) -> list[ErasableText]:
        """The texts that the following events refer to. BadEvent for anything else."""
        try:
            return [
                ErasableText(UUID(one.reference), one.scope, b64decode(one.salt), one.digest, one.content)
                for one in _read_texts(line).data.texts
            ]
        except (ValueError, RecursionError) as error:
            raise BadEvent(str(error)) from error


class _ToldText(msgspec.Struct, frozen=True):
    reference: str
    scope: str
    salt: str
    digest: str
    content: str


class _ToldTexts(msgspec.Struct, frozen=True):
    texts: list[_ToldText]


class _TextsEvent(msgspec.Struct, frozen=True):
    data: _ToldTexts


_read = msgspec.json.Decoder(CloudEvent).decode
_read_texts = msgspec.json.Decoder(_TextsEvent).decode


@lru_cache(1_000)
def _of_topic(topic: str) -> tuple[bytes, bytes]:
    return _encode(TYPE_PREFIX + topic), _encode(SCHEMAS + topic)


def _data(name: str, state: bytes) -> bytes:
    """The state with the id of its thing in front; what cannot stand so in a line of JSON, in base64."""
    is_object = state[:2] in (b'{"', b"{}") and state[-1:] == b"}"
    if not is_object or b"\n" in state or b"\r" in state or not _is_json(state):
        return b'"data_base64":"%b"' % b64encode(state)
    between = b"" if state[1:2] == b"}" else b","
    return b'"data":{"id":%b%b%b' % (_encode(name), between, state[1:])


def _is_json(state: bytes) -> bool:
    try:
        _parse(state)
        state.decode()  # which parsing does not look at
    except (ValueError, RecursionError):
        return False
    return True


def _state(name: str, told: CloudEvent) -> bytes:
    """What `_data` was made of. ValueError where that is not so."""
    if isinstance(told.data_base64, str):
        return b64decode(told.data_base64, validate=True)
    prefix = b'{"id":%b' % _encode(name)
    data = bytes(told.data) if isinstance(told.data, msgspec.Raw) else b""
    rest = data[len(prefix) :]
    if not data.startswith(prefix) or rest[:1] not in (b",", b"}"):
        raise ValueError("its data does not begin with the id of its subject")
    return b"{" + rest.removeprefix(b",")
