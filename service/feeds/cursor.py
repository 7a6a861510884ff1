"""The cursor of the feed: which log, and how far in it. Opaque to clients, and the id of the event it points to."""

from __future__ import annotations

import binascii
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple
from uuid import UUID

from events.errors import DomainError
from service.store.protocol import LogEnd

NAME = "lastEventId"
OTHER_LOG = "the cursor is of another log: this one was restored since, or the cursor is of another service"
LOST = "the log was restored from a backup and ends before this cursor: what it has handed out since is lost"
_POSITION = struct.Struct(">Q")
_BYTES = 16 + _POSITION.size
_CHARACTERS = 32
LARGEST = 2**63 - 1
"""No position is larger."""


class BadCursor(DomainError):
    """The cursor is none of this service."""

    code = "bad-cursor"


class OtherEpoch(DomainError):
    """The cursor belongs to an earlier life of the log; read the feed again from the start."""

    code = "other-epoch"

    def __init__(self, detail: str = "", pointer: str = "", resync: str = "/v1/feed") -> None:
        """`resync` is the address at which to read again."""
        super().__init__(detail, pointer)
        self.resync = resync


def format_cursor(epoch: UUID, position: int) -> str:
    """The cursor of a position: 32 characters of base64url (RFC 4648), without padding."""
    return urlsafe_b64encode(epoch.bytes + _POSITION.pack(position)).decode()


class Cursor(NamedTuple):
    """A parsed cursor: which log, and how far in it."""

    epoch: UUID
    position: int

    def demand_epoch(self, epoch: UUID) -> None:
        """OtherEpoch when the log is not the one that the cursor counts in."""
        if self.epoch != epoch:
            raise OtherEpoch(OTHER_LOG, NAME)

    def demand_there(self, end: LogEnd) -> None:
        """OtherEpoch when the log is not the one that the cursor counts in, or has lost what it has handed out."""
        self.demand_epoch(end.epoch)
        if end.may_lack(self.position):
            raise OtherEpoch(LOST, NAME)


def parse_cursor(text: str) -> Cursor:
    """What a cursor means. BadCursor for what was never handed out."""
    try:
        raw = urlsafe_b64decode(text) if len(text) == _CHARACTERS and text.isascii() else b""
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != _BYTES or urlsafe_b64encode(raw).decode() != text:
        raise BadCursor("this is not a cursor of the feed", NAME)
    (position,) = _POSITION.unpack(raw[16:])
    if position > LARGEST:
        raise BadCursor("this is not a cursor of the feed", NAME)
    return Cursor(UUID(bytes=raw[:16]), position)
