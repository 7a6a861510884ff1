"""The stored tree and the events under it, as values."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar
from uuid import UUID

from psycopg.rows import args_row, scalar_row, tuple_row

from events.leaf import leaf_of
from events.merkle import Node, leaf_hash
from events.tiles import Edge, Place, Tile, computed
from service.db import Reads
from service.sql import load_queries
from service.tree.errors import TreeDamaged

QUERIES = load_queries("tree")
Result = TypeVar("Result")
_INSTANT = struct.Struct(">q")


class Raw(NamedTuple):
    """The columns of an event as the bytes that they are hashed from; `recorded_at` as PostgreSQL sends it."""

    position: int
    stream: bytes
    version: int
    topic: bytes
    state: bytes
    recorded_at: bytes

    @property
    def instant(self) -> int:
        """Microseconds since the beginning of 2000 in UTC."""
        return int(_INSTANT.unpack(self.recorded_at)[0])

    def leaf(self) -> bytes:
        """The leaf of the event."""
        return leaf_of(self.position, self.stream, self.version, self.topic, self.state, self.instant)

    def hash(self) -> bytes:
        """The hash of its leaf."""
        return leaf_hash(self.leaf())


class StoredTree(NamedTuple):
    """How far the tree and the log are; the name of the log in checkpoints, and the key of those to come, if any."""

    size: int
    head: int
    origin: str | None
    key: str | None


class StoredCheckpoint(NamedTuple):
    """A signed checkpoint. It is told of by the event `number` of its stream, at `position`."""

    number: int
    size: int
    root: bytes
    key: str
    note: str
    position: int


class Restore(NamedTuple):
    """One time that the log was put back, with all events up to `position`.

    `made_at`: when the backup was made; None where the server of the database recovered itself. `vouched`: the size of
    the checkpoint that was given; `is_lost`: it shows that there were more events. The log had the identity
    `from_epoch` until then.
    """

    number: int
    restored_at: datetime
    restored_by: str
    made_at: datetime | None
    position: int
    vouched: int | None
    is_lost: bool
    from_epoch: UUID
    epoch: UUID

    def plain(self) -> dict[str, object]:
        """As data for JSON."""
        return {
            "restored_at": self.restored_at,
            "made_at": self.made_at,
            "position": self.position,
            "checkpoint_size": self.vouched,
            "lost": self.is_lost,
            "from_epoch": self.from_epoch,
            "epoch": self.epoch,
        }


class TreeReader:
    """Reads the tree. What it gives stays right while the tree grows."""

    def __init__(self, database: Reads) -> None:
        self._database = database

    def tree(self) -> StoredTree:
        """How far everything is."""
        return self._database.read(QUERIES["tree"], {}, args_row(StoredTree))[0]

    def default_origin(self) -> str:
        """The name of the log where no other is given: it follows from the epoch."""
        return f"frenemies-log/{self._database.read(QUERIES['epoch'], {}, scalar_row)[0]}"

    def edge(self) -> Edge:
        """The right edge of the tree, as of one moment. TreeDamaged when it is not that of a tree of its size."""
        rows = self._database.read(QUERIES["edge"], {}, tuple_row)
        try:
            return Edge(rows[0][0], [Tile(*row[1:]) for row in rows if row[1] is not None])
        except ValueError as error:
            raise TreeDamaged(f"In log.tree_edge {error}.") from None

    def events(self, after: int, until: int) -> list[Raw]:
        """The next events after a position and up to one; where there are too many, enough of them to show it."""
        params = {"after": after, "until": until}
        return self._database.read(QUERIES["events"], params, args_row(Raw))

    def event(self, position: int) -> Raw | None:
        """The event at a position."""
        found = self._database.read(QUERIES["event"], {"position": position}, args_row(Raw))
        return found[0] if found else None

    def tiles(self, places: Sequence[Place]) -> Mapping[Place, bytes]:
        """Those of the tiles that there are."""
        levels, tiles = [place[0] for place in places], [place[1] for place in places]
        rows = self._database.read(QUERIES["tiles"], {"levels": levels, "tiles": tiles}, tuple_row)
        return {(level, tile): hashes for level, tile, hashes in rows}

    def computed(self, wanted: Callable[[Node], Result]) -> Result:
        """What `wanted` makes of the nodes of the tree. TreeDamaged when a tile that it needs is not there."""
        try:
            return computed(wanted, self.tiles)
        except LookupError as error:
            raise TreeDamaged(f"A tile is missing: {error}.") from None

    def newest_checkpoint(self) -> StoredCheckpoint | None:
        """The last checkpoint."""
        found = self._database.read(QUERIES["newest_checkpoint"], {}, args_row(StoredCheckpoint))
        return found[0] if found else None

    def checkpoint(self, size: int) -> StoredCheckpoint | None:
        """The checkpoint of a size."""
        found = self._database.read(QUERIES["checkpoint"], {"size": size}, args_row(StoredCheckpoint))
        return found[0] if found else None

    def next_checkpoint(self, position: int) -> StoredCheckpoint | None:
        """The first checkpoint that covers a position."""
        found = self._database.read(QUERIES["next_checkpoint"], {"position": position}, args_row(StoredCheckpoint))
        return found[0] if found else None

    def checkpoints(self, after: int, until: int) -> list[StoredCheckpoint]:
        """The checkpoints of sizes above one and up to another, the smallest first."""
        params = {"after": after, "until": until}
        return self._database.read(QUERIES["checkpoints"], params, args_row(StoredCheckpoint))

    def announced(self, after: int, until: int) -> dict[int, str]:
        """The notes that the log has to tell of after a position and up to another, by position."""
        params = {"after": after, "until": until}
        return dict(self._database.read(QUERIES["announced"], params, tuple_row))

    def outside(self) -> tuple[int | None] | None:
        """The position of the first event that has none of the log: below 1, or None. Nothing when there is no such."""
        found: list[tuple[int | None]] = self._database.read(QUERIES["outside"], {}, tuple_row)
        return found[0] if found else None

    def out_of_turn(self, after: int, until: int) -> int | None:
        """The first event after a position and up to another that does not follow the version before it."""
        params = {"after": after, "until": until}
        found: list[tuple[int | None]] = self._database.read(QUERIES["out_of_turn"], params, tuple_row)
        return found[0][0]

    def restores(self) -> list[Restore]:
        """Each time that the log was put back, the first one first."""
        return self._database.read(QUERIES["restores"], {}, args_row(Restore))

    def verifier_keys(self) -> list[tuple[str, int]]:
        """The verifier keys of all checkpoints in the order of their first use, each with the size it began at."""
        return self._database.read(QUERIES["checkpoint_keys"], {}, tuple_row)
