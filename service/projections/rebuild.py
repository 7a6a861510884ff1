"""A projection built anew beside the live one, verified, and put into its place while everybody goes on working.

A rebuild reads the log and writes the tables of the projection: it appends nothing and notifies nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from service.db import PROJECTOR_ROLE, Database
from service.errors import BuildKept, RebuildEnded, RebuildRunning, SchemaMissing, ServiceError
from service.projections import progress, schemas
from service.projections.building import Build
from service.projections.comparing import SAMPLE, Comparison, differences, differing_tables, moment
from service.projections.progress import Outlook, Progress, RebuildCancelled, Reporter
from service.projections.projection import Difference, Projection, schema_of
from service.projections.projector import Projector
from service.projections.schemas import NEXT, OLD
from service.projections.status import RebuildStatus, read_rebuild, read_state
from service.settings import DatabaseSettings
from service.sql import load_queries
from service.store.postgres import PostgresStore

_CONNECTIONS = 6
_LOCK_SECONDS = 30.0
_FREE_ATTEMPTS = 3
"""How often a switch is tried before the live tables have to wait for it."""
_QUERIES = load_queries("projections")


@dataclass(frozen=True)
class Wish:
    """How to rebuild: by whom, with how many processes, from the beginning or from where it was broken off.

    With `despite_live` it goes into place also where it differs from the live view, if it agrees with the log.
    Without `is_to_switch` it is only compared, and dropped at the end.
    """

    by: str
    workers: int
    anew: bool = False
    despite_live: bool = False
    is_to_switch: bool = True


@dataclass(frozen=True)
class Report:
    """What came of it: the position that was verified, whether the tables are in place, and what differs."""

    position: int
    is_switched: bool
    differences: tuple[Difference, ...] = ()
    is_compared_to_live: bool = False


class Rebuild:
    """Rebuilds one projection on one database."""

    def __init__(
        self,
        projection: Projection,
        settings: DatabaseSettings,
        tell: Callable[[Progress], None],
        behind: Sequence[str] = (),
    ) -> None:
        """`behind`: the schema of what the projection follows."""
        self._projection = projection
        self._schema = schema_of(projection)
        self._behind = tuple(behind)
        self._settings = patient(settings)
        self._tell = tell

    def run(self, wish: Wish) -> Report:
        """Builds, verifies and switches.

        RebuildRunning where another one is at work; RebuildCancelled when it was asked to end. Whatever ends it before
        the switch, readers go on with the live tables, and the next run goes on where this one ended. RebuildEnded
        while a statement still uses what an earlier rebuild replaced. BuildKept where a comparison would lose a build.
        """
        with ExitStack() as keep:
            live = keep.enter_context(self._open(self._schema))
            keep.enter_context(_alone(live))
            if not wish.is_to_switch:
                keep.enter_context(_borrowed(live, self._schema + NEXT))
            outlook = Outlook(progress.IN_ORDER if self._projection.in_order else progress.LOADED)
            reporter = Reporter(live, self._schema, outlook, self._tell)
            reporter.start(wish.by)
            try:
                report = self._run(wish, live, reporter)
            except RebuildCancelled:
                reporter.end(progress.CANCELLED)
                raise
            except KeyboardInterrupt:
                reporter.end(progress.CANCELLED, "It was interrupted.")
                raise
            except ServiceError as error:
                reporter.end(progress.FAILED, str(error))
                raise
            reporter.end(
                progress.REFUSED if report.differences and not report.is_switched else progress.DONE,
                "; ".join(map(str, report.differences)),
            )
            return report

    def cancel(self) -> RebuildStatus | None:
        """Asks the running rebuild to end, and gives its status; None where none runs."""
        with self._open(self._schema) as live:
            status = read_rebuild(live, self._schema)
            if status is None or not status.is_running:
                return None
            with live.connection() as connection:
                connection.execute(_QUERIES["cancel_rebuild"], {"schema": self._schema})
            return status

    def verify(self, size: int = SAMPLE) -> Report:
        """Compares the live tables with the fold of some streams, drawn by events."""
        with self._open(self._schema) as live, moment(live, self._schema) as now:
            found = now.audit(self._projection, PostgresStore(live), now.sample(size))
            return Report(now.position, False, tuple(found))

    def _run(self, wish: Wish, live: Database, reporter: Reporter) -> Report:
        if wish.is_to_switch:
            self._make_room(live)
            schemas.drop_unused(live, self._projection)
        with self._open(self._schema + NEXT) as database:
            if wish.anew and not schemas.drop(live, database.schema):
                raise RebuildEnded(f"{database.schema} is in use.")
            build = Build(self._projection, self._settings, database, reporter)
            if not schemas.is_there(live, database.schema):
                schemas.create_next(database, self._projection, build.projector.end())
            build.run(wish.workers)
            report = self._verify(build, live, database, reporter, wish.is_to_switch)
            if not wish.is_to_switch:
                return report
            if any(not difference.is_about_live for difference in report.differences):
                return report
            if report.differences and not wish.despite_live:
                return report
            self._switch(build, live)
            return replace(report, is_switched=True)

    def _verify(
        self, build: Build, live: Database, database: Database, reporter: Reporter, is_to_switch: bool
    ) -> Report:
        """Compares at one position: the live tables as they are at one moment, and the new ones brought up to there."""
        with ExitStack() as keep:
            before = self._moment_of_live(keep, build, live, is_to_switch)
            if before is not None:
                build.catch_up(before.position)
            after = keep.enter_context(moment(database, database.schema))
            reporter.report(progress.VERIFYING, 0, 1)
            found = after.audit(self._projection, PostgresStore(database), after.sample(SAMPLE))
            if before is not None:
                for table in differing_tables(before, after):
                    found += [found_one._replace(is_about_live=True) for found_one in differences(before, after, table)]
            reporter.report(progress.VERIFYING, 1, 1)
            return Report(after.position, False, tuple(found), before is not None)

    def _moment_of_live(self, keep: ExitStack, build: Build, live: Database, is_to_switch: bool) -> Comparison | None:
        """The live tables, not behind the new ones; None where there are none or they were never complete.

        None as well where they are to be replaced and lack more than half of the log: to bring them up would be to
        build them a second time.
        """
        try:
            if not read_state(live, self._schema).is_built:
                return None
        except SchemaMissing:
            return None
        position, projector = build.projector.position(), Projector(self._projection, PostgresStore(live), live)
        if is_to_switch and 2 * projector.position() < position:
            return None
        projector.catch_up(until=position)
        return keep.enter_context(moment(live, self._schema))

    def _switch(self, build: Build, live: Database) -> None:
        """Swaps the schemas at a moment when the new tables are not behind the live ones.

        Where the live ones are ahead each time, they wait while the last events are taken in.
        """
        self._make_room(live)
        for _ in range(_FREE_ATTEMPTS):
            if self._swapped(live):
                return
            build.catch_up()
        self._swapped(live, build.catch_up)

    def _make_room(self, live: Database) -> None:
        if not schemas.drop(live, self._schema + OLD):
            raise RebuildEnded(f"A statement still uses {self._schema + OLD}, which an earlier rebuild replaced.")

    def _swapped(self, live: Database, take_in_the_rest: Callable[[], None] | None = None) -> bool:
        with live.transaction() as connection:
            connection.execute(_QUERIES["move"], {"schema": self._schema})
            connection.execute(_QUERIES["work"], {"schema": self._schema})
            is_there = connection.execute(_QUERIES["exists"], {"schema": self._schema}).fetchone() == (True,)
            if is_there and not schemas.is_ahead(connection, self._schema):
                if take_in_the_rest is None:
                    return False
                take_in_the_rest()
            schemas.finish_next(connection, self._schema)
            schemas.swap(connection, self._schema)
        return True

    @contextmanager
    def _open(self, schema: str) -> Iterator[Database]:
        with Database(
            self._settings, role=PROJECTOR_ROLE, name="frenemies-rebuild", schema=schema, behind=self._behind
        ) as database:
            yield database


def patient(settings: DatabaseSettings) -> DatabaseSettings:
    """Settings for work that takes as long as it takes, and only waits for locks for a bounded time."""
    return replace(
        settings,
        pool_size=max(settings.pool_size, _CONNECTIONS),
        pool_timeout=_LOCK_SECONDS,
        statement_timeout=0,
        lock_timeout=_LOCK_SECONDS,
        idle_in_transaction_timeout=0,
    )


@contextmanager
def _borrowed(live: Database, schema: str) -> Iterator[None]:
    """Leaves no such schema behind. BuildKept where there is one already."""
    if schemas.is_there(live, schema):
        raise BuildKept(f"`project rebuild` goes on with {schema}, `project rebuild --anew` begins from the start.")
    try:
        yield
    finally:
        schemas.drop(live, schema)


@contextmanager
def _alone(live: Database) -> Iterator[None]:
    """Holds the lock of the only rebuild of a schema; it goes with the connection."""
    with live.connection() as connection:
        row = connection.execute(_QUERIES["lock_rebuild"], {"schema": live.schema}).fetchone()
        if row != (True,):
            status = read_rebuild(live, live.schema)
            raise RebuildRunning(
                f"By {status.started_by} since {status.started_at:%Y-%m-%d %H:%M} UTC." if status else ""
            )
        try:
            yield
        finally:
            connection.execute("SELECT pg_advisory_unlock_all()")
