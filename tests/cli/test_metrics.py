"""/metrics of a running service: told by one process for all of them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Thread
from time import monotonic
from urllib.parse import urlsplit

import pytest
from prometheus_client.parser import text_string_to_metric_families

from service import metrics
from service.db import connect
from service.embedded import EmbeddedServer
from service.errors import SettingsError
from service.projections.catalog import PROJECTIONS
from service.settings import METRICS_PORT, read_settings
from tests.cli.conftest import Program, Run
from tests.cli.test_serve import Start, get, ready, wait_until
from tests.conftest import Servers
from tests.integration.store.faults import locked_log
from tests.killing import postmaster_of
from tests.ports import free_port

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


class Watched:
    """A running service and where it tells its metrics."""

    def __init__(self, program: Program, port: int) -> None:
        self.program = program
        self.base = ready(program)
        self.metrics = f"http://127.0.0.1:{port}"

    def scrape(self) -> Samples:
        status, body = get(self.metrics, "/metrics")
        assert status == 200
        families = text_string_to_metric_families(body.decode())
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float:
        """One value; 0 where it is not told."""
        return self.scrape().get((name, frozenset(labels.items())), 0.0)

    def grown(self, name: str, before: Samples, **labels: str) -> float:
        """By how much a value has grown since."""
        return self.value(name, **labels) - before.get((name, frozenset(labels.items())), 0.0)

    def put_entity(self, name: str) -> int:
        parts = urlsplit(self.base)
        link = HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        body = json.dumps({"kind": "company", "name": name})
        link.request("PUT", f"/v1/entities/{name.lower()}", body, {"Content-Type": "application/json"})
        try:
            return link.getresponse().status
        except (ConnectionError, HTTPException):  # the worker was killed
            return 0
        finally:
            link.close()

    def workers(self) -> list[int]:
        """The processes that answer requests."""
        master = self.program.children()["web"]
        return [int(pid) for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split()]


@pytest.fixture
def watch(start: Start) -> Callable[..., Watched]:
    def start_watched(url: str, **environment: str) -> Watched:
        port = free_port()
        program = start("serve", "--port", "0", "--metrics-port", str(port), DATABASE_URL=url, **environment)
        return Watched(program, port)

    return start_watched


@pytest.fixture(scope="module")
def shared_url(servers: Servers) -> Iterator[str]:
    url = servers.empty(18)
    yield url
    servers.drop(url)


@pytest.fixture(scope="module")
def watched(shared_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A service that several tests use: they look at what they add."""
    port = free_port()
    arguments = ("serve", "--port", "0", "--metrics-port", str(port))
    program = Program(arguments, {"DATABASE_URL": shared_url}, tmp_path_factory.mktemp("watched") / "stderr.log")
    yield Watched(program, port)
    program.end()
    assert program.process.stdout is not None
    program.process.stdout.close()


@pytest.mark.slow
def test_numbers_move_with_what_is_done(watched: Watched) -> None:
    before = watched.scrape()
    assert [watched.put_entity(name) for name in ("Alpha", "Beta", "Beta")] == [201, 201, 200]
    assert watched.grown("frenemies_append_seconds_count", before, outcome="done") == 2
    assert watched.grown("frenemies_events_appended_total", before) == 2
    assert watched.grown("frenemies_flush_seconds_count", before) == 2
    assert watched.grown("frenemies_flush_callers_sum", before) == 2
    assert watched.value("frenemies_log_head") >= 2
    assert watched.value("frenemies_database_up") == 1
    wait_until(lambda: watched.value("frenemies_projection_position", projection="index") >= 2)
    wait_until(lambda: watched.value("frenemies_projection_lag_events", projection="index") == 0)
    assert watched.value("frenemies_projection_lag_seconds", projection="index") == 0
    assert watched.value("frenemies_projection_parked", projection="index") == 0
    assert watched.value("frenemies_projection_built", projection="index") == 1
    assert watched.value("frenemies_rebuild_running", projection="index") == 0


@pytest.mark.slow
def test_requests_are_counted_by_the_template_of_their_address(watched: Watched) -> None:
    watched.put_entity("Gamma")
    _, told = get(watched.base, "/v1/projections")
    seen = f"/v1/entities/gamma?min_position={json.loads(told)['projections'][0]['head']}"
    before = watched.scrape()
    for path in (seen, "/v1/entities/gamma?as_of=2014", "/v1/entities/nobody", "/no/such/place"):
        get(watched.base, path)
    one, unknown = "/v1/entities/<id>", "unknown"
    answered = [(one, "200"), (one, "422"), (one, "404"), (unknown, "404")]
    name = "frenemies_request_seconds_count"
    for route, status in answered:
        assert watched.grown(name, before, route=route, method="GET", status=status) == 1, (route, status)


@pytest.mark.slow
def test_what_is_told_is_documented_and_nothing_is_told_of_what_was_sent(watched: Watched) -> None:
    watched.put_entity("Canary")
    get(watched.base, "/v1/entities/canary?as_of=canary")
    told = watched.scrape()
    documented = {name for name, _, _, _ in metrics.described()}
    bare = {name.removesuffix("_bucket").removesuffix("_count").removesuffix("_sum") for name, _ in told}
    assert bare <= documented
    asked = (metrics.REBUILD_DONE, metrics.REBUILD_TOTAL, metrics.REBUILD_LEFT, metrics.REBUILD_WHOLE_LEFT)
    only_in_a_rebuild = {one.name for one in asked}
    only_of_a_follower = {one.name for one in metrics.ASKED if one.name.startswith("frenemies_following_")}
    only_with_a_replica = {one.name for one in metrics.ASKED if one.name.startswith("frenemies_replica_")}
    only_with_a_key = {metrics.LOG_UNSIGNED.name}
    missing = {asked.name for asked in metrics.ASKED} - bare
    assert missing <= only_in_a_rebuild | only_of_a_follower | only_with_a_replica | only_with_a_key
    labels = {value for _, pairs in told for _, value in pairs}
    assert not [value for value in labels if "canary" in value.lower()]


@pytest.mark.slow
def test_a_killed_worker_takes_no_count_with_it_and_leaves_nothing_in_use(watched: Watched) -> None:
    before = watched.scrape()
    for number in range(20):
        watched.put_entity(f"Delta-{number}")
    first, second = watched.workers()
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: len(set(watched.workers()) - {first, second}) == 1)
    assert watched.grown("frenemies_events_appended_total", before) == 20
    for number in range(20, 30):
        watched.put_entity(f"Delta-{number}")
    assert watched.grown("frenemies_events_appended_total", before) == 30
    wait_until(lambda: watched.value("frenemies_connections_in_use", pool="frenemies-api") == 0)
    assert watched.value("frenemies_connections_awaited", pool="frenemies-api") == 0


@pytest.mark.slow
def test_a_worker_killed_while_it_waits_is_not_told_to_use_a_connection_for_ever(
    watched: Watched, shared_url: str
) -> None:
    with locked_log(shared_url), in_background(lambda: watched.put_entity("Epsilon")):
        wait_until(lambda: watched.value("frenemies_connections_in_use", pool="frenemies-api") >= 1)
        for worker in watched.workers():
            os.kill(worker, signal.SIGKILL)
        wait_until(lambda: watched.value("frenemies_connections_in_use", pool="frenemies-api") == 0)


@pytest.mark.slow
def test_who_waits_for_the_lock_of_the_log_is_seen(watched: Watched, shared_url: str) -> None:
    """Part of pitfall 2: a session that holds up the log is visible."""
    with locked_log(shared_url), in_background(lambda: watched.put_entity("Zeta")):
        wait_until(lambda: watched.value("frenemies_append_lock_waiting") >= 1)
        assert watched.value("frenemies_append_lock_held_seconds") > 0
        assert watched.value("frenemies_append_lock_wait_seconds") > 0
    assert watched.value("frenemies_append_lock_waiting") == 0
    assert watched.value("frenemies_append_lock_held_seconds") == 0


@pytest.mark.slow
def test_without_the_database_the_counts_are_told_within_two_seconds(
    watch: Callable[..., Watched], data_folder: Path, start_server: Callable[..., EmbeddedServer]
) -> None:
    survives = {"fsync": "off"}  # but a commit is written before it is answered
    server = start_server(data_folder, settings=survives)
    watched = watch(server.url)
    watched.put_entity("Alpha")
    postmaster = postmaster_of(data_folder / "postgres")
    backends = backends_of(server.url)
    with silent([postmaster, *backends]):
        without_database(watched)
    wait_until(lambda: watched.value("frenemies_database_up") == 1)
    os.kill(postmaster, signal.SIGQUIT)
    wait_until(lambda: not (data_folder / "postgres" / "postmaster.pid").exists())
    without_database(watched)
    start_server(data_folder, settings=survives)
    wait_until(lambda: watched.value("frenemies_database_up") == 1)


def without_database(watched: Watched) -> None:
    begun = monotonic()
    told = watched.scrape()
    assert monotonic() - begun < 2
    assert told["frenemies_database_up", frozenset()] == 0
    assert told["frenemies_events_appended_total", frozenset()] == 1
    assert ("frenemies_log_head", frozenset()) not in told


@pytest.mark.slow
def test_metrics_are_answered_at_their_own_port_only(watched: Watched) -> None:
    assert get(watched.base, "/metrics")[0] == 404
    assert get(watched.metrics, "/")[0] == 404


@pytest.mark.slow
def test_nothing_is_left_of_the_numbers_when_it_ends_or_is_killed(
    watch: Callable[..., Watched], empty_database_url: str
) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        watched = watch(empty_database_url)
        folder = folder_of(watched.program.children()["projector-index"])
        assert folder.is_dir()
        watched.program.end(number)
        wait_until(lambda folder=folder: not folder.exists())  # type: ignore[misc]


@pytest.mark.slow
def test_metrics_can_be_off(start: Start, empty_database_url: str) -> None:
    program = start("serve", "--port", "0", "--metrics-port", "0", DATABASE_URL=empty_database_url)
    ready(program)
    others = {"web", "feed", "webhooks"} | {f"projector-{one.name}" for one in PROJECTIONS}
    assert set(program.children()) == others


def test_a_taken_port_for_metrics_is_named(run: Run, database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", "--port", "0", "--metrics-port", str(port), DATABASE_URL=database_url)
    assert result.exit_code == 4
    assert f"127.0.0.1:{port}" in result.stderr
    assert "--metrics-port" in result.stderr


@pytest.mark.slow
def test_a_taken_port_that_nobody_asked_for_only_turns_metrics_off(start: Start, empty_database_url: str) -> None:
    with holding(METRICS_PORT):
        program = start("serve", "--port", "0", DATABASE_URL=empty_database_url)
        assert get(ready(program), "/healthz")[0] == 200
    assert "metrics" not in program.children()
    assert "metrics are off" in program.log.read_text()


def test_the_port_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().metrics_port is None
    monkeypatch.setenv("FRENEMIES_METRICS_PORT", "0")
    assert read_settings().metrics_port == 0
    monkeypatch.setenv("FRENEMIES_METRICS_PORT", "65536")
    with pytest.raises(SettingsError, match="FRENEMIES_METRICS_PORT"):
        read_settings()


@contextmanager
def holding(port: int) -> Iterator[None]:
    """The port is in use, whoever uses it."""
    try:
        link = socket.create_server(("127.0.0.1", port))
    except OSError:
        yield
        return
    with link:
        yield


@contextmanager
def in_background(work: Callable[[], object]) -> Iterator[None]:
    thread = Thread(target=work)
    thread.start()
    yield
    thread.join()


def folder_of(process: int) -> Path:
    """Where the numbers lie that a process counts."""
    (folder,) = set(re.findall(r"\S*/frenemies-metrics-[^/]*", Path(f"/proc/{process}/maps").read_text()))
    return Path(folder)


def backends_of(url: str) -> list[int]:
    """The processes that serve connections."""
    with connect(url) as connection:
        return [
            pid
            for (pid,) in connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
        ]


@contextmanager
def silent(processes: list[int]) -> Iterator[None]:
    """Processes that hold their connections and say nothing."""
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    yield
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGCONT)
