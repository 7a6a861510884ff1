"""Carries the log over into the tables of a projection, batch by batch, each with its checkpoint in one transaction."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

import structlog
from psycopg.rows import scalar_row
from psycopg.sql import SQL, Identifier

from service import tracing
from service.db import Connection, Database
from service.errors import DeadlineExceeded, ServiceError, StoreUnavailable, Unstorable
from service.failures import translated
from service.projections.projection import History, Projection
from service.projections.schemas import install
from service.projections.status import TableState, read_state
from service.sql import load_queries
from service.store.protocol import EventStore, StoredRecord

BATCH = 5_000
_QUERIES = load_queries("projections")
_WHOLE = TableState(sys.maxsize, True, 0)
_log = structlog.get_logger(__name__)


def is_poison(error: Exception) -> bool:
    """Whether it says that an event cannot be handled, and not that the database is in trouble."""
    return isinstance(error, Unstorable) or not isinstance(error, ServiceError)


class Projector:
    """Keeps the tables of a projection current, in the schema of the database. A crash costs at most a batch of work.

    An event that cannot be handled parks its stream: that stream stands still in the tables, everything else goes on.
    A batch that takes longer than the limits of the database is made smaller until it fits. The schemas behind that of
    the database are followed: nothing is handled before they have handled it, and what they hold back is parked.
    """

    def __init__(self, projection: Projection, store: EventStore, database: Database) -> None:
        self.projection = projection
        self._store = store
        self._database = database
        self._size = BATCH
        self._is_installed = False
        self._is_built = False
        self._has_parked = False

    @property
    def schema(self) -> str:
        """The schema with the tables."""
        return self._database.schema

    def position(self) -> int:
        """The last position fully handled."""
        return int(self._database.read(_QUERIES["position"], {}, scalar_row)[0])

    def end(self) -> int:
        """The last position that can be handled now."""
        return min(self._store.head(), self._followed().position)

    def is_held_up(self) -> bool:
        """Whether the log has more to handle, and what is followed has not handled it yet."""
        return bool(self._database.behind) and self._store.head() > self.position()

    def step(self, limit: int = BATCH, until: int | None = None) -> int:
        """Handles the next events, at most `limit` and up to a position, and gives how many there were.

        They are read before the transaction begins; where another projector was faster, they are left to the next step.
        After DeadlineExceeded or StoreUnavailable the next step takes half of them, and later ones slowly more.
        """
        self._install()
        followed = self._followed()
        after = self.position()
        size = min(limit, self._size)
        records = self._store.read_log(
            after, size, followed.position if until is None else min(until, followed.position)
        )
        if records:
            with tracing.whole("project", schema=self.schema, events=len(records)):
                self._commit(records, after)
        if len(records) < size and until is None and followed.is_built and not self._is_built:
            self._mark_built()
        return len(records)

    def catch_up(self, until: int | None = None) -> int:
        """Handles everything there is, and gives the position reached."""
        while self.step(BATCH, until):
            pass
        return self.position()

    def take(self, connection: Connection, records: Sequence[StoredRecord], after: int) -> None:
        """Handles events that follow the position `after`, and moves the checkpoint; nothing if it is elsewhere."""
        position, history = self.begin(connection)
        if position == after:
            self.handle(connection, records, history)
            connection.execute(_QUERIES["advance"], {"position": records[-1].position})

    def begin(self, connection: Connection) -> tuple[int, History]:
        """Takes the lock of the tables for the transaction; gives their checkpoint, and the log as they see it."""
        connection.execute(_QUERIES["work"], {"schema": self.schema})
        row = connection.execute(_QUERIES["resume"], {"projection": self.projection.name}).fetchone()
        if row is None:
            raise LookupError(f"{self.schema} has no checkpoint")
        position, self._has_parked, *left_out = row
        return position, History(self._store, *left_out)

    def handle(self, connection: Connection, records: Iterable[StoredRecord], history: History) -> None:
        """Handles events, but those that were skipped or whose streams are held back, and parks what cannot be."""
        wanted = history.without_skipped(records)
        parked = self._parked(connection, {record.stream for record in wanted}) if self._has_parked else set()
        for schema in self._database.behind:
            wanted = self._without_held_back(connection, wanted, parked, schema)
        self._handle(connection, wanted, history, parked)

    def _commit(self, records: Sequence[StoredRecord], after: int) -> None:
        try:
            with self._database.transaction() as connection:
                connection.execute(_QUERIES["relax"])
                self.take(connection, records, after)
        except (DeadlineExceeded, StoreUnavailable):
            self._size = max(len(records) // 2, 1)
            raise
        self._size = min(self._size + max(self._size // 8, 1), BATCH)

    def _handle(
        self, connection: Connection, records: Sequence[StoredRecord], history: History, parked: set[str]
    ) -> None:
        """Halves what cannot be handled as a whole, until the event is found that cannot be handled at all."""
        records = [record for record in records if record.stream not in parked] if parked else records
        if not records:
            return
        try:
            with translated(), connection.transaction():
                self.projection.handle(connection, records, history)
        except Exception as error:
            if not is_poison(error):
                raise
            half = len(records) // 2
            if not half:
                self._park(connection, records[0], repr(error))
                parked.add(records[0].stream)
                return
            self._handle(connection, records[:half], history, parked)
            self._handle(connection, records[half:], history, parked)

    def _parked(self, connection: Connection, streams: set[str]) -> set[str]:
        return {stream for (stream,) in connection.execute(_QUERIES["parked_streams"], {"streams": list(streams)})}

    def _without_held_back(
        self, connection: Connection, records: Iterable[StoredRecord], parked: set[str], schema: str
    ) -> list[StoredRecord]:
        """Parks streams at the first event that a followed schema holds back, and gives what is not held back."""
        wanted = [record for record in records if record.stream not in parked]
        query = SQL(_QUERIES["held_back_by"]).format(schema=Identifier(schema))
        held: dict[str, int] = dict(
            connection.execute(query, {"streams": list({record.stream for record in wanted})}).fetchall()
        )
        first: dict[str, StoredRecord] = {}
        for record in wanted:
            if record.position >= held.get(record.stream, sys.maxsize):
                first.setdefault(record.stream, record)
        for record in first.values():
            self._park(connection, record, f"{schema} holds it back")
        return [one for one in wanted if one.stream not in first or one.position < first[one.stream].position]

    def _park(self, connection: Connection, record: StoredRecord, error: str) -> None:
        _log.error("event parked", stream=record.stream, position=record.position, error=error)
        about = {"stream": record.stream, "position": record.position, "event_type": record.topic}
        connection.execute(_QUERIES["park"], about | {"error": error})
        self._has_parked = True

    def _followed(self) -> TableState:
        behind = self._database.behind
        return read_state(self._database, *behind) if behind else _WHOLE

    def _install(self) -> None:
        if not self._is_installed:
            install(self._database, self.projection)
            self._is_installed = True

    def _mark_built(self) -> None:
        with self._database.connection() as connection:
            connection.execute(_QUERIES["mark_built"])
        self._is_built = True
