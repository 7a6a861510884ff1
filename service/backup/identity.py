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
    """The log as it is now: its last position, what the audit saw, and its identity before and now.

    `vouched` is the size of the checkpoint that was given; `is_lost`: it shows that there were more events. `leader`:
    whom the log follows, which says which log it is.
    """

    position: int
    audit: Result
    vouched: int | None
    is_lost: bool
    from_epoch: UUID
    epoch: UUID
    leader: str | None

    @property
    def is_same(self) -> bool:
        """Whether cursors of before go on."""
        return self.epoch == self.from_epoch


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
    # Each checkpoint has an event that tells of it: where that is missing, more is.
    is_lost = given is not None and reader.checkpoint(given.size) is None
    is_whole = given is not None and not is_lost and not _goes_on(connection, given.size)
    epoch = from_epoch if is_whole or leader is not None else _one(connection, "renew")
    settled = Settled(position, audit, given and given.size, is_lost, from_epoch, epoch, leader)
    _clip(connection, settled)
    note = {"made_at": made_at, "position": position, "vouched": settled.vouched, "is_lost": is_lost}
    connection.execute(QUERIES["note"], {"by": by, "from_epoch": from_epoch, "epoch": epoch, **note})
    return settled


def _goes_on(connection: Connection, size: int) -> bool:
    """Whether anything but a checkpoint was recorded after one of some size: then more may have been, that is lost."""
    return bool(_one(connection, "goes_on", position=size, checkpoints=CHECKPOINTS_STREAM))


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
