"""Events of the feed, and what the feed tells between them."""

from __future__ import annotations

from base64 import b64decode
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from frenemies.errors import Malformed

EVENT, CHECKPOINT, CAUGHT_UP, TEXTS = "event", "checkpoint", "caught-up", "texts"
"""The kinds of lines."""
TYPE_PREFIX = "io.frenemies."
_MARKERS = "io.frenemies.feed."
_KINDS = {"io.frenemies.feed.Checkpoint.v1": CHECKPOINT, "io.frenemies.feed.Texts.v1": TEXTS}


class Line(NamedTuple):
    """What came as one line: an event, or a marker. `cursor` goes on behind it; `raw` is as it was sent.

    `kind` is `event`; `checkpoint` (all up to its position was looked at); `caught-up` (and that is all there is by
    now); or `texts` (those that the following events refer to).
    """

    kind: str
    cursor: str
    position: int
    raw: bytes


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An event of the log: something that was recorded, and that will never change.

    `id` is its cursor; `subject` what it is about, as `claim/<id>`; `time` when it was recorded; `position` its place
    in the log, and `stream_version` that among the events of its subject. `data` is what was recorded, with the id of
    its subject; bytes where that is no JSON. `raw` is the whole event as it was sent.
    """

    id: str
    type: str
    subject: str
    time: datetime
    position: int
    stream_version: int
    dataschema: str
    data: Any
    raw: bytes

    @property
    def name(self) -> str:
        """The type without prefix and version: `InvestmentClaimed`."""
        return self.type.removeprefix(TYPE_PREFIX).rpartition(".")[0]

    @property
    def version(self) -> int:
        """The version of the shape of `data`, as the type says it."""
        return int(self.type.rpartition(".v")[2])

    @property
    def category(self) -> str:
        """What kind of thing it is about: `claim`, `article`, `entity`, ..."""
        return self.subject.partition("/")[0]

    @property
    def about(self) -> str:
        """The id of the thing it is about."""
        return self.subject.partition("/")[2]


class Text(msgspec.Struct, frozen=True):
    """A text that events refer to by its reference. It is told apart from them, for it may have to be forgotten."""

    reference: str
    scope: str
    salt: str
    digest: str
    content: str


class _Head(msgspec.Struct):
    type: str
    id: str
    sequence: str


class _Sent(msgspec.Struct):
    id: str
    type: str
    time: datetime
    sequence: str
    subject: str = ""
    streamversion: int = 0
    dataschema: str = ""
    data: Any = None
    data_base64: str | None = None


class _Texts(msgspec.Struct):
    texts: list[Text]


class _TextsSent(msgspec.Struct):
    data: _Texts


_head = msgspec.json.Decoder(_Head).decode
_sent = msgspec.json.Decoder(_Sent).decode
_texts = msgspec.json.Decoder(_TextsSent).decode


def line_of(raw: bytes) -> Line | None:
    """What a line is; None for a marker that this client does not know. Malformed for what is none."""
    try:
        head = _head(raw)
        position = int(head.sequence)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"a line of the feed cannot be read: {error}") from error
    if not head.type.startswith(_MARKERS):
        return Line(EVENT, head.id, position, raw)
    kind = _KINDS.get(head.type)
    return None if kind is None else Line(kind, head.id, position, raw)


def event_of(raw: bytes) -> Event:
    """The event of a line. Malformed for what is none."""
    try:
        sent = _sent(raw)
        return Event(
            id=sent.id,
            type=sent.type,
            subject=sent.subject,
            time=sent.time,
            position=int(sent.sequence),
            stream_version=sent.streamversion,
            dataschema=sent.dataschema,
            data=sent.data if sent.data_base64 is None else b64decode(sent.data_base64, validate=True),
            raw=raw,
        )
    except (ValueError, RecursionError) as error:
        raise Malformed(f"an event of the feed cannot be read: {error}") from error


def texts_of(raw: bytes) -> list[Text]:
    """The texts of a line of texts."""
    try:
        return _texts(raw).data.texts
    except (ValueError, RecursionError) as error:
        raise Malformed(f"texts of the feed cannot be read: {error}") from error
