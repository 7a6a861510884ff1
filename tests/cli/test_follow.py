"""`frenemies serve --follow`: a second service that is a copy of the first, both as programs."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from random import Random
from subprocess import TimeoutExpired
from time import monotonic, sleep
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from service.db import connect
from service.serve import child
from tests.cli.conftest import Program, Run
from tests.cli.test_serve import get, ready, wait_until
from tests.conftest import Servers
from tests.ports import free_port

Start = Callable[..., Program]
KEY = "PRIVATE+KEY+example.org/log+98af023b+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
PORTS = ("--port", "0", "--metrics-port", "0")
LOG = (
    "SELECT position, stream, version, topic, state, recorded_at FROM log.events ORDER BY position",
    "SELECT kind, key, stream FROM log.keys ORDER BY 1, 2",
    "SELECT kind, target, source FROM log.links ORDER BY 1, 2, 3",
    "SELECT reference, scope, salt, digest, content FROM log.texts ORDER BY 1",
    "SELECT number, size, root, key, note, position FROM log.checkpoints ORDER BY 1",
)


def log_of(url: str) -> list[Any]:
    with connect(url) as connection:
        return [connection.execute(query.encode()).fetchall() for query in LOG]


def head_of(url: str) -> int:
    with connect(url) as connection:
        return int(connection.execute("SELECT coalesce(max(position), 0) FROM log.events").fetchall()[0][0])


def send(base: str, path: str, body: Any, method: str = "POST") -> Any:
    request = Request(base + path, json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method)  # noqa: S310
    with urlopen(request) as answer:  # noqa: S310
        return json.load(answer)


def following(base: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(get(base, "/readyz")[1])["following"]
    return told


def followers_of(base: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(get(base, "/v1/operator")[1])["followers"]["listed"]
    return told


@pytest.fixture
def other_url(servers: Servers) -> Iterator[str]:
    """A second database with nothing in it."""
    url = servers.empty(18)
    yield url
    servers.drop(url)


@pytest.mark.slow
def test_a_follower_answers_as_its_leader_does_and_follows_live(start: Start, sample_url: str, other_url: str) -> None:
    leader = ready(start("serve", *PORTS, DATABASE_URL=sample_url, FRENEMIES_LOG_KEY=KEY))
    program = start("serve", *PORTS, "--follow", leader, DATABASE_URL=other_url)
    base = ready(program)
    wait_until(lambda: following(base)["verified_size"] >= 259)
    send(leader, "/v1/entities/ant", {"kind": "company", "name": "Ant"}, "PUT")
    begun = monotonic()
    wait_until(lambda: get(base, "/v1/entities/ant")[0] == 200)
    assert monotonic() - begun < 5
    wait_until(lambda: following(base)["lag_events"] == 0)
    wait_until(lambda: json.loads(get(base, "/v1/projections")[1])["projections"][0]["lag"] == 0)
    assert following(base)["lag_seconds"] == 0
    assert get(base, "/readyz?max_lag=10")[0] == 200
    for question in (
        "/v1/entities/red-hat/state?as_of=2014-11-04&recorded_by=200",
        "/v1/entities/mirantis/timeline?recorded_by=200",
        "/v1/network?center=red-hat&as_of=2014-11-04&recorded_by=200",
        "/v1/feed?limit=200",
    ):
        assert get(base, question) == get(leader, question)
    with pytest.raises(HTTPError, match="403") as raised:
        send(base, "/v1/entities/bee", {"kind": "company", "name": "Bee"}, "PUT")
    assert json.load(raised.value)["leader"] == leader
    assert "webhooks" not in program.children()
    assert log_of(other_url) == log_of(sample_url)
    wait_until(lambda: [one["lag_events"] for one in followers_of(leader)] == [0])


@pytest.mark.slow
def test_a_follower_killed_again_and_again_loses_and_doubles_nothing(
    start: Start, sample_url: str, other_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    leader = ready(start("serve", *PORTS, DATABASE_URL=sample_url, FRENEMIES_LOG_KEY=KEY))
    program = start("serve", *PORTS, "--follow", leader, DATABASE_URL=other_url)
    base = ready(program)
    chance = Random(20)
    for number in range(3):
        before = program.children()["follower"]
        send(leader, f"/v1/entities/e{number}", {"kind": "company", "name": f"E{number}"}, "PUT")
        sleep(chance.random() * 0.3)  # at any moment of its work
        os.kill(before, signal.SIGKILL)
        wait_until(lambda before=before: program.children()["follower"] != before)  # type: ignore[misc]
    wait_until(lambda: head_of(other_url) == head_of(sample_url))
    wait_until(lambda: get(base, "/v1/entities/e2")[0] == 200)
    assert child.MOST_FAILURES > 3
    assert log_of(other_url) == log_of(sample_url)


@pytest.mark.slow
def test_a_leader_that_freezes_is_told_and_followed_again_within_seconds_and_no_key_is_logged(
    start: Start, sample_url: str, other_url: str
) -> None:
    first = start("serve", *PORTS, DATABASE_URL=sample_url, FRENEMIES_ADMIN_KEY="very-secret")
    leader = ready(first)
    second = start("serve", *PORTS, "--follow", leader, DATABASE_URL=other_url, FRENEMIES_FOLLOW_KEY="very-secret")
    base = ready(second)
    wait_until(lambda: head_of(other_url) == head_of(sample_url) and following(base)["lag_seconds"] == 0)
    with frozen(first.children()["web"], first.children()["feed"]):
        wait_until(lambda: following(base)["error"])
        wait_until(lambda: following(base)["lag_seconds"] > 0)
        assert get(base, "/readyz")[0] == 200
        assert get(base, "/readyz?max_lag=0")[0] == 503
    begun = monotonic()
    wait_until(lambda: following(base)["lag_seconds"] == 0 and following(base)["error"] is None)
    assert monotonic() - begun < 10
    for program in (first, second):
        log = program.log.read_text()
        assert "very-secret" not in log
        assert "ticket=" not in log


@contextmanager
def frozen(*groups: int) -> Iterator[None]:
    """Processes that do nothing, with all that they have started, and leave their connections as they are."""
    for group in groups:
        os.killpg(group, signal.SIGSTOP)
    try:
        yield
    finally:
        for group in groups:
            os.killpg(group, signal.SIGCONT)


@pytest.mark.slow
def test_a_follower_goes_on_after_a_restart_of_both(start: Start, sample_url: str, other_url: str) -> None:
    first = start("serve", *PORTS, DATABASE_URL=sample_url)
    leader = ready(first)
    second = start("serve", *PORTS, DATABASE_URL=other_url, FRENEMIES_FOLLOW=leader)
    base = ready(second)
    wait_until(lambda: head_of(other_url) == head_of(sample_url))
    assert first.end() == 0
    assert get(base, "/readyz")[0] == 200
    wait_until(lambda: following(base)["error"])
    assert second.end() == 0
    leader = ready(start("serve", *PORTS, DATABASE_URL=sample_url))
    send(leader, "/v1/entities/ant", {"kind": "company", "name": "Ant"}, "PUT")
    base = ready(start("serve", *PORTS, "--follow", leader, DATABASE_URL=other_url))
    wait_until(lambda: get(base, "/v1/entities/ant")[0] == 200)
    assert following(base)["leader"] == leader
    assert following(base)["error"] is None


@pytest.mark.slow
def test_a_follower_that_is_late_when_it_starts_answers_until_it_is_ready(
    start: Start, sample_url: str, other_url: str
) -> None:
    """However long its leader is away: that is when the copy is needed."""
    at = ("--port", str(free_port()), "--metrics-port", "0", "--feed-port", "0")
    first = start("serve", *at, DATABASE_URL=sample_url)
    leader = ready(first)
    late = {"DATABASE_URL": other_url, "FRENEMIES_FOLLOW": leader, "FRENEMIES_READY_LAG": "0.5"}
    second = start("serve", *PORTS, **late)
    ready(second)
    assert (second.end(), first.end()) == (0, 0)
    with connect(other_url) as connection:  # as it is after an hour
        hour = b"interval '1 hour'"
        connection.execute(b"UPDATE log.following SET heard_at = heard_at - %b, even_at = even_at - %b" % (hour, hour))
    port, seconds = free_port(), 10
    hurried = f"from service.serve import supervisor; supervisor.READY_WITHIN = {seconds};"
    third = start("serve", "--port", str(port), "--metrics-port", "0", before=hurried, **late)
    base = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(base))
    assert get(base, "/readyz")[0] == 503
    with pytest.raises(TimeoutExpired):
        third.process.wait(seconds + 1)
    assert get(base, "/v1/entities/red-hat")[0] == 200
    start("serve", *at, DATABASE_URL=sample_url)
    assert ready(third) == base
    assert get(base, "/readyz")[0] == 200


def answers(base: str) -> bool:
    """Whether questions are answered there."""
    with suppress(OSError):
        return get(base, "/v1/entities/red-hat")[0] == 200
    return False


@pytest.mark.slow
def test_a_copy_is_not_served_as_a_log_of_its_own_nor_recorded_in(
    start: Start, run: Run, sample_url: str, other_url: str
) -> None:
    leader = ready(start("serve", *PORTS, DATABASE_URL=sample_url))
    program = start("serve", *PORTS, "--follow", leader, DATABASE_URL=other_url)
    ready(program)
    wait_until(lambda: head_of(other_url) == head_of(sample_url))
    assert program.end() == 0
    alone = run("serve", *PORTS, DATABASE_URL=other_url)
    assert alone.exit_code == 2
    assert f"--follow {leader}" in alone.stderr
    entity = json.dumps({"record": "entity", "id": "ant", "kind": "company", "name": "Ant"})
    recorded = run("import", "-", input=entity, DATABASE_URL=other_url)
    assert recorded.exit_code == 4
    assert leader in recorded.stderr
    own = run("serve", *PORTS, "--follow", leader, DATABASE_URL=sample_url)
    assert own.exit_code == 4
    assert "a log of its own" in own.stderr


@pytest.mark.parametrize(
    ("option", "value"), [
        ("--follow", "leader"), ("--follow", "ftp://leader"), ("--follow", "http://me:secret@leader"),
        ("--follow", "http://leader?key=secret"), ("--follow-verifier", "x"),
    ],
)  # fmt: skip
def test_what_is_no_address_or_key_is_wrong_usage(run: Run, empty_database_url: str, option: str, value: str) -> None:
    result = run("serve", *PORTS, option, value, DATABASE_URL=empty_database_url)
    assert result.exit_code == 2
    assert option in result.stderr
    assert "secret" not in result.stderr
