"""Streams as they are now, for decisions: a claim with a long past is summed up, and read from there on.

A snapshot follows from the log and is never believed by itself: it names the event that it was made at, and its digest
holds that event. Where it is missing or wrong, the whole stream is read. It may be behind: the events since are read in
the same statement, and the append checks the version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import NamedTuple

import structlog

from events.records import ClaimRecord, Placed, Record, fold_on
from events.snapshots import FORM, UnreadableSnapshot, decode_snapshot, encode_snapshot, summed_up
from service.errors import ServiceError
from service.store.protocol import EventStore, Recent, Snapshot, StoredRecord
from service.store.rows import event_of, folded

LONGEST_TAIL = 50
"""So many events since the last snapshot, or since the beginning, make the next one."""
LARGEST = 100_000
"""Bytes of a snapshot at most: what is larger is hardly less than the stream."""
_CLAIM = "claim-"
_PAGE = 100

_log = structlog.get_logger(__name__)


class Present(NamedTuple):
    """A stream as it is now, folded, and where it ends; None and 0 where there is none."""

    record: Record | None
    version: int
    position: int


def read_present(store: EventStore, streams: Collection[str]) -> dict[str, Present]:
    """Streams as they are now, as of one moment. Claims with a long past are summed up, also for the next time."""
    if not any(stream.startswith(_CLAIM) for stream in streams):
        return read_whole(store, streams)
    recent = store.read_recent(streams, FORM)
    return {stream: _present(store, stream, found) for stream, found in recent.items()}


def read_whole(store: EventStore, streams: Collection[str]) -> dict[str, Present]:
    """Streams as they are now, as of one moment, with all that was ever done to them."""
    return {stream: _folded(rows) for stream, rows in store.read_streams(streams).items()}


def snapshot_of(record: ClaimRecord, last: StoredRecord) -> Snapshot:
    """The snapshot of a claim at its last event."""
    body = encode_snapshot(record)
    return Snapshot(last.stream, last.version, last.position, FORM, body, _digest(body, last))


def opened(snapshot: Snapshot, made_at: StoredRecord) -> ClaimRecord | None:
    """The claim, summed up; None where the snapshot was not made at this event, or is damaged."""
    if (snapshot.version, snapshot.position) != (made_at.version, made_at.position):
        return None
    if snapshot.digest != _digest(snapshot.body, made_at):
        return None
    with suppress(UnreadableSnapshot):
        return decode_snapshot(snapshot.body)
    return None


class SnapshotAudit(NamedTuple):
    """How many snapshots there are, and those that are not what their events come to."""

    total: int
    wrong: tuple[Snapshot, ...]


def audit_snapshots(store: EventStore) -> SnapshotAudit:
    """Compares every snapshot with the events that it sums up."""
    total, wrong, after = 0, list[Snapshot](), ""
    while page := store.read_snapshots(FORM, after, _PAGE):
        wrong += [snapshot for snapshot in page if not _is_right(store, snapshot)]
        total, after = total + len(page), page[-1].stream
    return SnapshotAudit(total, tuple(wrong))


def _is_right(store: EventStore, snapshot: Snapshot) -> bool:
    rows = store.read_stream(snapshot.stream, limit=snapshot.version)
    record = folded(rows)
    return isinstance(record, ClaimRecord) and snapshot_of(record, rows[-1]) == snapshot


def _present(store: EventStore, stream: str, recent: Recent) -> Present:
    rows = recent.records
    if recent.snapshot is None:
        return _summed_up(store, _folded(rows), rows)
    record = opened(recent.snapshot, rows[0]) if rows else None
    if record is None:
        _log.warning("wrong snapshot", stream=stream, version=recent.snapshot.version)
        rows = store.read_stream(stream)
        return _summed_up(store, _folded(rows), rows)
    record = fold_on(record, (Placed(row.position, event_of(row)) for row in rows[1:]))
    return _summed_up(store, Present(record, rows[-1].version, rows[-1].position), rows)


def _folded(rows: Sequence[StoredRecord]) -> Present:
    return Present(folded(rows), rows[-1].version, rows[-1].position) if rows else Present(None, 0, 0)


def _summed_up(store: EventStore, present: Present, rows: Sequence[StoredRecord]) -> Present:
    """The same, summed up and kept if it took many rows. Nobody needs what is kept, so a failure to keep it is none."""
    record = present.record
    if not isinstance(record, ClaimRecord) or len(rows) <= LONGEST_TAIL:
        return present
    snapshot = snapshot_of(record, rows[-1])
    if len(snapshot.body) > LARGEST:
        return present
    with suppress(ServiceError):
        store.keep_snapshot(snapshot)
    return present._replace(record=summed_up(record))


def _digest(body: bytes, made_at: StoredRecord) -> bytes:
    place = f"{made_at.stream}\n{made_at.version}\n{made_at.position}\n{made_at.topic}\n{FORM}\n"
    state = hashlib.sha256(made_at.state).digest()
    return hashlib.sha256(place.encode() + state + body).digest()
