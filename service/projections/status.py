"""How far a projection is, and the last rebuild of it: read from the database, so that every process says the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from psycopg.rows import args_row, scalar_row
from psycopg.sql import SQL, Identifier

from service.db import Database
from service.errors import SchemaMissing
from service.projections.progress import ENDS
from service.sql import load_queries

_QUERIES = load_queries("projections")
_LOG = load_queries("log")
INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class TableState:
    """The last position taken in, whether the tables were ever complete, and how many streams are held back.

    Of several projections together: the lowest position, whether each of them was, and all that they hold back.
    """

    position: int
    is_built: bool
    parked: int


@dataclass(frozen=True)
class RebuildStatus:
    """How far a rebuild is. `done` of `total` are those of the phase, `rate` is per second.

    `seconds_left` is that of the phase, `whole_seconds_left` that of all phases, both as of `updated_at`; None where it
    cannot be told. A rebuild that is not running and neither done nor refused can go on.
    """

    phase: str
    started_by: str
    started_at: datetime
    updated_at: datetime
    done: int
    total: int
    rate: float
    reckoned: float | None
    is_to_end: bool
    note: str
    is_running: bool

    @property
    def seconds_left(self) -> float | None:
        """What the rest of the phase takes at this rate."""
        return (self.total - self.done) / self.rate if self.is_running and self.rate > 0 else None

    @property
    def whole_seconds_left(self) -> float | None:
        """What the rest of the rebuild takes, as whoever runs it reckons."""
        return self.reckoned if self.is_running else None

    @property
    def phase_now(self) -> str:
        """The phase; `interrupted` for one whose process is gone."""
        return self.phase if self.is_running or self.phase in ENDS else INTERRUPTED

    def plain(self) -> dict[str, object]:
        """As data for JSON."""
        return {
            "phase": self.phase_now,
            "is_running": self.is_running,
            "started_by": self.started_by,
            "started_at": self.started_at.isoformat(),
            "updated_at": self.updated_at.isoformat(),
            "done": self.done,
            "total": self.total,
            "rate": self.rate,
            "seconds_left": self.seconds_left,
            "whole_seconds_left": self.whole_seconds_left,
            "note": self.note,
        }


@dataclass(frozen=True)
class ProjectionStatus:
    """One version of a projection beside the log. `lag_seconds` is the age of the first event it has not taken in."""

    name: str
    version: int
    position: int
    head: int
    lag_seconds: float
    is_built: bool
    parked: int
    rebuild: RebuildStatus | None

    @property
    def lag(self) -> int:
        """How many events it has not taken in."""
        return self.head - self.position

    def plain(self) -> dict[str, object]:
        """As data for JSON."""
        return {
            "name": self.name,
            "version": self.version,
            "position": self.position,
            "head": self.head,
            "lag": self.lag,
            "lag_seconds": self.lag_seconds,
            "is_built": self.is_built,
            "parked": self.parked,
            "rebuild": None if self.rebuild is None else self.rebuild.plain(),
        }


def read_state(database: Database, *schemas: str) -> TableState:
    """The state of the tables in some schemas, read by one statement. SchemaMissing where one of them is not there."""
    return database.read(_state_of(schemas), {}, args_row(TableState))[0]


def read_rebuild(database: Database, schema: str) -> RebuildStatus | None:
    """The last rebuild of a schema; None where there was none."""
    found = database.read(_QUERIES["rebuild"], {"schema": schema}, args_row(RebuildStatus))
    return found[0] if found else None


def read_status(database: Database, schema: str) -> ProjectionStatus:
    """The status of the projection in a schema; a schema that is not there yet is at position 0."""
    try:
        state = read_state(database, schema)
    except SchemaMissing:
        state = TableState(0, False, 0)
    head = int(database.read(_LOG["head"], {}, scalar_row)[0])
    waiting = database.read(_LOG["recorded_at"], {"position": state.position + 1}, scalar_row)
    lag = (datetime.now(UTC) - waiting[0]).total_seconds() if waiting else 0.0
    name, _, version = schema.removeprefix("read_").rpartition("_")
    return ProjectionStatus(
        name, int(version), state.position, max(head, state.position), max(lag, 0.0), state.is_built, state.parked,
        read_rebuild(database, schema),
    )  # fmt: skip


@cache
def _state_of(schemas: tuple[str, ...]) -> str:
    parts = (SQL(_QUERIES["state_of"]).format(schema=Identifier(schema)) for schema in schemas)
    return SQL(_QUERIES["state"]).format(states=SQL(" UNION ALL ").join(parts)).as_string()
