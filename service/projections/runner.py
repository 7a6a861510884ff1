"""The loop that keeps the projector going: one leader per database, a hint to wake it, a poll in any case."""

from __future__ import annotations

from time import monotonic

from service.db import Connection, Database
from service.leading import ABSENCE, POLL_SECONDS, Leader
from service.projections.projector import Projector
from service.projections.schemas import OLD, drop
from service.store.protocol import AppendSignal

SHORTEST_PAUSE = 0.002
TIDY_SECONDS = 60.0


class Runner:
    """Runs a projector until stopped. Of several runners one leads; another one takes over when it is gone."""

    def __init__(
        self, projector: Projector, database: Database, signal: AppendSignal, absence: float = ABSENCE
    ) -> None:
        """`absence`: seconds of silence after which the server takes the lead from it."""
        self._projector = projector
        self._database = database
        self._signal = signal
        self._leader = Leader(database, projector.schema, absence)

    def stop(self) -> None:
        """Ends `run` soon."""
        self._leader.stopped.set()
        self._signal.close()

    def run(self) -> None:
        """Leads, or waits to lead, until stopped."""
        self._leader.run(self._follow)

    def _follow(self, connection: Connection) -> None:
        tidy_at, pause = monotonic() + TIDY_SECONDS, SHORTEST_PAUSE
        while not self._leader.stopped.is_set():
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
                self._leader.stopped.wait(pause)
                pause = min(pause * 2, POLL_SECONDS)
            else:
                pause = SHORTEST_PAUSE
                self._signal.wait(POLL_SECONDS)
