"""`frenemies serve --relay` and `--follow-through`: two services with NATS between them, as programs."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.cli.conftest import Program, Run
from tests.cli.test_follow import KEY, following, head_of, log_of, other_url, send
from tests.cli.test_serve import get, ready, wait_until
from tests.feeding import wait_until as wait
from tests.jetstreams import NatsServer, nats_server
from tests.ports import free_port

__all__ = ["other_url"]
Start = Callable[..., Program]
PORTS = ("--port", "0", "--metrics-port", "0")


PERMISSIONS = """
authorization { users = [
  { user: all, password: very-secret }
  { user: relay, password: of-the-relay, permissions: { publish: [
    "frenemies.events.>", "$JS.API.STREAM.INFO.frenemies", "$JS.API.STREAM.CREATE.frenemies",
    "$JS.API.STREAM.MSG.GET.frenemies"] } }
  { user: reader, password: of-the-reader, permissions: { publish: [
    "$JS.API.CONSUMER.CREATE.frenemies", "$JS.API.CONSUMER.MSG.NEXT.frenemies.*"] } }
] }
"""
"""As docs/jetstream.md has them."""


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[NatsServer]:
    config = tmp_path / "nats.conf"
    config.write_text(PERMISSIONS)
    with nats_server(tmp_path, "-c", str(config), user="all:very-secret") as server:
        yield server


def test_permissions_are_those_of_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "jetstream.md").read_text()
    assert {name for name in page.split('"') if name.startswith("$JS.")} == {
        name for name in PERMISSIONS.split('"') if name.startswith("$JS.")
    }


@pytest.mark.slow
def test_a_leader_relays_and_a_follower_reads_from_nats_and_both_go_on_after_kills(
    start: Start, sample_url: str, other_url: str, nats: NatsServer
) -> None:
    port = free_port()
    first = start(
        "serve", "--port", "0", "--metrics-port", str(port), DATABASE_URL=sample_url, FRENEMIES_LOG_KEY=KEY,
        FRENEMIES_RELAY=nats.url.replace("all:very-secret", "relay:of-the-relay"),
    )  # fmt: skip
    leader = ready(first)
    through = nats.url.replace("all:very-secret", "reader:of-the-reader")
    second = start("serve", *PORTS, "--follow", leader, DATABASE_URL=other_url, FRENEMIES_FOLLOW_THROUGH=through)
    base = ready(second)
    wait(lambda: (found := nats.stream()) and found.state.last_seq == head_of(sample_url))
    wait_until(lambda: head_of(other_url) == head_of(sample_url))
    for number in range(3):
        relay, follower = first.children()["relay"], second.children()["follower"]
        send(leader, f"/v1/entities/e{number}", {"kind": "company", "name": f"E{number}"}, "PUT")
        os.kill(relay, signal.SIGKILL)
        os.kill(follower, signal.SIGKILL)
        nats.kill()
        nats.start()
        wait_until(lambda relay=relay: first.children().get("relay", relay) != relay)  # type: ignore[misc]
        wait_until(lambda before=follower: second.children().get("follower", before) != before)  # type: ignore[misc]
    wait_until(lambda: get(base, "/v1/entities/e2")[0] == 200)
    wait(lambda: (found := nats.stream()) and found.state.last_seq == head_of(sample_url))
    wait_until(lambda: head_of(other_url) == head_of(sample_url))
    assert log_of(other_url) == log_of(sample_url)
    assert following(base)["leader"] == leader
    told = urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()  # noqa: S310
    assert f'frenemies_relay_position{{stream="frenemies"}} {head_of(sample_url)}.0' in told
    for program in (first, second):
        assert program.end() == 0
        assert "of-the-re" not in program.log.read_text()


def test_what_is_no_address_of_nats_is_refused_and_a_follower_has_to_know_its_leader(run: Run) -> None:
    for options, said in (
        (("--relay", "http://example.org"), "--relay: it has to be like nats://host:4222"),
        (("--relay", "nats://a/b.c"), "the name of a stream has letters"),
        (("--follow", "nats://127.0.0.1"), "--follow URL --follow-through NATS"),
        (("--follow-through", "nats://127.0.0.1"), "--follow-through needs --follow URL"),
    ):
        result = run("serve", *options)
        assert result.exit_code == 2
        assert said in " ".join(result.stderr.split())
