"""The loop that keeps the projector going: one leader per database, a hint to wake it, a poll in any case."""

from __future__ import annotations

from threading import Event
from time import monotonic

import structlog

from service.db import Connection, Database
from service.errors import ServiceError
from service.leading import ABSENCE, end_left_sessions, leading
from service.projections.projector import Projector
from service.projections.schemas import OLD, drop
from service.sql import load_queries
from service.store.protocol import AppendSignal

POLL_SECONDS = 1.0
SHORTEST_PAUSE = 0.002
LONGEST_PAUSE = 15.0
TIDY_SECONDS = 60.0
_QUERIES = load_queries("projections")
_log = structlog.get_logger(__name__)


class Runner:
    """Runs a projector until stopped. Of several runners one leads; another one takes over when it is gone."""

    def __init__(
        self, projector: Projector, database: Database, signal: AppendSignal, absence: float = ABSENCE
    ) -> None:
        """`absence`: seconds of silence after which the server takes the lead from it."""
        self._projector = projector
        self._database = database
        self._signal = signal
        self._absence = absence
        self._stopped = Event()

    def stop(self) -> None:
        """Ends `run` soon."""
        self._stopped.set()
        self._signal.close()

    def run(self) -> None:
        """Leads, or waits to lead, until stopped. Failures of the database are waited out with growing pauses."""
        pause = POLL_SECONDS
        while not self._stopped.is_set():
            try:
                with self._database.connection() as connection:
                    end_left_sessions(self._database, connection)
                    if self._leads(connection):
                        pause = POLL_SECONDS
                        self._follow(connection)
            except ServiceError as error:
                _log.warning("projection interrupted", error=str(error), next_try_in=pause)
                self._stopped.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                self._stopped.wait(POLL_SECONDS)

    def _leads(self, connection: Connection) -> bool:
        """Whether this connection holds the lock of the only runner; it goes with the connection."""
        row = connection.execute(_QUERIES["lead"], {"schema": self._projector.schema}).fetchone()
        return row is not None and bool(row[0])

    def _follow(self, connection: Connection) -> None:
        tidy_at, pause = monotonic() + TIDY_SECONDS, SHORTEST_PAUSE
        with leading(self._database, connection, self._absence):
            while not self._stopped.is_set():
                connection.execute("SELECT 1")  # the lock is gone when the connection is
                if self._projector.step():
                    pause = SHORTEST_PAUSE
                    continue
                if monotonic() > tidy_at:
                    # What a rebuild has replaced; as long as a statement uses it, it stays until the next time.
                    drop(self._database, self._projector.schema + OLD)
                    tidy_at = monotonic() + TIDY_SECONDS
                if self._projector.is_held_up():
                    # The notice of the append came before its time. That of the followed one would burden every append.
                    self._stopped.wait(pause)
                    pause = min(pause * 2, POLL_SECONDS)
                else:
                    pause = SHORTEST_PAUSE
                    self._signal.wait(POLL_SECONDS)
