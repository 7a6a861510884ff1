"""A claim summed up: what it has come to, without all that was done to it, and the bytes of that."""

from __future__ import annotations

import msgspec

from events.records import ClaimRecord, ClaimVersion, Past
from events.values import ClaimContent, Evidence

FORM = 1
"""Of the bytes and of the fold that they sum up. Raised when either changes: older snapshots are then made anew."""


class UnreadableSnapshot(Exception):
    """These bytes are no snapshot of this form."""


class _Snapshot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    version: int
    position: int
    original: ClaimContent
    evidence: tuple[tuple[int, Evidence], ...]
    refs: tuple[tuple[int, str], ...]
    content: ClaimContent
    is_retracted: bool


_DECODER = msgspec.json.Decoder(_Snapshot)


def summed_up(record: ClaimRecord) -> ClaimRecord:
    """The record without its amendments, and what they came to."""
    return record._replace(amendments=(), past=Past(record.version, record.current))


def encode_snapshot(record: ClaimRecord) -> bytes:
    """A claim as it is now. Equal claims give equal bytes."""
    return msgspec.json.encode(
        _Snapshot(
            id=record.id,
            version=record.version,
            position=record.position,
            original=record.original,
            evidence=record.evidence,
            refs=record.refs,
            content=record.current.content,
            is_retracted=record.current.is_retracted,
        ),
        order="sorted",
    )


def decode_snapshot(body: bytes) -> ClaimRecord:
    """The claim, summed up. UnreadableSnapshot for other bytes."""
    try:
        kept = _DECODER.decode(body)
    except (ValueError, TypeError) as error:
        raise UnreadableSnapshot(str(error)) from error
    said = ClaimVersion(kept.content, kept.is_retracted)
    return ClaimRecord(
        id=kept.id,
        version=kept.version,
        position=kept.position,
        original=kept.original,
        evidence=kept.evidence,
        refs=kept.refs,
        past=Past(kept.version, said),
    )
