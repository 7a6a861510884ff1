"""Parked events, and what an operator does with them: each act is kept with who did it and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from psycopg.rows import args_row
from psycopg.sql import SQL, Identifier

from service.db import Connection, Database
from service.errors import NothingParked, RebuildRunning
from service.projections.projector import Projector
from service.projections.schemas import NEXT, drop_on
from service.sql import load_queries
from service.store.protocol import EventStore, StoredRecord

RETRY, SKIP = "retry", "skip"
_QUERIES = load_queries("projections")


@dataclass(frozen=True)
class Parked:
    """A stream that is held back since one of its events, which could not be handled."""

    stream: str
    position: int
    event_type: str
    error: str
    parked_at: datetime


@dataclass(frozen=True)
class Act:
    """What an operator did with a parked event, and how the stream went on."""

    done_at: datetime
    done_by: str
    act: str
    projection: str
    stream: str
    position: int
    event_type: str
    reason: str
    outcome: str


class Settled(NamedTuple):
    """How a stream went on, and what it is parked at now, if it is."""

    outcome: str
    again: Parked | None = None


def some_parked(database: Database, schema: str, limit: int) -> list[Parked]:
    """What the tables in a schema hold back, the oldest first, at most so much. SchemaMissing where there are none."""
    query = SQL(_QUERIES["some_parked"]).format(schema=Identifier(schema)).as_string()
    return database.read(query, {"limit": limit}, args_row(Parked))


class Parking:
    """The parked events of one projection."""

    def __init__(self, projector: Projector, store: EventStore, database: Database) -> None:
        self._projector = projector
        self._store = store
        self._database = database

    def parked(self) -> list[Parked]:
        """What is held back, the oldest first."""
        return self._database.read(_QUERIES["list_parked"], {}, args_row(Parked))

    def acts(self, limit: int) -> list[Act]:
        """What was done, the latest first."""
        params = {"projection": self._projector.projection.name, "limit": limit}
        return self._database.read(_QUERIES["acts"], params, args_row(Act))

    def retry(self, stream: str, by: str, reason: str) -> Settled:
        """Handles the parked event and everything of its stream after it.

        NothingParked for a stream that is not held back, RebuildRunning while a rebuild runs.
        """
        return self._act(RETRY, stream, by, reason)

    def skip(self, stream: str, by: str, reason: str) -> Settled:
        """Leaves the parked event out, in every later view as well, and handles everything of its stream after it.

        Without its first event a stream is left out as a whole. NothingParked, RebuildRunning as with `retry`.
        """
        return self._act(SKIP, stream, by, reason)

    def _act(self, act: str, stream: str, by: str, reason: str) -> Settled:
        """One transaction, under the locks of rebuilds and of the tables.

        A view half built would not know of it, so it is dropped.
        """
        with self._database.transaction() as connection:
            self._keep_rebuilds_out(connection)
            drop_on(connection, self._database.schema + NEXT)
            position, _ = self._projector.begin(connection)
            held = _find(connection, stream)
            if held is None:
                raise NothingParked(f"{stream!r}.")
            about = {
                "done_by": by,
                "act": act,
                "projection": self._projector.projection.name,
                "stream": stream,
                "position": held.position,
                "event_type": held.event_type,
                "reason": reason,
            }
            connection.execute(_QUERIES["release"], {"stream": stream})
            settled = self._go_on(connection, held, position, is_skipped=act == SKIP)
            connection.execute(_QUERIES["note_act"], about | {"outcome": settled.outcome})
        return settled

    def _keep_rebuilds_out(self, connection: Connection) -> None:
        row = connection.execute(_QUERIES["try_rebuild"], {"schema": self._database.schema}).fetchone()
        if row != (True,):
            raise RebuildRunning("Parked events can wait for its end.")

    def _go_on(self, connection: Connection, held: Parked, until: int, *, is_skipped: bool) -> Settled:
        rest = self._rest(held, until)
        if is_skipped and rest[0].version == 1:
            return Settled("left out as a whole")
        _, history = self._projector.begin(connection)
        self._projector.handle(connection, rest, history.without({held.position} if is_skipped else ()))
        again = _find(connection, held.stream)
        return Settled("went on" if again is None else f"held back at {again.position}: {again.error}", again)

    def _rest(self, held: Parked, until: int) -> list[StoredRecord]:
        records = self._store.read_stream(held.stream, until=until)
        return [record for record in records if record.position >= held.position]


def _find(connection: Connection, stream: str) -> Parked | None:
    row = connection.execute(_QUERIES["find_parked"], {"stream": stream}).fetchone()
    return None if row is None else Parked(*row)
