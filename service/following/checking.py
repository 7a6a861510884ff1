"""Checking what is taken over: the tree over it, and the checkpoints in it that the leader signed of its own."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from events.codec import UnreadableEvent
from events.event_types import LogCheckpointed
from events.identity import CHECKPOINTS_STREAM
from events.leaf import instant_of, leaf_of
from events.merkle import leaf_hash, root_at
from events.tiles import Tile
from service.following.errors import CheckpointWrong
from service.store.protocol import StoredRecord
from service.store.rows import event_of
from service.tree.errors import BadNote
from service.tree.notes import SignedNote, VerifierKey
from service.tree.reading import TreeReader


@dataclass(frozen=True)
class Vouched:
    """A checkpoint that is right: the place of its event among those taken over, from 1, and what is kept of it."""

    place: int
    size: int
    root: bytes
    key: str
    note: str


@dataclass(frozen=True)
class Growth:
    """What events bring to the tree: tiles that became full, those at the edge, and checkpoints that are right."""

    full: Sequence[Tile]
    edge: Sequence[Tile]
    vouched: Sequence[Vouched]


class Checker:
    """Grows the tree of the log. It is read once; whoever fails to store a growth makes another checker."""

    def __init__(self, reader: TreeReader) -> None:
        """TreeDamaged when the tree is not one of its own size."""
        self._reader = reader
        self._edge = reader.edge()

    @property
    def size(self) -> int:
        """How many events are in the tree."""
        return self._edge.size

    def grow(self, records: Sequence[StoredRecord], keys: Sequence[VerifierKey]) -> Growth:
        """The growth by the next events. CheckpointWrong for one that is not of these, or of none of the keys."""
        told = [(place, _told(record)) for place, record in checkpoints_in(records)]
        before, full = self._edge.size, list[Tile]()
        roots = self._earlier_roots({event.size for _, event in told if event.size <= before})
        hashes = [hash_of(record) for record in records]
        for size in sorted({event.size for _, event in told if before < event.size <= before + len(records)}):
            full += self._edge.extend(hashes[self._edge.size - before : size - before])
            roots[size] = self._edge.root()
        full += self._edge.extend(hashes[self._edge.size - before :])
        vouched = [_vouched(place, event, before + place, roots, keys) for place, event in told]
        return Growth(full, self._edge.tiles(), vouched)

    def _earlier_roots(self, sizes: set[int]) -> dict[int, bytes]:
        return {size: self._reader.computed(partial(root_at, size)) for size in sizes}


def checkpoints_in(records: Sequence[StoredRecord]) -> list[tuple[int, StoredRecord]]:
    """The events that tell of checkpoints, each with its place from 1."""
    return [(place, record) for place, record in enumerate(records, 1) if record.stream == CHECKPOINTS_STREAM]


def _told(record: StoredRecord) -> LogCheckpointed:
    try:
        event = event_of(record)
    except UnreadableEvent as error:
        raise CheckpointWrong(f"That at position {record.position} cannot be read: {error}") from error
    if not isinstance(event, LogCheckpointed):
        raise CheckpointWrong(f"At position {record.position} there is none where one has to be.")
    return event


def hash_of(record: StoredRecord) -> bytes:
    """The leaf of an event."""
    stream, topic = record.stream.encode(), record.topic.encode()
    leaf = leaf_of(record.position, stream, record.version, topic, record.state, instant_of(record.recorded_at))
    return leaf_hash(leaf)


def _vouched(
    place: int, told: LogCheckpointed, position: int, roots: Mapping[int, bytes], keys: Sequence[VerifierKey]
) -> Vouched:
    name = f"The checkpoint of {told.size}, told of at position {position},"
    try:
        checkpoint, key = SignedNote.parse(told.note).opened(keys)
        root = b64decode(told.root, validate=True)
    except BadNote as error:
        hint = "If the leader has a new key, name it with --follow-verifier."
        raise CheckpointWrong(f"{name} is not valid. {error.detail} {hint}") from error
    except ValueError as error:
        raise CheckpointWrong(f"{name} has no root.") from error
    if told.size >= position or (checkpoint.size, checkpoint.root) != (told.size, root):
        raise CheckpointWrong(f"{name} is not the one that was signed.")
    if roots[told.size] != root:
        raise CheckpointWrong(f"{name} is of other events than those that were sent: their root is another one.")
    return Vouched(place, told.size, root, str(key), told.note)
