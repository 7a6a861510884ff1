"""A load balancer that asks `/readyz?max_lag=` takes a node that lags out, and in again: a follower, and a node that
reads from a replica.
"""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from urllib.request import urlopen

import pytest

from service.db import connect
from tests.balancing import Balancer, balancing
from tests.cli.conftest import Program
from tests.cli.test_follow import following, send
from tests.cli.test_serve import get, ready
from tests.conftest import Servers
from tests.feeding import wait_until
from tests.ports import free_port
from tests.replicas import Pair, replicating

Start = Callable[..., Program]
PORTS = ("--port", "0", "--metrics-port", "0")
ALONE = ("--workers", "1")
HEALTH = "/readyz?max_lag=2"
LONGEST = 60.0


def put(base: str, name: str) -> int:
    """Registers an entity, and gives the position of that."""
    return int(send(base, f"/v1/entities/{name}", {"kind": "company", "name": name.title()}, "PUT")["position"])


def has(balancer: Balancer, *names: str) -> bool:
    return balancer.inside == set(names)


def until_in(balancer: Balancer, *names: str) -> None:
    """Waits until just these nodes are in."""
    wait_until(lambda: has(balancer, *names), LONGEST, f"{sorted(balancer.inside)} are in")


def asked_in_turn(balancer: Balancer, path: str, times: int = 6) -> set[str]:
    """The nodes that answered, all of them with 200."""
    answers = [balancer.ask(path) for _ in range(times)]
    assert {status for _, status, _ in answers} == {200}
    return {name for name, _, _ in answers}


@pytest.fixture
def other_url(servers: Servers) -> Iterator[str]:
    """A second database with nothing in it."""
    url = servers.empty(18)
    yield url
    servers.drop(url)


@pytest.fixture
def pair() -> Iterator[Pair]:
    with replicating() as made:
        yield made


@pytest.mark.slow
def test_a_follower_that_lags_is_taken_out_and_in_again(start: Start, sample_url: str, other_url: str) -> None:
    leader = ready(start("serve", *PORTS, *ALONE, DATABASE_URL=sample_url))
    program = start("serve", *PORTS, *ALONE, "--follow", leader, DATABASE_URL=other_url)
    follower = ready(program)
    with balancing(HEALTH, leader=leader, follower=follower) as balancer:
        until_in(balancer, "leader", "follower")
        head = following(follower)["leader_position"]
        assert asked_in_turn(balancer, f"/v1/entities/red-hat?min_position={head}") == {"leader", "follower"}
        frozen = program.children()["follower"]
        os.kill(frozen, signal.SIGSTOP)
        try:
            position = put(leader, "ant")
            until_in(balancer, "leader")
            assert asked_in_turn(balancer, f"/v1/entities/ant?min_position={position}") == {"leader"}
            assert get(follower, "/v1/entities/ant")[0] == 404
            assert get(follower, HEALTH)[0] == 503
        finally:
            os.kill(frozen, signal.SIGCONT)
        until_in(balancer, "leader", "follower")
        assert following(follower)["lag_events"] == 0
        assert asked_in_turn(balancer, f"/v1/entities/ant?min_position={position}") == {"leader", "follower"}


@pytest.mark.slow
def test_a_node_whose_replica_lags_is_taken_out_and_in_again(start: Start, pair: Pair) -> None:
    url, there = pair.database()
    first = ready(start("serve", *PORTS, *ALONE, DATABASE_URL=url))
    second = ready(start("serve", *PORTS, *ALONE, "--read-database-url", there, DATABASE_URL=url))
    with balancing(HEALTH, first=first, second=second) as balancer:
        until_in(balancer, "first", "second")
        with pair.paused():
            position = put(first, "ant")
            until_in(balancer, "first")
            assert asked_in_turn(balancer, f"/v1/entities/ant?min_position={position}") == {"first"}
            told = json.loads(get(second, HEALTH)[1])
            assert told["replica"]["lag_seconds"] > 2
            assert get(second, f"/v1/entities/ant?min_position={position}")[0] == 200  # asked all the same, it answers
        until_in(balancer, "first", "second")
        assert asked_in_turn(balancer, f"/v1/entities/ant?min_position={position}") == {"first", "second"}


@pytest.mark.slow
def test_a_service_reads_from_its_replica_and_tells_prometheus_how_that_stands(start: Start, pair: Pair) -> None:
    url, there = pair.database()
    metrics_port = free_port()
    base = ready(
        start(
            "serve", "--port", "0", "--metrics-port", str(metrics_port), *ALONE,
            DATABASE_URL=url, READ_DATABASE_URL=there,
        )
    )  # fmt: skip
    position = put(base, "ant")
    wait_until(lambda: json.loads(get(base, "/readyz")[1])["replica"]["state"] == "current")
    assert get(base, f"/v1/entities/ant?min_position={position}")[0] == 200
    wait_until(lambda: scraped(metrics_port).get("frenemies_replica_used") == 1)
    assert scraped(metrics_port)['frenemies_replica_questions_total{outcome="answered"}'] >= 1
    with pair.paused():
        put(base, "bee")
        wait_until(lambda: scraped(metrics_port)["frenemies_replica_lag_seconds"] > 1)
        assert scraped(metrics_port)["frenemies_replica_lag_events"] == 1
        assert scraped(metrics_port)["frenemies_replica_position"] == position
    wait_until(lambda: scraped(metrics_port)["frenemies_replica_lag_seconds"] == 0)
    with connect(there) as connection:
        names = {str(name) for (name,) in connection.execute("SELECT application_name FROM pg_stat_activity")}
    assert {"frenemies-api-replica", "frenemies-watch"} <= names
    assert not {name for name in names if name.startswith("frenemies-projector")}


def scraped(port: int) -> dict[str, float]:
    """What Prometheus is told, by name and labels."""
    with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:  # noqa: S310
        text = answer.read().decode()
    return {name: float(value) for name, value in re.findall(r"^(frenemies_\S+) (\S+)$", text, re.MULTILINE)}
