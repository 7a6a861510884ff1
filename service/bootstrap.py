"""The composition root: the one place that chooses implementations and puts the parts together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from events import codec
from service.db import API_ROLE, PROJECTOR_ROLE, Database
from service.migrate import MigrationReport, migrate
from service.projections.index import Index
from service.projections.projector import Projector
from service.projections.runner import Runner
from service.settings import Settings
from service.store.application import TimelineApplication
from service.store.listen import AppendListener
from service.store.postgres import PostgresStore
from service.timeline.timeline import Timeline


@dataclass
class Services:
    """What one process works with, on one database."""

    settings: Settings
    url: str
    database: Database
    timeline: Timeline

    def close(self) -> None:
        """Frees the connections."""
        self.database.close()


def prepare(settings: Settings, url: str) -> MigrationReport:
    """Brings the database to the schema of this version."""
    return migrate(settings.migrate_url or url, url)


def build(settings: Settings, url: str) -> Services:
    """The services of a process that answers requests. Open it after a fork, not before."""
    database = Database(settings.database(url), role=API_ROLE, name="frenemies-api").open()
    application = TimelineApplication(PostgresStore(database), codec)
    return Services(settings, url, database, Timeline(application, Index(database), settings.limits))


@contextmanager
def projection(settings: Settings, url: str) -> Iterator[tuple[Projector, Runner]]:
    """The projector and the loop that runs it."""
    # One connection holds the leader's lock, one writes, one reads.
    own = replace(settings.database(url), pool_size=max(3, settings.pool_size))
    with Database(own, role=PROJECTOR_ROLE, name="frenemies-projector") as database:
        projector = Projector(PostgresStore(database), database)
        runner = Runner(projector, database, AppendListener(url))
        try:
            yield projector, runner
        finally:
            runner.stop()
