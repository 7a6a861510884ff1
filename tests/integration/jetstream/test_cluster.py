"""Three servers of NATS that keep the stream together, of which one at a time is lost with all that it had."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.feeding import wait_until
from tests.integration.following.conftest import Site
from tests.integration.jetstream.conftest import feed_of, relaying
from tests.jetstreams import NatsServer
from tests.ports import free_port


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[list[NatsServer]]:
    ports = [free_port() for _ in range(3)]
    routes = ",".join(f"nats://127.0.0.1:{port}" for port in ports)
    servers = []
    for number, port in enumerate(ports):
        folder = tmp_path / str(number)
        folder.mkdir()
        options = ["-n", f"n{number}", "--cluster_name", "c", "--cluster", f"nats://127.0.0.1:{port}"]
        servers.append(NatsServer(folder, *options, "--routes", routes))
    for server in servers:
        server.launch()
    try:
        yield servers
    finally:
        for server in servers:
            server.kill()


def is_whole(cluster: list[NatsServer], leader: Site) -> bool:
    """Whether the stream is as long as the log, on all servers."""
    stream = cluster[0].stream()
    return (
        stream is not None
        and stream.state.last_seq == leader.services.timeline.feed.head()
        and stream.cluster.leader is not None
        and len(stream.cluster.replicas) == 2
        and all(peer.current and not peer.offline for peer in stream.cluster.replicas)
    )


@pytest.mark.slow
def test_a_cluster_of_three_goes_on_without_any_one_of_them_and_fills_it_again(
    cluster: list[NatsServer], leader: Site
) -> None:
    for server in cluster:
        wait_until(server._answers, 60)
    place = ",".join(server.url for server in cluster)
    number = 0
    with relaying(leader.url, place, relay_replicas=3):
        wait_until(lambda: is_whole(cluster, leader), 60)
        for lost in cluster:
            lost.kill()
            shutil.rmtree(lost.data)
            others = [server for server in cluster if server is not lost]
            for _ in range(20):
                leader.record({"record": "entity", "id": f"e{number}", "kind": "company", "name": f"E{number}"})
                number += 1
            head = leader.services.timeline.feed.head()
            wait_until(lambda at=others[0], head=head: (one := at.stream()) and one.state.last_seq == head, 60)  # type: ignore[misc]
            lost.start()
            wait_until(lambda: is_whole(cluster, leader), 60)
    assert [body for _, _, _, body in cluster[0].messages()] == feed_of(leader)
