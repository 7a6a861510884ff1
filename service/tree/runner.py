"""The loop that keeps the keeper going: one leader per database, and a poll."""

from __future__ import annotations

from threading import Event
from time import monotonic

import structlog

from service.db import Connection, Database
from service.errors import ServiceError
from service.leading import end_left_sessions, leading
from service.tree.keeper import BATCH, Keeper
from service.tree.pace import Due, Pace
from service.tree.reading import QUERIES

POLL_SECONDS = 1.0
LONGEST_PAUSE = 15.0
_log = structlog.get_logger(__name__)


class KeeperRunner:
    """Runs a keeper until stopped. Of several runners one leads; another one takes over when it is gone."""

    def __init__(self, keeper: Keeper, database: Database, pace: Pace | None = None) -> None:
        self._keeper = keeper
        self._database = database
        self._due = Due(pace or Pace())
        self._stopped = Event()
        self._pause = POLL_SECONDS

    def stop(self) -> None:
        """Ends `run` soon."""
        self._stopped.set()

    def run(self) -> None:
        """Leads, or waits to lead, until stopped. Failures are waited out with growing pauses: the log goes on."""
        while not self._stopped.is_set():
            try:
                with self._database.connection() as connection:
                    end_left_sessions(self._database, connection)
                    if self._leads(connection):
                        self._follow(connection)
            except ServiceError as error:
                _log.warning("keeping the tree interrupted", error=str(error), next_try_in=self._pause)
                self._stopped.wait(self._pause)
                self._pause = min(self._pause * 2, LONGEST_PAUSE)
            else:
                self._stopped.wait(POLL_SECONDS)

    def _leads(self, connection: Connection) -> bool:
        """Whether this connection holds the lock of the only keeper; it goes with the connection."""
        row = connection.execute(QUERIES["lead"]).fetchone()
        return row is not None and bool(row[0])

    def _follow(self, connection: Connection) -> None:
        with leading(self._database, connection):
            self._keeper.introduce()
            while not self._stopped.is_set():
                connection.execute("SELECT 1")  # the lock is gone when the connection is
                taken = self._keeper.step()
                if self._keeper.signs and self._due.is_due(monotonic(), *self._keeper.growth()):
                    self._keeper.sign()
                    self._due.signed(monotonic())
                self._pause = POLL_SECONDS
                if taken < BATCH:
                    self._stopped.wait(POLL_SECONDS)
