"""Loading a part of the log into empty tables: what each worker of a rebuild does, in a process of its own."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from multiprocessing import parent_process

from psycopg.sql import SQL, Identifier

from service.db import PROJECTOR_ROLE, Connection, Database
from service.projections.projection import History, Load, Projection, Row
from service.projections.projector import is_poison
from service.settings import DatabaseSettings
from service.sql import load_queries
from service.store.postgres import PostgresStore
from service.store.protocol import StoredRecord

_QUERIES = load_queries("projections")


def load_ranges(settings: DatabaseSettings, projection: Projection, schema: str) -> None:
    """Loads ranges that nobody else loads until none is left. Ends early when the process that started it is gone."""
    gc.freeze()
    with Database(settings, role=PROJECTOR_ROLE, name="frenemies-rebuild", schema=schema) as database:
        worker = Worker(projection, database)
        while worker.load_next() and not _is_orphan():
            pass


class Worker:
    """Loads ranges of the log, each in one transaction: it is in the tables as a whole and marked, or not at all."""

    def __init__(self, projection: Projection, database: Database) -> None:
        self._projection = projection
        self._database = database
        self._store = PostgresStore(database)

    def load_next(self) -> bool:
        """Loads one range; False when all are loaded."""
        with self._database.transaction() as connection:
            connection.execute(_QUERIES["relax"])
            found = connection.execute(_QUERIES["claim_range"]).fetchone()
            found = found or connection.execute(_QUERIES["await_range"]).fetchone()
            if found is None:
                return False
            first, last = found
            row = connection.execute(_QUERIES["resume"], {"projection": self._projection.name}).fetchone()
            history = History(self._store, *(row[2:] if row else ()))
            records = history.without_skipped(self._store.read_log(first - 1, last - first + 1, last))
            for load in self._loads(records, history):
                _enter(connection, load)
            connection.execute(_QUERIES["finish_range"], {"first": first})
        return True

    def _loads(self, records: Sequence[StoredRecord], history: History) -> list[Load]:
        """What events enter. One that cannot be handled is left for later, when it can be parked in its order."""
        try:
            return [self._projection.load(records, history)]
        except Exception as error:
            if not is_poison(error):
                raise
            half = len(records) // 2
            if not half:
                return [Load({}, [records[0].position])]
            return [*self._loads(records[:half], history), *self._loads(records[half:], history)]


def _enter(connection: Connection, load: Load) -> None:
    for table, rows in load.rows.items():
        if rows:
            _copy(connection, table, rows)
    if load.later:
        connection.execute(_QUERIES["put_later"], {"positions": list(load.later)})


def _copy(connection: Connection, table: str, rows: Sequence[Row]) -> None:
    with connection.cursor() as cursor, cursor.copy(SQL("COPY {} FROM STDIN").format(Identifier(table))) as copy:
        for row in rows:
            copy.write_row(row)


def _is_orphan() -> bool:
    parent = parent_process()
    return parent is not None and not parent.is_alive()
