"""The keeper: hashes what was appended into the tree, outside of the append, and signs checkpoints of it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence

import structlog
from psycopg.rows import scalar_row

from events.codec import encode
from events.event_types import LogCheckpointed
from events.identity import CHECKPOINTS_STREAM
from events.merkle import consistency_proof, is_consistent
from events.tiles import Edge, Tile
from events.values import Recorder
from service.db import Connection, Database
from service.tree.errors import TreeDamaged
from service.tree.notes import Checkpoint, Signer
from service.tree.reading import QUERIES, Raw, StoredCheckpoint, TreeReader

BATCH = 4_096
"""Events of one step: 16 tiles, some 30 ms of work, and one flush."""
RECORDER = Recorder("keeper")
_log = structlog.get_logger(__name__)


class Keeper:
    """Keeps the tree of one log. Everything is read anew for each step, so a crash costs at most a batch of work."""

    def __init__(self, database: Database, signer: Signer | None, origin: str | None) -> None:
        """Without a signer no checkpoint is signed; without an origin the log goes by its epoch."""
        self._database = database
        self._reader = TreeReader(database)
        self._signer = signer
        self._given_origin = origin

    @property
    def signs(self) -> bool:
        """Whether there is a key."""
        return self._signer is not None

    def introduce(self) -> None:
        """Lets everybody know the name of the log, and the key of checkpoints to come or that there is none."""
        key = str(self._signer.verifier) if self._signer else None
        self._database.write(QUERIES["introduce"], {"origin": self._origin(), "key": key}, scalar_row)
        if key is None:
            _log.warning("checkpoints of the log are not signed: there is no key (FRENEMIES_LOG_KEY)")

    def step(self, limit: int = BATCH) -> int:
        """Takes the next events into the tree, at most `limit`, and gives how many there were.

        They are read and hashed before the transaction begins; where another keeper was faster, they are left to the
        next step. TreeDamaged when the log ends before the tree does, has a hole, or two events at one position.
        """
        edge = self._reader.edge()
        before = edge.size
        events = self._reader.events(before, before + limit)
        _demand_next(events, before, self._reader)
        full = edge.extend([event.hash() for event in events])
        if not events:
            return 0
        with self._database.transaction() as connection:
            if connection.execute(QUERIES["lock"]).fetchone() == (before,):
                _put(connection, edge, full)
        return len(events)

    def catch_up(self) -> int:
        """Takes everything there is into the tree, and gives its size."""
        while self.step():
            pass
        return self._reader.tree().size

    def growth(self) -> tuple[int, int]:
        """The size of the tree, and how many events the last checkpoint covers, the event that tells of it included."""
        last = self._reader.newest_checkpoint()
        return self._reader.tree().size, last.size + 1 if last else 0

    def sign(self) -> StoredCheckpoint | None:
        """Signs a checkpoint of the tree as it is, and has the log tell of it. Nothing without a key or an event.

        TreeDamaged when the tree does not go on from the last checkpoint: what was signed is never contradicted.
        """
        edge, last = self._reader.edge(), self._reader.newest_checkpoint()
        if self._signer is None or edge.size <= (last.size if last else 0):
            return None
        root = edge.root()
        if last is not None:
            self._demand_continued(last, edge.size, root)
        note = self._signer.sign(Checkpoint(self._origin(), edge.size, root))
        number = last.number + 1 if last else 1
        topic, state = encode(
            LogCheckpointed(
                originator_id=CHECKPOINTS_STREAM,
                originator_version=number,
                recorder=RECORDER,
                size=edge.size,
                root=b64encode(root).decode(),
                note=note,
            )
        )
        made = StoredCheckpoint(number, edge.size, root, str(self._signer.verifier), note, 0)
        params = {**made._asdict(), "topic": topic, "state": state}
        (position,) = self._database.write(QUERIES["publish"], params, scalar_row)
        return made._replace(position=int(position))

    def _origin(self) -> str:
        return self._given_origin or self._reader.default_origin()

    def _demand_continued(self, last: StoredCheckpoint, size: int, root: bytes) -> None:
        proof = self._reader.computed(lambda node: consistency_proof(last.size, size, node))
        if not is_consistent(last.size, size, proof, last.root, root):
            raise TreeDamaged(f"The tree of {size} events does not contain the signed checkpoint of {last.size}.")


def _demand_next(events: Sequence[Raw], size: int, reader: TreeReader) -> None:
    """The positions after the tree are dense, and the log is at least as long as the tree."""
    expected = range(size + 1, size + 1 + len(events))
    for event, wanted in zip(events, expected, strict=True):
        if event.position > wanted:
            raise TreeDamaged(f"The log has no event at position {wanted}, but later ones.")
        if event.position < wanted:
            raise TreeDamaged(f"The log has more than one event at position {event.position}.")
    if not events and (head := reader.tree().head) < size:
        raise TreeDamaged(f"The log ends at {head}, the tree covers {size}.")


def _put(connection: Connection, edge: Edge, full: Sequence[Tile]) -> None:
    connection.execute(QUERIES["put_tiles"], _columns(full))
    connection.execute(QUERIES["put_edge"], _columns(edge.tiles()))
    connection.execute(QUERIES["advance"], {"size": edge.size})


def _columns(tiles: Sequence[Tile]) -> dict[str, list[object]]:
    return {
        "levels": [tile.level for tile in tiles],
        "tiles": [tile.number for tile in tiles],
        "hashes": [tile.hashes for tile in tiles],
    }
