"""How the log and a projection stand at this moment, for those who watch over them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from psycopg.rows import args_row

from service.db import Connection, connect, translated
from service.errors import SchemaMissing
from service.projections.projection import Projection, schema_of
from service.projections.status import RebuildStatus
from service.sql import load_queries

Row = TypeVar("Row")
_QUERIES = load_queries("vitals")
_REBUILD = load_queries("projections")["rebuild"]
_STATEMENT_TIMEOUT = "1s"
_PATIENCE = 3.0


@dataclass(frozen=True, slots=True)
class LogVitals:
    """Head of the log and its lock. Times are seconds; `lock_held` is None when this login may not know it."""

    head: int
    lock_waiting: int
    lock_wait: float
    lock_held: float | None


@dataclass(frozen=True, slots=True)
class ProjectionVitals:
    """How far a projection is. `lag` is the age of the first event not handled, in seconds."""

    position: int
    lag_events: int
    lag: float
    parked: int
    is_built: bool


@dataclass(frozen=True, slots=True)
class Vitals:
    """The log, and the projection of that name; its tables are None while there are none."""

    log: LogVitals
    name: str
    projection: ProjectionVitals | None
    rebuild: RebuildStatus | None


class VitalsReader:
    """Reads them over a connection of its own, as the login itself; for one thread at a time."""

    def __init__(self, url: str, projection: Projection) -> None:
        self._url = url
        self._name = projection.name
        self._schema = schema_of(projection)
        self._connection: Connection | None = None

    def read(self) -> Vitals:
        """The present state. A ServiceError when the database does not tell; the next call connects anew."""
        try:
            connection = self._connection or self._connect()
            with translated():
                (log,) = _rows(connection, _QUERIES["log"], {}, LogVitals)
                rebuild = _rows(connection, _REBUILD, {"schema": self._schema}, RebuildStatus)
                return Vitals(log, self._name, _projection(connection), rebuild[0] if rebuild else None)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Frees the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.close()

    def _connect(self) -> Connection:
        self._connection = connection = connect(self._url, name="frenemies-metrics", patience=_PATIENCE)
        values = {
            "default_transaction_read_only": "on",
            "statement_timeout": _STATEMENT_TIMEOUT,
            "search_path": self._schema,
        }
        with translated():
            for name, value in values.items():
                connection.execute("SELECT set_config(%s, %s, false)", [name, value])
        return connection


def _projection(connection: Connection) -> ProjectionVitals | None:
    try:
        with translated():
            return _rows(connection, _QUERIES["projection"], {}, ProjectionVitals)[0]
    except SchemaMissing:
        return None


def _rows(connection: Connection, query: str, params: Mapping[str, object], row: type[Row]) -> list[Row]:
    return connection.cursor(row_factory=args_row(row)).execute(query, params).fetchall()
