"""How far a rebuild is, kept in the database and told to whoever runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from types import MappingProxyType

from psycopg.rows import scalar_row

from service.db import Database
from service.errors import RebuildEnded
from service.sql import load_queries

LOADING, INDEXING, AMENDING = "loading", "indexing", "amending"
CATCHING_UP, VERIFYING = "catching up", "verifying"
DONE, REFUSED, CANCELLED, FAILED = "done", "refused", "cancelled", "failed"
ENDS = (DONE, REFUSED, CANCELLED, FAILED)
PHASES = (LOADING, INDEXING, AMENDING, CATCHING_UP, VERIFYING)
LOADED: Mapping[str, float] = MappingProxyType(dict(zip(PHASES, (22.0, 5.0, 6.0, 1.0, 3.0), strict=True)))
"""What the phases took of 1,000,000 events (see decision 41); all that counts is how they relate to each other."""
IN_ORDER: Mapping[str, float] = MappingProxyType({INDEXING: 0.1, CATCHING_UP: 60.0, VERIFYING: 3.0})
"""The same of a projection that handles the log in order."""
_QUERIES = load_queries("projections")


@dataclass(frozen=True)
class Progress:
    """How much of a phase is done: events, or in other phases statements and tables. `rate` is per second.

    `whole_seconds_left` is what all phases take from here; None where it cannot be told.
    """

    phase: str
    done: int = 0
    total: int = 0
    rate: float = 0.0
    whole_seconds_left: float | None = None

    def __str__(self) -> str:
        return f"{self.phase}: {self.done:,} of {self.total:,}, {self.rate:,.0f}/s" if self.total else self.phase


class Outlook:
    """What the whole takes from here: the rest of it at the pace of what was done since the first look.

    Each phase is a share of the whole. That is an estimate: how many events change earlier ones, and how many are
    recorded meanwhile, shows only on the way. A rebuild that goes on is told by its own pace, not by that of the first
    attempt.
    """

    def __init__(self, seconds: Mapping[str, float] = LOADED) -> None:
        """`seconds`: what each phase takes, in order, as it relates to the others."""
        self._seconds = seconds
        self._began: tuple[float, float] | None = None
        self._share = 0.0

    def seconds_left(self, phase: str, done: int, total: int, now: float) -> float | None:
        """The seconds left, at a time of a monotonic clock; None as long as nothing was done."""
        self._share = max(self._share, self._share_done(phase, done, total))
        self._began = self._began or (now, self._share)
        began, share_then = self._began
        gained = self._share - share_then
        return (now - began) * (1 - self._share) / gained if gained > 0 else None

    def _share_done(self, phase: str, done: int, total: int) -> float:
        """How much of the whole is done, from 0 to 1."""
        phases = list(self._seconds)
        earlier = sum(self._seconds[other] for other in phases[: phases.index(phase)])
        within = done / total if total else 1.0
        return (earlier + within * self._seconds[phase]) / sum(self._seconds.values())


class RebuildCancelled(RebuildEnded):
    """The rebuild was cancelled; the same command goes on with it."""


class Reporter:
    """Keeps the row of one rebuild. RebuildCancelled as soon as somebody has asked it to end."""

    def __init__(self, database: Database, schema: str, outlook: Outlook, tell: Callable[[Progress], None]) -> None:
        self._database = database
        self._schema = schema
        self._tell = tell
        self._phase = ""
        self._began = (0.0, 0)
        self._outlook = outlook

    def start(self, by: str) -> None:
        """A rebuild begins, or goes on."""
        with self._database.connection() as connection:
            connection.execute(_QUERIES["start_rebuild"], {"schema": self._schema, "by": by})

    def report(self, phase: str, done: int, total: int) -> None:
        """How far it is. The rate is that since the phase began."""
        if phase != self._phase:
            self._phase, self._began = phase, (monotonic(), done)
        began, done_then = self._began
        now = monotonic()
        rate = (done - done_then) / (now - began) if now > began else 0.0
        progress = Progress(phase, done, total, rate, self._outlook.seconds_left(phase, done, total, now))
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
            "whole_seconds_left": progress.whole_seconds_left,
            "note": note,
        }
        return any(self._database.write(_QUERIES["note_rebuild"], params, scalar_row))
