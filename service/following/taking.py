"""Taking events over into the log, with all that goes with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from psycopg.rows import scalar_row

from events.codec import UnreadableEvent
from events.event_types import DomainEvent
from events.tiles import Tile
from service.arrays import BytesArray, InstantArray, IntegerArray, TextArray, UuidArray
from service.db import Database
from service.feeds.schemas import SHAPES
from service.following.batch import Batch
from service.following.checking import Growth
from service.following.errors import TypeUnknown
from service.sql import load_queries
from service.store.protocol import StoredRecord, StreamLink
from service.store.rows import event_of
from service.timeline.brought import SAME_DATE, DatedBy, keys_of, links_of

QUERIES = load_queries("following")
Columns = dict[str, Any]


class Taker:
    """Writes the log of a follower. Each call is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, leader: str, epoch: UUID) -> None:
        """Has an empty log follow that of the leader. OwnLog, or OtherLog, for one that cannot; else it goes on."""
        self._write("begin", leader=leader, epoch=epoch)

    def take(self, columns: Columns, growth: Growth) -> None:
        """Takes events over. NotNext, or AppendRefused, where they do not follow those that are there."""
        self._write("take_over", **columns, **_of_tree(growth))

    def hear(self, leader_head: int | None, *, is_even: bool) -> None:
        """Notes that the leader was heard of."""
        self._write("hear", leader_head=leader_head, is_even=is_even)

    def fail(self, error: str, *, is_halted: bool) -> None:
        """Notes what went wrong."""
        self._write("fail", error=error, is_halted=is_halted)

    def trust(self, keys: Sequence[str]) -> None:
        """Notes the keys that are trusted."""
        self._write("trust", keys=list(keys))

    def introduce(self, origin: str | None, key: str | None) -> None:
        """Notes under which name and with which key the leader signs."""
        self._write("introduce", origin=origin, key=key)

    def _write(self, query: str, **params: object) -> None:
        self._database.write(QUERIES[query], params, scalar_row)


def columns_of(batch: Batch) -> Columns:
    """Events as they are written, with what they bring. TypeUnknown for what only a newer version can read."""
    records = batch.records
    events = [event for record in records for event in _read(record)]
    keys = [key for event in events for key in keys_of(event)]
    brought = [link for event in events for link in links_of(event)]
    links = [link for link in brought if isinstance(link, StreamLink)]
    dated = [link for link in brought if isinstance(link, DatedBy)]
    texts = batch.texts.values()
    return {
        "first": records[0].position,
        "streams": TextArray(record.stream for record in records),
        "versions": IntegerArray(record.version for record in records),
        "topics": TextArray(record.topic for record in records),
        "states": BytesArray(record.state for record in records),
        "instants": InstantArray(record.recorded_at for record in records),
        "key_kinds": TextArray(key.kind for key in keys),
        "key_names": TextArray(key.key for key in keys),
        "key_streams": TextArray(key.stream for key in keys),
        "link_kinds": TextArray(link.kind for link in links),
        "link_sources": TextArray(link.source for link in links),
        "link_targets": TextArray(link.target for link in links),
        "dated_kinds": TextArray(SAME_DATE for _ in dated),
        "dated_sources": TextArray(link.source for link in dated),
        "dated_refs": TextArray(link.ref for link in dated),
        "text_ids": UuidArray(text.reference for text in texts),
        "text_scopes": TextArray(text.scope for text in texts),
        "text_salts": BytesArray(text.salt for text in texts),
        "text_digests": TextArray(text.digest for text in texts),
        "text_contents": TextArray(text.content for text in texts),
        "leader_head": batch.position,
        "is_even": batch.is_even,
    }


def _of_tree(growth: Growth) -> Columns:
    vouched = growth.vouched
    return {
        "checkpoint_places": IntegerArray(one.place for one in vouched),
        "checkpoint_sizes": [one.size for one in vouched],
        "checkpoint_roots": BytesArray(one.root for one in vouched),
        "checkpoint_keys": TextArray(one.key for one in vouched),
        "checkpoint_notes": TextArray(one.note for one in vouched),
        **_tiles("full", growth.full),
        **_tiles("edge", growth.edge),
    }


def _tiles(name: str, tiles: Sequence[Tile]) -> Columns:
    return {
        f"{name}_levels": [tile.level for tile in tiles],
        f"{name}_tiles": [tile.number for tile in tiles],
        f"{name}_hashes": BytesArray(tile.hashes for tile in tiles),
    }


def _read(record: StoredRecord) -> Iterable[DomainEvent]:
    """The event of a record; none where nobody can read it. TypeUnknown where a newer version can."""
    if record.topic not in SHAPES:
        raise TypeUnknown(f"{record.topic} at position {record.position}.")
    try:
        return [event_of(record)]
    except (UnreadableEvent, RecursionError):
        return []
