"""`frenemies serve`: the supervisor and its children, as a program."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import pytest

from service.db import connect
from service.projections.catalog import PROJECTIONS
from service.serve import address, child
from service.serve.child import Child
from service.serve.errors import KeepsFailing
from tests.cli.conftest import LONGEST, Program, Run

Start = Callable[..., Program]
READY = "Frenemies is ready on "


def ready(program: Program) -> str:
    """The address, once the service answers."""
    return program.line_with(READY).removeprefix(READY).strip()


def get(base: str, path: str) -> tuple[int, bytes]:
    parts = urlsplit(base)
    with closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)) as link:
        link.request("GET", path)
        answer = link.getresponse()
        return answer.status, answer.read()


def processes_of_group(group: int) -> list[int]:
    """The processes of a group that still run."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, found_group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(found_group) == group and state != "Z":
                found.append(int(entry.name))
    return found


def wait_until(condition: Callable[[], bool]) -> None:
    """Asks until it is so."""
    deadline = monotonic() + LONGEST
    while not condition():
        assert monotonic() < deadline, "it did not come to pass"


def sessions(url: str) -> list[str]:
    with connect(url) as connection:
        rows = connection.execute(
            "SELECT application_name FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name LIKE 'frenemies-%'"
        )
        return [str(name) for (name,) in rows]


@pytest.fixture
def served(start: Start, empty_database_url: str) -> tuple[Program, str]:
    """A running service on a database that had nothing in it, and its address."""
    program = start("serve", "--port", "0", DATABASE_URL=empty_database_url)
    return program, ready(program)


@pytest.mark.slow
def test_it_prepares_the_database_and_answers(served: tuple[Program, str]) -> None:
    _, base = served
    assert get(base, "/readyz")[0] == 200
    assert get(base, "/v1/entities")[0] == 200


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_it_forks_with_one_thread(served: tuple[Program, str]) -> None:
    """What other threads held at that moment nobody would let go of in the child."""
    program, _ = served
    assert len(list(Path(f"/proc/{program.process.pid}/task").iterdir())) == 1


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_seconds_and_nothing_is_left(
    start: Start, empty_database_url: str, number: signal.Signals
) -> None:
    program = start("serve", "--port", "0", DATABASE_URL=empty_database_url)
    base = ready(program)
    groups = [program.process.pid, *program.children().values()]
    begun = monotonic()
    assert program.end(number) == 0
    assert monotonic() - begun < 8
    assert not any(map(processes_of_group, groups))
    assert sessions(empty_database_url) == []
    with pytest.raises(OSError, match="refused"):
        get(base, "/readyz")


@pytest.mark.slow
@pytest.mark.parametrize("child", [f"projector-{one.name}" for one in PROJECTIONS])
def test_a_killed_projector_comes_back_and_goes_on(
    served: tuple[Program, str], run: Run, empty_database_url: str, child: str
) -> None:
    program, base = served
    first = program.children()[child]
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: program.children()[child] != first)
    entity = {"record": "entity", "id": "alpha", "kind": "company", "name": "Alpha"}
    assert run("import", "-", input=json.dumps(entity), DATABASE_URL=empty_database_url).exit_code == 0
    status, body = get(base, "/v1/entities/alpha?min_position=1")
    assert (status, json.loads(body)["name"]) == (200, "Alpha")


@pytest.mark.slow
def test_a_killed_web_server_comes_back_at_the_same_address(served: tuple[Program, str]) -> None:
    program, base = served
    first = program.children()["web"]
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: program.children()["web"] != first)
    assert get(base, "/readyz")[0] == 200


@pytest.mark.slow
def test_children_end_with_a_supervisor_that_is_killed(served: tuple[Program, str]) -> None:
    program, _ = served
    groups = list(program.children().values())
    program.process.kill()
    program.process.wait(LONGEST)
    wait_until(lambda: not any(map(processes_of_group, groups)))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_what_a_killed_supervisor_leaves_in_memory_the_next_one_clears_and_nothing_of_who_runs(
    start: Start, empty_database_url: str
) -> None:
    first = counting(start, empty_database_url)
    left = folder_of_counts(first)
    groups = list(first.children().values())
    first.process.kill()
    first.process.wait(LONGEST)
    wait_until(lambda: not any(map(processes_of_group, groups)))
    second = counting(start, empty_database_url)
    assert not left.exists()
    counting(start, empty_database_url)
    kept = folder_of_counts(second)
    assert kept.is_dir()
    assert second.end() == 0
    assert not kept.exists()


def counting(start: Start, url: str) -> Program:
    """A service that has counted a request with a key."""
    key = "a-key-that-nobody-finds-by-guessing-it"
    program = start("serve", "--port", "0", "--metrics-port", "0", DATABASE_URL=url, FRENEMIES_ADMIN_KEY=key)
    assert statuses(ready(program), "/v1/entities", key, 1) == [200]
    return program


def folder_of_counts(program: Program) -> Path:
    """Where the requests are counted of a running service."""
    workers = processes_of_group(program.children()["web"])
    maps = "".join(Path(f"/proc/{worker}/maps").read_text() for worker in workers)
    (folder,) = set(re.findall(r"\S*/frenemies-rates-[^/]*", maps))
    return Path(folder)


@pytest.mark.slow
def test_logs_are_lines_of_json_without_the_key(start: Start, empty_database_url: str) -> None:
    program = start("serve", "--port", "0", DATABASE_URL=empty_database_url, FRENEMIES_ADMIN_KEY="canary-key")
    base = ready(program)
    assert get(base, "/v1/entities")[0] == 401
    assert program.end() == 0
    text = program.log.read_text()
    assert text
    assert all("event" in json.loads(line) for line in text.splitlines())
    assert "canary-key" not in text


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_it_refuses_to_start_off_loopback_without_a_key(run: Run, database_url: str, host: str) -> None:
    result = run("serve", "--host", host, "--port", "0", DATABASE_URL=database_url)
    assert result.exit_code == 2
    assert "FRENEMIES_ADMIN_KEY" in result.stderr


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
def test_it_refuses_a_database_that_may_lose_what_it_acknowledged(run: Run, empty_database_url: str, name: str) -> None:
    result = run("serve", "--port", "0", DATABASE_URL=empty_database_url, FRENEMIES_ALLOW_LOSS="")
    assert result.exit_code == 2
    assert name in result.stderr and "--allow-loss" in result.stderr


@pytest.mark.slow
def test_a_loss_that_is_allowed_is_told(served: tuple[Program, str]) -> None:
    program, _ = served
    assert "acknowledged events may be lost" in program.log.read_text()


def test_a_host_that_is_none_is_wrong_usage(run: Run, database_url: str) -> None:
    result = run("serve", "--host", "no-such-host.invalid", DATABASE_URL=database_url)
    assert result.exit_code == 2
    assert "no-such-host.invalid" in result.stderr


@pytest.mark.parametrize("port", ["x", "-1", "65536"])
def test_a_port_that_is_none_is_wrong_usage(run: Run, port: str) -> None:
    assert run("serve", "--port", port).exit_code == 2


def test_a_taken_port_is_named(run: Run, database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", "--port", str(port), DATABASE_URL=database_url)
    assert result.exit_code == 4
    assert f"127.0.0.1:{port}" in result.stderr
    assert "--port" in result.stderr


def test_a_database_out_of_reach_is_code_4(run: Run) -> None:
    result = run("serve", "--port", "0", DATABASE_URL="postgresql:///x?host=/nowhere")
    assert result.exit_code == 4


def test_a_child_that_keeps_failing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "FIRST_PAUSE", 0.001)
    failing = Child("failing", lambda: 1, {})
    with pytest.raises(KeepsFailing, match="failing ended 5 times"):
        while True:
            failing.tend()


def test_a_child_that_is_killed_from_outside_is_never_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "FIRST_PAUSE", 0.001)
    killed = Child("killed", lambda: os.kill(os.getpid(), signal.SIGKILL) or 0, {})
    started: set[int] = set()
    try:
        while len(started) < 2 * child.MOST_FAILURES:
            killed.tend()
            if killed.pid is not None:
                started.add(killed.pid)
    finally:
        killed.end(0.0)


@pytest.mark.parametrize(
    ("host", "begins"), [("127.0.0.1", "http://127.0.0.1:"), ("localhost", "http://"), ("0.0.0.0", "http://127.0.0.1:")]
)
def test_the_address_is_one_that_this_machine_reaches(host: str, begins: str) -> None:
    with address.listen(host, 0) as link:
        assert address.base_url(link).startswith(begins)


def statuses(base: str, path: str, key: str, count: int) -> list[int]:
    """What so many requests are answered, each on a link of its own, so that any worker may take it."""
    parts = urlsplit(base)
    found = []
    for _ in range(count):
        with closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)) as link:
            link.request("GET", path, headers={"Authorization": f"Bearer {key}"})
            answer = link.getresponse()
            answer.read()
            found.append(answer.status)
    return found


@pytest.mark.slow
def test_workers_and_the_feed_process_count_requests_together(start: Start, empty_database_url: str) -> None:
    key = "a-key-that-nobody-finds-by-guessing-it"
    rates = {"FRENEMIES_RATE": "30", "FRENEMIES_RATE_REFUSED": "10"}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = start(
        "serve", "--port", "0", "--feed-port", str(port), "--workers", "2",
        DATABASE_URL=empty_database_url, FRENEMIES_ADMIN_KEY=key, **rates,
    )  # fmt: skip
    base, feed = ready(program), f"http://127.0.0.1:{port}"
    begun = monotonic()
    answered = statuses(feed, "/v1/feed", key, 10) + statuses(base, "/v1/entities", key, 30)
    granted = answered.count(200)
    refilled = (monotonic() - begun) / 2
    assert 30 <= granted <= 31 + refilled and answered[:10] == [200] * 10
    assert set(answered) == {200, 429}
    begun = monotonic()
    wrong = statuses(base, "/v1/entities", "guess", 10) + statuses(feed, "/v1/feed", "guess", 10)
    assert 10 <= wrong.count(401) <= 11 + (monotonic() - begun) / 6 and set(wrong) == {401, 429}
    assert program.end() == 0
