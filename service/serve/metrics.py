"""The process that tells Prometheus, with DATABASE_URL set.

What the other processes have counted it reads from their files in a folder; how log and projections stand it asks
the database, for at most a second.
"""

from __future__ import annotations

import os
import platform
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from threading import Lock, Thread

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from service import metrics
from service.bootstrap import replica_watch, vitals_reader
from service.errors import ServiceError, SettingsError
from service.http import security
from service.metrics import Asked
from service.projections.vitals import DatabaseVitals, FollowersVitals, HookVitals, ProjectionVitals, Vitals
from service.replica.standing import Standing
from service.serve.logs import configure_logs
from service.serve.signals import Signals
from service.settings import read_settings
from service.slots import files_to_read
from service.store.following import Following

PATH = "/metrics"
PATIENCE = 1.0
_REQUEST_TIMEOUT = 5.0
_ALWAYS = {**security.ALWAYS, security.POLICY: security.NOTHING, "Cache-Control": "no-store"}
_log = structlog.get_logger(__name__)


class Counted(Collector):
    """What all processes have counted, the ended ones too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        """The sums over all files."""
        yield from MultiProcessCollector.merge(list(files_to_read(self._folder)))  # type: ignore[no-untyped-call]


class Present(Collector):
    """How things stand now. Where the database does not answer in time, only that is told."""

    def __init__(self, read: Callable[[], Vitals]) -> None:
        self._read = read
        self._lock = Lock()
        self._asked: Future[Vitals | None] | None = None

    def collect(self) -> Iterator[Metric]:
        """The values asked for."""
        yield _gauge(metrics.BUILD, {(version("frenemies"), platform.python_version()): 1})
        vitals = self._vitals()
        yield _gauge(metrics.DATABASE_UP, {(): vitals is not None})
        if vitals is not None:
            yield from _of_log(vitals)
            yield from _of_database(vitals.database)
            yield from _of_tables(vitals.projections)
            yield from _of_rebuilds(vitals.projections)
            yield from _of_hooks(vitals.hooks)
            yield from _of_following(vitals.following)
            yield from _of_followers(vitals.followers)

    def _vitals(self) -> Vitals | None:
        """One question is under way at a time, so that a silent database does not gather threads."""
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = Future()
                Thread(target=self._ask, args=(self._asked,), name="vitals", daemon=True).start()
            asked = self._asked
        try:
            return asked.result(PATIENCE)
        except TimeoutError:
            return None

    def _ask(self, asked: Future[Vitals | None]) -> None:
        vitals = None
        try:
            vitals = self._read()
        except ServiceError as error:
            _log.warning("the database does not tell how it stands", error=str(error))
        finally:
            asked.set_result(vitals)


class OfReplica(Collector):
    """How the replica stands."""

    def __init__(self, standing: Callable[[], Standing]) -> None:
        self._standing = standing

    def collect(self) -> Iterator[Metric]:
        """What is known; of one that does not follow only that it is not used."""
        found = self._standing()
        yield _gauge(metrics.REPLICA_USED, {(): found.is_used})
        if found.follows:
            yield _gauge(metrics.REPLICA_POSITION, {(): found.position})
            yield _gauge(metrics.REPLICA_LAG_EVENTS, {(): found.lag_events})
            yield _gauge(metrics.REPLICA_LAG, {(): found.lag_seconds})


class Handler(BaseHTTPRequestHandler):
    """Answers GET /metrics."""

    registry: CollectorRegistry
    timeout = _REQUEST_TIMEOUT
    error_content_type = "text/plain; charset=utf-8"
    error_message_format = "%(code)d %(message)s\n"

    def do_GET(self) -> None:
        """All values, in the form that the asker prefers."""
        if self.path.partition("?")[0] != PATH:
            self.send_error(404)
            return
        encode, media = choose_encoder(self.headers.get("Accept", ""))
        body = encode(self.registry)
        self.send_response(200)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        """Of what and which version it is made is nothing to tell."""
        return "frenemies"

    def end_headers(self) -> None:
        """Every answer, a refusal as well, has the headers that all have."""
        for name, value in _ALWAYS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Being asked is nothing to tell."""


class Server(ThreadingHTTPServer):
    """A server on a socket that listens already."""

    def __init__(self, link: socket.socket, registry: CollectorRegistry) -> None:
        handler = type("BoundHandler", (Handler,), {"registry": registry})
        super().__init__(link.getsockname(), handler, bind_and_activate=False)
        self.socket.close()
        self.socket = link


def registry_of(folder: Path, read: Callable[[], Vitals]) -> CollectorRegistry:
    """Everything that is told."""
    registry = CollectorRegistry()
    registry.register(Counted(folder))
    registry.register(Present(read))
    return registry


def main(folder: str, link: socket.socket) -> int:
    """Tells those who ask on a listening socket until a signal ends it, and leaves no folder behind when the supervisor
    is gone.
    """
    configure_logs()
    settings, parent = read_settings(), os.getppid()
    url = settings.database_url
    if url is None:
        raise SettingsError("DATABASE_URL is not set.")
    with Signals() as signals, link:
        registry = registry_of(Path(folder), vitals_reader(url).read)
        watch = replica_watch(settings, url)
        if watch is not None:
            watch.begin()
            registry.register(OfReplica(watch.standing))
        server = Server(link, registry)
        Thread(target=server.serve_forever, name="metrics", daemon=True).start()
        while not signals.stopping:
            signals.wait(60.0)
        server.shutdown()
    if os.getppid() != parent:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _of_log(vitals: Vitals) -> Iterator[Metric]:
    yield _gauge(metrics.LOG_HEAD, {(): vitals.log.head})
    yield _gauge(metrics.LOCK_WAITING, {(): vitals.log.lock_waiting})
    yield _gauge(metrics.LOCK_WAIT, {(): vitals.log.lock_wait})
    if vitals.log.lock_held is not None:
        yield _gauge(metrics.LOCK_HELD, {(): vitals.log.lock_held})
    if vitals.unsigned is not None:
        yield _gauge(metrics.LOG_UNSIGNED, {(): vitals.unsigned})


def _of_database(database: DatabaseVitals) -> Iterator[Metric]:
    yield _gauge(metrics.DATABASE_SIZE, {(): database.size})
    yield _gauge(metrics.DATABASE_SESSIONS, {(): database.sessions})
    yield _gauge(metrics.DATABASE_SESSIONS_MOST, {(): database.most_sessions})


def _of_tables(projections: Sequence[ProjectionVitals]) -> Iterator[Metric]:
    built: dict[tuple[str, ...], bool] = {
        (one.name,): one.tables is not None and one.tables.is_built for one in projections
    }
    tables = {(one.name,): one.tables for one in projections if one.tables is not None}
    yield _gauge(metrics.PROJECTION_BUILT, built)
    yield _gauge(metrics.PROJECTION_POSITION, {name: found.position for name, found in tables.items()})
    yield _gauge(metrics.PROJECTION_LAG_EVENTS, {name: found.lag_events for name, found in tables.items()})
    yield _gauge(metrics.PROJECTION_LAG, {name: found.lag for name, found in tables.items()})
    yield _gauge(metrics.PROJECTION_PARKED, {name: found.parked for name, found in tables.items()})


def _of_rebuilds(projections: Sequence[ProjectionVitals]) -> Iterator[Metric]:
    running: dict[tuple[str, ...], bool] = {
        (one.name,): one.rebuild is not None and one.rebuild.is_running for one in projections
    }
    last = [(one.name, one.rebuild) for one in projections if one.rebuild is not None]
    yield _gauge(metrics.REBUILD_RUNNING, running)
    yield _gauge(metrics.REBUILD_DONE, {(name, found.phase_now): found.done for name, found in last})
    yield _gauge(metrics.REBUILD_TOTAL, {(name, found.phase_now): found.total for name, found in last})
    yield _gauge(metrics.REBUILD_LEFT, {(name, found.phase_now): found.seconds_left for name, found in last})
    yield _gauge(metrics.REBUILD_WHOLE_LEFT, {(name,): found.whole_seconds_left for name, found in last})


def _of_hooks(hooks: HookVitals | None) -> Iterator[Metric]:
    if hooks is not None:
        states: dict[tuple[str, ...], int] = {
            ("active",): hooks.active,
            ("paused",): hooks.paused,
            ("disabled",): hooks.disabled,
        }
        yield _gauge(metrics.SUBSCRIPTIONS, states)
        yield _gauge(metrics.DELIVERIES_PENDING, {(): hooks.pending})
        yield _gauge(metrics.DELIVERIES_LEASED, {(): hooks.leased})
        yield _gauge(metrics.DELIVERIES_PARKED, {(): hooks.parked})
        yield _gauge(metrics.DELIVERIES_OVERDUE, {(): hooks.overdue})


def _of_following(following: Following | None) -> Iterator[Metric]:
    if following is not None:
        yield _gauge(metrics.FOLLOWING_LEADER_HEAD, {(): following.leader_position})
        yield _gauge(metrics.FOLLOWING_LAG_EVENTS, {(): following.lag_events})
        yield _gauge(metrics.FOLLOWING_LAG, {(): following.lag_seconds})
        yield _gauge(metrics.FOLLOWING_VERIFIED, {(): following.verified_size})
        yield _gauge(metrics.FOLLOWING_HALTED, {(): following.is_halted})


def _of_followers(followers: FollowersVitals | None) -> Iterator[Metric]:
    if followers is not None:
        yield _gauge(metrics.FOLLOWERS, {(): followers.count})
        yield _gauge(metrics.FOLLOWERS_LAG_EVENTS, {(): followers.lag_events})
        yield _gauge(metrics.FOLLOWERS_LAG, {(): followers.lag})


def _gauge(asked: Asked, values: Mapping[tuple[str, ...], float | None]) -> Metric:
    """The values there are."""
    family = GaugeMetricFamily(asked.name, asked.help, labels=asked.labels)
    for labels, value in values.items():
        if value is not None:
            family.add_metric(labels, value)
    return family
