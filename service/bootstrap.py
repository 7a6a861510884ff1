"""The composition root: the one place that chooses implementations and puts the parts together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from events import codec
from service.db import (
    API_ROLE,
    FOLLOWER_ROLE,
    KEEPER_ROLE,
    OWNER_ROLE,
    PROJECTOR_ROLE,
    SENDER_ROLE,
    Database,
    demand_one_server,
)
from service.errors import SettingsError
from service.following.follower import Follower
from service.following.leader import Leader
from service.following.runner import FollowerRunner
from service.hooks.guarding import Guard
from service.hooks.lease_table import LeaseTable
from service.hooks.leasing import Leases
from service.hooks.outbox import Outbox
from service.hooks.overseeing import Overseer
from service.hooks.runner import SenderRunner
from service.hooks.sender import Bounds, Sender
from service.hooks.sending import Transport
from service.hooks.subscriptions import Subscriptions
from service.jetstream.bootstrap import reading_of
from service.keys.issuing import Issuer
from service.keys.keyring import Keyring
from service.keys.table import KeyTable
from service.migrate import MigrationReport, migrate
from service.overview.overview import Overview
from service.projections.beliefs import Beliefs
from service.projections.catalog import PROJECTIONS
from service.projections.index import Index
from service.projections.parking import Parking
from service.projections.progress import Progress
from service.projections.projection import Projection, schema_of, schemas_behind
from service.projections.projector import Projector
from service.projections.rebuild import Rebuild
from service.projections.runner import Runner
from service.projections.schemas import install
from service.projections.states import STATES
from service.projections.status import ProjectionStatus, read_status
from service.projections.together import Projectors
from service.projections.versions import VersionReader, reading
from service.projections.vitals import VitalsReader
from service.projections.whole import NoIndex, WholeIndex
from service.replica.replicated import Replicated
from service.replica.watch import Watch
from service.settings import DatabaseSettings, Settings
from service.store.application import TimelineApplication
from service.store.following import Following, read_following
from service.store.listen import AppendListener
from service.store.postgres import PostgresStore
from service.store.snapshots import SnapshotAudit, audit_snapshots
from service.timeline.feed import Feed
from service.timeline.timeline import LONGEST_LAG, Timeline
from service.transfer.exporter import Exporter
from service.transfer.importer import Importer
from service.transfer.lines import Chunk
from service.transfer.registry import Registry
from service.transfer.replaying import replayed
from service.transfer.retractor import Retractor
from service.tree.errors import BadKey
from service.tree.keeper import Keeper
from service.tree.keys import kept_signer, signer_of
from service.tree.notes import VerifierKey
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
    subscriptions: Subscriptions
    keys: Keyring
    overview: Overview

    @property
    def replicated(self) -> Replicated | None:
        """The database, where it has a replica."""
        return _replicated(self.database)

    def close(self) -> None:
        """Frees the connections."""
        self.database.close()


def prepare(settings: Settings, url: str, among: Sequence[Projection] = PROJECTIONS) -> MigrationReport:
    """Brings the database to the schema of this version, with the tables of the projections."""
    report = migrate(settings.migrate_url or url, url)
    for one in among:
        with _projector_database(settings, url, one, among) as database:
            install(database, one)
    return report


def build(settings: Settings, url: str, among: Sequence[Projection] = PROJECTIONS) -> Services:
    """The services of a process that answers requests from these projections. Open it after a fork, not before."""
    database = _asked_database(settings, url, among).open()
    application = TimelineApplication(PostgresStore(database), codec)
    beliefs = Beliefs(database) if STATES in among else None
    index = Index(database, has_beliefs=beliefs is not None)
    timeline = Timeline(
        application, index, beliefs, settings.limits, LogProofs(database), following=lambda: read_following(database),
        ready_lag=settings.ready_lag,
    )  # fmt: skip
    hooks = subscriptions(settings, database, timeline)
    keys = Keyring(settings.admin_key, KeyTable(database))
    overview = Overview(database, [*map(schema_of, among)], Overseer(database, hooks), _replicated(database))
    return Services(settings, url, database, timeline, importer(settings, url), hooks, keys, overview)


def _asked_database(settings: Settings, url: str, among: Sequence[Projection]) -> Database:
    first, *others = map(schema_of, among)
    primary, name = settings.database(url), "frenemies-api"
    if settings.read_url is None:
        return Database(primary, role=API_ROLE, name=name, schema=first, behind=others)
    replica = settings.database(settings.read_url)
    return Replicated(primary, replica, _longest_lag(settings), role=API_ROLE, name=name, schema=first, behind=others)


def _replicated(database: Database) -> Replicated | None:
    return database if isinstance(database, Replicated) else None


def _longest_lag(settings: Settings) -> float:
    return LONGEST_LAG if settings.ready_lag is None else settings.ready_lag


def replica_watch(settings: Settings, url: str) -> Watch | None:
    """What tells how the replica stands; None where there is none."""
    return Watch(url, settings.read_url, _longest_lag(settings)) if settings.read_url else None


def demand_readable(settings: Settings) -> None:
    """SettingsError where what is set for a replica is no address, or that of several servers."""
    if settings.read_url is not None:
        demand_one_server(settings.read_url)


def importer(settings: Settings, url: str) -> Importer:
    """What records files; it makes connections of its own."""
    return Importer(settings, url)


def subscriptions(settings: Settings, database: Database, timeline: Timeline) -> Subscriptions:
    """Who is sent the events of a timeline."""
    transport = Transport(Guard(settings.webhooks_loopback))
    store = PostgresStore(database)
    leases = Leases(LeaseTable(database), Outbox(database), store, timeline.feed, settings.limits)
    return Subscriptions(database, timeline.feed, transport, settings.limits, leases)


@contextmanager
def key_issuer(settings: Settings, url: str) -> Iterator[Issuer]:
    """What makes and revokes keys, with the login that migrates: that of the service may only look at them."""
    with Database(settings.database(settings.migrate_url or url), role=OWNER_ROLE, name="frenemies-keys") as database:
        yield Issuer(database)


def has_keys(settings: Settings, url: str) -> bool:
    """Whether a key was ever made, so that one is needed."""
    with Database(settings.database(url), role=API_ROLE, name="frenemies-look") as database:
        return KeyTable(database).is_any()


def append_signal(url: str) -> AppendListener:
    """What tells of appends; close it in the end."""
    return AppendListener(url)


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
    return Timeline(TimelineApplication(store, codec), WholeIndex(store, nowhere), None, limits, LogProofs(nowhere))


@contextmanager
def projections(settings: Settings, url: str, among: Sequence[Projection] = PROJECTIONS) -> Iterator[Projectors]:
    """The projectors of all projections, for a process that has them take in what there is."""
    with ExitStack() as keep:
        opened = [(one, keep.enter_context(_projector_database(settings, url, one, among))) for one in among]
        yield Projectors([Projector(one, PostgresStore(database), database) for one, database in opened])


@contextmanager
def projection(
    settings: Settings, url: str, chosen: Projection, among: Sequence[Projection] = PROJECTIONS
) -> Iterator[tuple[Projector, Runner]]:
    """The projector of one projection and the loop that runs it."""
    with _projector_database(settings, url, chosen, among) as database:
        projector = Projector(chosen, PostgresStore(database), database)
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
def follower(settings: Settings, url: str) -> Iterator[tuple[Follower, FollowerRunner]]:
    """What takes over the log of the leader, and the loop that runs it. SettingsError where no leader is set."""
    # One connection holds the leader's lock, one writes. A batch takes longer than a request may.
    own = replace(
        settings.database(url), pool_size=max(2, settings.pool_size), statement_timeout=BATCH_SECONDS,
        lock_timeout=BATCH_SECONDS,
    )  # fmt: skip
    with _leader(settings) as leader, Database(own, role=FOLLOWER_ROLE, name="frenemies-follower") as database:
        made = Follower(leader, database, settings.follow_verifiers, reading_of(settings))
        runner = FollowerRunner(made, database)
        try:
            yield made, runner
        finally:
            runner.stop()


def followed(settings: Settings, url: str) -> Following | None:
    """Whom the log of a database follows, and how far that is; None for a log of its own."""
    with Database(settings.database(url), role=API_ROLE, name="frenemies-look") as database:
        return read_following(database)


def demand_followable(settings: Settings) -> None:
    """SettingsError where what is set for following is no address, or no verifier key."""
    for text in settings.follow_verifiers:
        try:
            VerifierKey.parse(text)
        except BadKey as error:
            raise SettingsError(f"--follow-verifier: {error.detail}") from None
    if settings.follow is not None:
        _leader(settings).close()


def _leader(settings: Settings) -> Leader:
    try:
        return Leader(settings.follow or "", settings.follow_key)
    except ValueError as error:
        raise SettingsError(f"--follow: {error}") from None


@contextmanager
def webhook_sender(settings: Settings, url: str) -> Iterator[tuple[Sender, SenderRunner]]:
    """What sends events to those who subscribed, and the loop that runs it."""
    bounds = Bounds()
    # One connection holds the leader's lock, one reads, and each thread notes what came of an attempt.
    own = replace(settings.database(url), pool_size=max(bounds.threads + 2, settings.pool_size))
    with Database(own, role=SENDER_ROLE, name="frenemies-sender") as database:
        store = PostgresStore(database)
        feed = Feed(store, NoIndex(database))
        sender = Sender(Outbox(database), store, feed, Transport(Guard(settings.webhooks_loopback)), bounds)
        runner = SenderRunner(sender, database, AppendListener(url))
        try:
            yield sender, runner
        finally:
            runner.stop()
            sender.close()


def snapshot_audit(settings: Settings, url: str) -> SnapshotAudit:
    """Whether the snapshots of claims are what their events come to."""
    patient = replace(settings.database(url), statement_timeout=AUDIT_SECONDS)
    with Database(patient, role=API_ROLE, name="frenemies-verify") as database:
        return audit_snapshots(PostgresStore(database))


@contextmanager
def log_reader(settings: Settings, url: str) -> Iterator[TreeReader]:
    """The log and its tree, for an audit: it waits for a disk that is cold or busy."""
    patient = replace(settings.database(url), statement_timeout=AUDIT_SECONDS)
    with Database(patient, role=API_ROLE, name="frenemies-verify") as database:
        yield TreeReader(database)


@contextmanager
def version_reader(settings: Settings, url: str) -> Iterator[VersionReader]:
    """The versions of all relations at one moment; between two of them as much time may pass as for an audit."""
    patient = replace(
        settings.database(url), statement_timeout=AUDIT_SECONDS, idle_in_transaction_timeout=AUDIT_SECONDS
    )
    with (
        Database(patient, role=API_ROLE, name="frenemies-versions", schema=schema_of(STATES)) as database,
        reading(database) as reader,
    ):
        yield reader


def demand_signing_key(settings: Settings) -> None:
    """SettingsError when a key for checkpoints is set that is none."""
    signer_of(settings.log_key)


def signing_key(settings: Settings, url: str, folder: Path | None) -> str | None:
    """The key that checkpoints are signed with: the one set, else the one kept in the folder of the embedded server."""
    if settings.log_key is not None or folder is None:
        return settings.log_key
    with Database(settings.database(url), role=KEEPER_ROLE, name="frenemies-key") as database:
        return kept_signer(folder, settings.log_origin or TreeReader(database).default_origin()).secret()


def vitals_reader(url: str, among: Sequence[Projection] = PROJECTIONS) -> VitalsReader:
    """What tells how log and projections stand."""
    return VitalsReader(url, among)


@contextmanager
def parking(
    settings: Settings, url: str, chosen: Projection, among: Sequence[Projection] = PROJECTIONS
) -> Iterator[Parking]:
    """What a projection could not handle."""
    with _projector_database(settings, url, chosen, among) as database:
        store = PostgresStore(database)
        yield Parking(Projector(chosen, store, database), store, database)


def rebuild(
    settings: Settings,
    url: str,
    chosen: Projection,
    tell: Callable[[Progress], None] = lambda _: None,
    among: Sequence[Projection] = PROJECTIONS,
) -> Rebuild:
    """The rebuild of a projection; `tell` hears how far it is."""
    return Rebuild(chosen, settings.database(url), tell, schemas_behind(chosen, among))


def projection_status(
    settings: Settings, url: str, among: Sequence[Projection] = PROJECTIONS
) -> list[ProjectionStatus]:
    """How far the projections are."""
    with Database(settings.database(url), role=PROJECTOR_ROLE, name="frenemies-status") as database:
        return [read_status(database, schema_of(one)) for one in among]


def _projector_database(settings: Settings, url: str, chosen: Projection, among: Sequence[Projection]) -> Database:
    """Connections that may write the tables of one: one holds the leader's lock, one writes, one reads.

    A batch takes longer than a request may; while its events are folded the transaction is idle.
    """
    own = replace(
        settings.database(url),
        pool_size=max(3, settings.pool_size),
        statement_timeout=BATCH_SECONDS,
        idle_in_transaction_timeout=BATCH_SECONDS,
    )
    return Database(
        own,
        role=PROJECTOR_ROLE,
        name="frenemies-projector",
        schema=schema_of(chosen),
        behind=schemas_behind(chosen, among),
    )
