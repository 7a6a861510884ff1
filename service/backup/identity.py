"""Which log it is after it was put back: the same one only if it is shown that nothing was lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from events.identity import CHECKPOINTS_STREAM
from service.backup.auditing import demand_whole
from service.backup.errors import BadCheckpoint
from service.db import Connection, Session
from service.sql import load_queries
from service.tree.audit import Result
from service.tree.errors import BadNote
from service.tree.notes import Checkpoint, SignedNote, VerifierKey
from service.tree.reading import TreeReader

QUERIES = load_queries("backup")


@dataclass(frozen=True)
class Proof:
    """What is known of the log from outside: the newest checkpoint of it, and the keys whose signatures count.

    Without keys those that are stored with the log count.
    """

    note: str | None = None
    keys: Sequence[VerifierKey] = ()


@dataclass(frozen=True)
class Settled:
    """The log as it is now: its last position, what the audit saw, the size of the checkpoint that was given, and its
    identity before and now. `leader`: whom it follows, which says which log it is.
    """

    position: int
    audit: Result
    vouched: int | None
    from_epoch: UUID
    epoch: UUID
    leader: str | None

    @property
    def is_same(self) -> bool:
        """Whether cursors of before go on."""
        return self.epoch == self.from_epoch

    @property
    def is_lost(self) -> bool:
        """Whether the checkpoint shows that there were more events."""
        return self.vouched is not None and self.vouched > self.position


def settle(
    connection: Connection, proof: Proof, by: str, made_at: datetime | None, tell: Callable[[str, int, int], None]
) -> Settled:
    """Checks the log that was put back, gives it the identity that it has from now on, and notes that in the log.

    LogDamaged for one that is not whole, or not that of the checkpoint; BadCheckpoint for one that nobody vouches for.
    The caller owns the transaction.
    """
    reader = TreeReader(Session(connection))
    keys = list(proof.keys) or [VerifierKey.parse(key) for key, _ in reader.verifier_keys()]
    given = _opened(proof.note, keys) if proof.note is not None else None
    position, from_epoch = int(_one(connection, "head")), _one(connection, "epoch")
    leader = _one(connection, "leader")
    audit = demand_whole(reader, keys, given if given and given.size <= position else None, tell)
    is_same = leader is not None or _covers(connection, given, position)
    epoch = from_epoch if is_same else _one(connection, "renew")
    settled = Settled(position, audit, given and given.size, from_epoch, epoch, leader)
    _clip(connection, settled)
    note = {"made_at": made_at, "position": position, "vouched": settled.vouched}
    connection.execute(QUERIES["note"], {"by": by, "from_epoch": from_epoch, "epoch": epoch, **note})
    return settled


def _covers(connection: Connection, given: Checkpoint | None, position: int) -> bool:
    """Whether a checkpoint is of all that is there, but of what tells of checkpoints.

    One that covers less says nothing about what may have come after the last event that is there.
    """
    if given is None or given.size > position:
        return False
    return not _one(connection, "goes_on", position=given.size, checkpoints=CHECKPOINTS_STREAM)


def _clip(connection: Connection, settled: Settled) -> None:
    reason = None
    if not settled.is_same:
        reason = (
            f"the log was put back from a copy and ends at position {settled.position}: what was delivered after it"
            " may come again under other ids, or never have been"
        )
    connection.execute(QUERIES["clip_deliveries"], {"position": settled.position})
    connection.execute(QUERIES["clip_subscriptions"], {"position": settled.position, "reason": reason})


def _opened(note: str, keys: Sequence[VerifierKey]) -> Checkpoint:
    try:
        return SignedNote.parse(note).opened(keys)[0]
    except BadNote as error:
        raise BadCheckpoint(error.detail) from error


def _one(connection: Connection, query: str, **params: object) -> Any:
    """The value that a query gives; None where it gives no row."""
    row = connection.execute(QUERIES[query], params).fetchone()
    return None if row is None else row[0]
