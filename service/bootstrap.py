"""The composition root: the one place that chooses implementations and puts the parts together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from events import codec
from service.db import API_ROLE, KEEPER_ROLE, PROJECTOR_ROLE, Database
from service.migrate import MigrationReport, migrate
from service.projections.index import Index
from service.projections.indexing import INDEX
from service.projections.parking import Parking
from service.projections.progress import Progress
from service.projections.projection import schema_of
from service.projections.projector import Projector
from service.projections.rebuild import Rebuild
from service.projections.runner import Runner
from service.projections.schemas import install
from service.projections.status import ProjectionStatus, read_status
from service.projections.vitals import VitalsReader
from service.projections.whole import WholeIndex
from service.settings import DatabaseSettings, Settings
from service.store.application import TimelineApplication
from service.store.listen import AppendListener
from service.store.postgres import PostgresStore
from service.timeline.timeline import Timeline
from service.transfer.exporter import Exporter
from service.transfer.importer import Importer
from service.transfer.lines import Chunk
from service.transfer.registry import Registry
from service.transfer.replaying import replayed
from service.transfer.retractor import Retractor
from service.tree.keeper import Keeper
from service.tree.keys import kept_signer, signer_of
from service.tree.proofs import LogProofs
from service.tree.reading import TreeReader
from service.tree.runner import KeeperRunner

AUDIT_SECONDS = 600.0
"""How long a statement of an audit may take; most take milliseconds."""
BATCH_SECONDS = 60.0
"""How long a projector may take for a statement, and for the fold of a batch; one that takes longer is made smaller."""


@dataclass
class Services:
    """What one process works with, on one database."""

    settings: Settings
    url: str
    database: Database
    timeline: Timeline
    importer: Importer

    def close(self) -> None:
        """Frees the connections."""
        self.database.close()


def prepare(settings: Settings, url: str) -> MigrationReport:
    """Brings the database to the schema of this version."""
    report = migrate(settings.migrate_url or url, url)
    with _projector_database(settings, url) as database:
        install(database, INDEX)
    return report


def build(settings: Settings, url: str) -> Services:
    """The services of a process that answers requests. Open it after a fork, not before."""
    database = Database(settings.database(url), role=API_ROLE, name="frenemies-api", schema=schema_of(INDEX)).open()
    application = TimelineApplication(PostgresStore(database), codec)
    timeline = Timeline(application, Index(database), settings.limits, LogProofs(database))
    return Services(settings, url, database, timeline, importer(settings, url))


def importer(settings: Settings, url: str) -> Importer:
    """What records files; it makes connections of its own."""
    return Importer(settings, url)


def exporter(services: Services) -> Exporter:
    """What writes the log as lines."""
    return Exporter(PostgresStore(services.database))


def retractor(services: Services) -> Retractor:
    """What takes imports back."""
    return Retractor(services.timeline, PostgresStore(services.database), Registry(services.database))


def replay(settings: Settings, chunks: Iterable[Chunk]) -> Timeline:
    """The timeline of an export, recorded anew in memory; it has no tree, and knows no names."""
    store = replayed(chunks, settings.limits.article_body)
    limits = replace(settings.limits, fold_claims=max(store.head(), 1))
    nowhere = Database(DatabaseSettings(""))
    return Timeline(TimelineApplication(store, codec), WholeIndex(store, nowhere), limits, LogProofs(nowhere))


@contextmanager
def projection(settings: Settings, url: str) -> Iterator[tuple[Projector, Runner]]:
    """The projector and the loop that runs it."""
    with _projector_database(settings, url) as database:
        projector = Projector(INDEX, PostgresStore(database), database)
        runner = Runner(projector, database, AppendListener(url))
        try:
            yield projector, runner
        finally:
            runner.stop()


@contextmanager
def log_keeper(settings: Settings, url: str) -> Iterator[tuple[Keeper, KeeperRunner]]:
    """The keeper of the log's tree and the loop that runs it. SettingsError when the key of the settings is none."""
    # One connection holds the leader's lock, one works.
    own = replace(settings.database(url), pool_size=max(2, settings.pool_size))
    with Database(own, role=KEEPER_ROLE, name="frenemies-keeper") as database:
        keeper = Keeper(database, signer_of(settings.log_key), settings.log_origin)
        runner = KeeperRunner(keeper, database)
        try:
            yield keeper, runner
        finally:
            runner.stop()


@contextmanager
def log_reader(settings: Settings, url: str) -> Iterator[TreeReader]:
    """The log and its tree, for an audit: it waits for a disk that is cold or busy."""
    patient = replace(settings.database(url), statement_timeout=AUDIT_SECONDS)
    with Database(patient, role=API_ROLE, name="frenemies-verify") as database:
        yield TreeReader(database)


def demand_signing_key(settings: Settings) -> None:
    """SettingsError when a key for checkpoints is set that is none."""
    signer_of(settings.log_key)


def signing_key(settings: Settings, url: str, folder: Path | None) -> str | None:
    """The key that checkpoints are signed with: the one set, else the one kept in the folder of the embedded server."""
    if settings.log_key is not None or folder is None:
        return settings.log_key
    with Database(settings.database(url), role=KEEPER_ROLE, name="frenemies-key") as database:
        return kept_signer(folder, settings.log_origin or TreeReader(database).default_origin()).secret()


def vitals_reader(url: str) -> VitalsReader:
    """What tells how log and projections stand."""
    return VitalsReader(url, INDEX)


@contextmanager
def parking(settings: Settings, url: str) -> Iterator[Parking]:
    """What the projection could not handle."""
    with _projector_database(settings, url) as database:
        store = PostgresStore(database)
        yield Parking(Projector(INDEX, store, database), store, database)


def rebuild(settings: Settings, url: str, tell: Callable[[Progress], None]) -> Rebuild:
    """The rebuild of the projection; `tell` hears how far it is."""
    return Rebuild(INDEX, settings.database(url), tell)


def projection_status(settings: Settings, url: str) -> list[ProjectionStatus]:
    """How far the projections are."""
    with _projector_database(settings, url) as database:
        return [read_status(database)]


def _projector_database(settings: Settings, url: str) -> Database:
    """Connections that may write the tables: one holds the leader's lock, one writes, one reads.

    A batch takes longer than a request may; while its events are folded the transaction is idle.
    """
    own = replace(
        settings.database(url),
        pool_size=max(3, settings.pool_size),
        statement_timeout=BATCH_SECONDS,
        idle_in_transaction_timeout=BATCH_SECONDS,
    )
    return Database(own, role=PROJECTOR_ROLE, name="frenemies-projector", schema=schema_of(INDEX))
