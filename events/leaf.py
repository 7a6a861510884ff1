"""The bytes of an event that the tree of the log is made over: every column, once, in one way only."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta

FORMAT = 1
_PLACE = struct.Struct(">Bqiq")
_LENGTH = struct.Struct(">i")
_START = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def leaf_of(position: int, stream: bytes, version: int, topic: bytes, state: bytes, instant: int) -> bytes:
    """The leaf of an event, as docs/verify.md describes it.

    The number 1 of this format (1 byte), position (8), version (4), instant (8), then stream, topic and state,
    each after its length (4). Numbers are big-endian and signed. `instant` is `recorded_at` (see `instant_of`).
    """
    parts = (
        _PLACE.pack(FORMAT, position, version, instant),
        _LENGTH.pack(len(stream)), stream,
        _LENGTH.pack(len(topic)), topic,
        _LENGTH.pack(len(state)), state,
    )  # fmt: skip
    return b"".join(parts)


def instant_of(recorded_at: datetime) -> int:
    """Microseconds since the beginning of 2000 in UTC, the same as PostgreSQL counts."""
    return (recorded_at - _START) // _MICROSECOND
