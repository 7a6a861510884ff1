"""The loop that keeps the keeper going: one leader per database, and a poll."""

from __future__ import annotations

from time import monotonic

from service.db import Connection, Database
from service.leading import POLL_SECONDS, Leader
from service.tree.keeper import BATCH, Keeper
from service.tree.pace import Due, Pace


class KeeperRunner:
    """Runs a keeper until stopped. Of several runners one leads; another one takes over when it is gone."""

    def __init__(self, keeper: Keeper, database: Database, pace: Pace | None = None) -> None:
        self._keeper = keeper
        self._leader = Leader(database, "tree")
        self._due = Due(pace or Pace())

    def stop(self) -> None:
        """Ends `run` soon."""
        self._leader.stopped.set()

    def run(self) -> None:
        """Leads, or waits to lead, until stopped: the log goes on also while the tree cannot be kept."""
        self._leader.run(self._follow)

    def _follow(self, connection: Connection) -> None:
        self._keeper.introduce()
        while not self._leader.stopped.is_set():
            connection.execute("SELECT 1")  # the lock is gone when the connection is
            taken = self._keeper.step()
            if self._keeper.signs and self._due.is_due(monotonic(), *self._keeper.growth()):
                self._keeper.sign()
                self._due.signed(monotonic())
            if taken < BATCH:
                self._leader.stopped.wait(POLL_SECONDS)
