"""How far a rebuild is, kept in the database and told to whoever runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from psycopg.rows import scalar_row

from service.db import Database
from service.errors import RebuildEnded
from service.sql import load_queries

LOADING, INDEXING, AMENDING = "loading", "indexing", "amending"
CATCHING_UP, VERIFYING = "catching up", "verifying"
DONE, REFUSED, CANCELLED, FAILED = "done", "refused", "cancelled", "failed"
ENDS = (DONE, REFUSED, CANCELLED, FAILED)
_QUERIES = load_queries("projections")


@dataclass(frozen=True)
class Progress:
    """How much of a phase is done: events, or in other phases statements and tables. `rate` is per second."""

    phase: str
    done: int = 0
    total: int = 0
    rate: float = 0.0

    def __str__(self) -> str:
        return f"{self.phase}: {self.done:,} of {self.total:,}, {self.rate:,.0f}/s" if self.total else self.phase


class RebuildCancelled(RebuildEnded):
    """The rebuild was cancelled; the same command goes on with it."""


class Reporter:
    """Keeps the row of one rebuild. RebuildCancelled as soon as somebody has asked it to end."""

    def __init__(self, database: Database, schema: str, tell: Callable[[Progress], None]) -> None:
        self._database = database
        self._schema = schema
        self._tell = tell
        self._phase = ""
        self._began = (0.0, 0)

    def start(self, by: str) -> None:
        """A rebuild begins, or goes on."""
        with self._database.connection() as connection:
            connection.execute(_QUERIES["start_rebuild"], {"schema": self._schema, "by": by})

    def report(self, phase: str, done: int, total: int) -> None:
        """How far it is. The rate is that since the phase began."""
        if phase != self._phase:
            self._phase, self._began = phase, (monotonic(), done)
        began, done_then = self._began
        seconds = monotonic() - began
        progress = Progress(phase, done, total, (done - done_then) / seconds if seconds > 0 else 0.0)
        self._tell(progress)
        if self._note(progress, ""):
            raise RebuildCancelled

    def end(self, phase: str, note: str = "") -> None:
        """How it ended."""
        self._tell(Progress(phase))
        self._note(Progress(phase), note)

    def _note(self, progress: Progress, note: str) -> bool:
        params = {
            "schema": self._schema,
            "phase": progress.phase,
            "done": progress.done,
            "total": progress.total,
            "rate": progress.rate,
            "note": note,
        }
        return any(self._database.write(_QUERIES["note_rebuild"], params, scalar_row))
