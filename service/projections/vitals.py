"""How the log and a projection stand at this moment, for those who watch over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from psycopg.rows import args_row
from psycopg.sql import SQL, Composed, Identifier

from service.db import Connection, Session, connect
from service.errors import SchemaMissing
from service.failures import translated
from service.projections.projection import Projection, schema_of
from service.projections.status import RebuildStatus
from service.sql import load_queries
from service.store.followers import MOST, some_followers
from service.store.following import LATELY, Following

Row = TypeVar("Row")
_QUERIES = load_queries("vitals")
_REBUILD = load_queries("projections")["rebuild"]
_HOOKS = load_queries("hooks")["vitals"]
_FOLLOWING = load_queries("following")["following"]
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
class DatabaseVitals:
    """How large the database is, how many sessions its server has, and how many it takes."""

    size: int
    sessions: int
    most_sessions: int


@dataclass(frozen=True, slots=True)
class TableVitals:
    """How far the tables of a projection are. `lag` is the age of the first event not handled, in seconds."""

    position: int
    lag_events: int
    lag: float
    parked: int
    is_built: bool


@dataclass(frozen=True, slots=True)
class ProjectionVitals:
    """One projection and its last rebuild; its tables are None while there are none."""

    name: str
    tables: TableVitals | None
    rebuild: RebuildStatus | None


@dataclass(frozen=True, slots=True)
class HookVitals:
    """How many subscriptions are in which state, and how many of their events wait, are leased, or were given up.

    `overdue`: for how many seconds the longest of those of webhooks has been due that no attempt was made for.
    """

    active: int
    paused: int
    disabled: int
    pending: int
    leased: int
    parked: int
    overdue: float


@dataclass(frozen=True, slots=True)
class FollowersVitals:
    """How many followers speak at present, and what those of them lack that lack most. The lag is in seconds."""

    count: int
    lag_events: int
    lag: float


@dataclass(frozen=True, slots=True)
class Vitals:
    """The log, the database, the projections, and the webhooks; these are None in a database that has none yet.

    `unsigned`: the age in seconds of the first event that no signed checkpoint covers; None where none are signed.
    `following`: whom the log follows; None for one of its own. `followers`: who follows it; None as for the webhooks.
    """

    log: LogVitals
    database: DatabaseVitals
    unsigned: float | None
    projections: tuple[ProjectionVitals, ...]
    hooks: HookVitals | None = None
    following: Following | None = None
    followers: FollowersVitals | None = None


class VitalsReader:
    """Reads them over a connection of its own, as the login itself; for one thread at a time."""

    def __init__(self, url: str, projections: Sequence[Projection]) -> None:
        self._url = url
        self._projections = tuple(projections)
        self._connection: Connection | None = None

    def read(self) -> Vitals:
        """The present state. A ServiceError when the database does not tell; the next call connects anew."""
        try:
            connection = self._connection or self._connect()
            with translated():
                (log,) = _rows(connection, _QUERIES["log"], {}, LogVitals)
                (database,) = _rows(connection, _QUERIES["database"], {}, DatabaseVitals)
                unsigned = connection.execute(_QUERIES["unsigned"]).fetchone()
                projections = tuple(_projection(connection, one) for one in self._projections)
                return Vitals(
                    log, database, unsigned[0] if unsigned else None, projections, _hooks(connection),
                    _following(connection), _followers(connection),
                )  # fmt: skip
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
        }
        with translated():
            for name, value in values.items():
                connection.execute("SELECT set_config(%s, %s, false)", [name, value])
        return connection


def _projection(connection: Connection, projection: Projection) -> ProjectionVitals:
    schema = schema_of(projection)
    rebuild = _rows(connection, _REBUILD, {"schema": schema}, RebuildStatus)
    return ProjectionVitals(projection.name, _tables(connection, schema), rebuild[0] if rebuild else None)


def _following(connection: Connection) -> Following | None:
    try:
        with translated():
            found = _rows(connection, _FOLLOWING, {"lately": LATELY}, Following)
    except SchemaMissing:
        return None
    return found[0] if found else None


def _followers(connection: Connection) -> FollowersVitals | None:
    try:
        found = some_followers(Session(connection), MOST)
    except SchemaMissing:
        return None
    heard = [one for one in found.listed if one.is_heard]
    most = max((one.lag_events for one in heard), default=0), max((one.lag_seconds for one in heard), default=0.0)
    return FollowersVitals(len(heard), *most)


def _hooks(connection: Connection) -> HookVitals | None:
    try:
        with translated():
            return _rows(connection, _HOOKS, {}, HookVitals)[0]
    except SchemaMissing:
        return None


def _tables(connection: Connection, schema: str) -> TableVitals | None:
    query = SQL(_QUERIES["tables"]).format(schema=Identifier(schema))
    try:
        with translated():
            return _rows(connection, query, {}, TableVitals)[0]
    except SchemaMissing:
        return None


def _rows(connection: Connection, query: str | Composed, params: Mapping[str, object], row: type[Row]) -> list[Row]:
    return connection.cursor(row_factory=args_row(row)).execute(query, params).fetchall()
