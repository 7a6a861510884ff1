"""Building a projection beside the live one: load on all cores, index, handle what was left for later, catch up.

Where the log has to be handled in order it is indexed first, and then catches up from the beginning. Each step does
what is left of it, so a build that was broken off is gone on with by taking all the steps again.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing.connection import wait as wait_for_any
from multiprocessing.context import SpawnProcess

from psycopg.rows import args_row, scalar_row, tuple_row

from service.db import Database
from service.errors import RebuildEnded
from service.interrupts import deaf_children
from service.projections import progress
from service.projections.loading import load_ranges
from service.projections.progress import Reporter
from service.projections.projection import Projection
from service.projections.projector import BATCH, Projector
from service.projections.schemas import statements_of
from service.settings import DatabaseSettings
from service.sql import load_queries
from service.store.postgres import PostgresStore
from service.store.protocol import StoredRecord

_LOOK_SECONDS = 0.2
_QUERIES = load_queries("projections")


class Build:
    """The tables of one projection on their way to being complete, in the schema of the database."""

    def __init__(
        self, projection: Projection, settings: DatabaseSettings, database: Database, report: Reporter
    ) -> None:
        self._projection = projection
        self._settings = settings
        self._database = database
        self._report = report
        self.projector = Projector(projection, PostgresStore(database), database)

    def run(self, workers: int) -> None:
        """Takes all steps, up to what can be handled now."""
        if self._projection.in_order:
            self.index()
        else:
            self.load(workers)
            self.index()
            self._count_rows()
            self.handle_later()
        self.catch_up()

    def load(self, workers: int) -> None:
        """Loads the log up to where it ended when the build began."""
        if self._are_loaded():
            return
        with self._started(workers) as running:
            while running:
                self._are_loaded()
                wait_for_any([process.sentinel for process in running], _LOOK_SECONDS)
                running = [process for process in running if process.is_alive()]
        if not self._are_loaded():
            raise RebuildEnded("A worker ended before all was loaded.")

    def index(self) -> None:
        """Makes the indexes, as many at once as there are connections for it."""
        statements = statements_of(self._projection.indexes)
        with ThreadPoolExecutor(2) as pool:
            left = {pool.submit(self._execute, statement) for statement in statements}
            try:
                while left:
                    self._report.report(progress.INDEXING, len(statements) - len(left), len(statements))
                    done, left = wait(left, _LOOK_SECONDS, FIRST_COMPLETED)
                    for future in done:
                        future.result()
            finally:
                for future in left:
                    future.cancel()
        self._report.report(progress.INDEXING, len(statements), len(statements))

    def handle_later(self) -> None:
        """Handles in their order the events that change what others entered."""
        total = left = self._count_later()
        self._report.report(progress.AMENDING, 0, total)
        while left:
            records = self._database.read(_QUERIES["later_records"], {"limit": BATCH}, args_row(StoredRecord))
            with self._database.transaction() as connection:
                connection.execute(_QUERIES["relax"])
                _, history = self.projector.begin(connection)
                self.projector.handle(connection, records, history)
                connection.execute(_QUERIES["drop_later"], {"position": records[-1].position})
            left = self._count_later()
            self._report.report(progress.AMENDING, total - left, total)

    def catch_up(self, until: int | None = None) -> None:
        """Handles what is not in the tables, up to a position or to what can be handled now.

        RebuildEnded where what the projection follows is not as far as the position.
        """
        until = self.projector.end() if until is None else until
        position = self.projector.position()
        first = 0 if self._projection.in_order else position
        counted = position
        while position < until:
            self._report.report(progress.CATCHING_UP, position - first, until - first)
            if not self.projector.step(BATCH, until):
                raise RebuildEnded(f"What it follows has not yet handled position {until}.")
            position = self.projector.position()
            if self._projection.in_order and position > 2 * counted:
                self._count_rows()
                counted = position

    def _are_loaded(self) -> bool:
        ((done, total),) = self._database.read(_QUERIES["loaded"], {}, tuple_row)
        self._report.report(progress.LOADING, done, total)
        return bool(done == total)

    def _count_later(self) -> int:
        return int(self._database.read(_QUERIES["later_left"], {}, scalar_row)[0])

    def _count_rows(self) -> None:
        """For the planner. Not before there are rows: of an empty table it would think that it stays so."""
        for table in self._database.read(_QUERIES["tables_of"], {"schema": self._database.schema}, scalar_row):
            self._execute(f"ANALYZE {table}")

    def _execute(self, statement: str) -> None:
        with self._database.connection() as connection:
            connection.execute(statement)

    @contextmanager
    def _started(self, workers: int) -> Iterator[list[SpawnProcess]]:
        """Workers in processes of their own; they end with the block."""
        spawn = multiprocessing.get_context("spawn")
        given = (self._settings, self._projection, self._database.schema)
        processes = [spawn.Process(target=load_ranges, args=given, daemon=True) for _ in range(workers)]
        try:
            with deaf_children():
                for process in processes:
                    process.start()
            yield processes
        finally:
            for process in processes:
                if process.pid is not None:
                    process.terminate()
                    process.join()
