"""Secrets are in nothing that the service writes, whatever is done with it."""

from __future__ import annotations

import json
import socket
from base64 import b64encode
from collections.abc import Iterator
from http.client import HTTPConnection
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from service.tree.keys import new_signer
from tests.cli.conftest import LONGEST, Program
from tests.cli.test_serve import Start, ready, wait_until
from tests.conftest import Servers

ADMIN, OTHER, QUERY = "canary-admin-0123", "canary-other-0123", "canary-query-0123"
FEED, FOLLOW, PASSWORD, MIGRATING = "canary-feed", "canary-follow", "canary-password", "canary-migrating"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Used:
    """A running service, all that it writes, and the secrets that it was told or told."""

    def __init__(self, program: Program, secrets: list[str]) -> None:
        self._program = program
        self.secrets = secrets
        self.base = ready(program)
        self.feed = ""
        self._printed: list[str] = []
        self._reading = Thread(target=self._read, daemon=True)
        self._reading.start()

    def ask(self, method: str, target: str, body: Any = None, key: str | None = ADMIN, **headers: str) -> Any:
        """Status, headers and body; the base is that of the API unless the target names another one."""
        parts = urlsplit(target if target.startswith("http") else self.base + target)
        link = HTTPConnection(parts.hostname or "", parts.port, timeout=LONGEST)
        given = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        try:
            link.request(method, f"{parts.path}?{parts.query}", json.dumps(body) if body else None, given | headers)
            answer = link.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            link.close()

    def shout(self, text: bytes) -> None:
        """Sends what is no proper request, and waits for whatever comes back."""
        parts = urlsplit(self.base)
        with socket.create_connection((parts.hostname, parts.port), timeout=LONGEST) as link:
            link.sendall(text)
            link.recv(65_536)

    def end(self) -> tuple[list[dict[str, Any]], str]:
        """Ends it. Gives the lines that it logged, and what it printed."""
        assert self._program.end() == 0
        self._reading.join(LONGEST)
        return [json.loads(line) for line in self._program.log.read_text().splitlines()], "".join(self._printed)

    def logged(self, text: str) -> bool:
        return text in self._program.log.read_text()

    def _read(self) -> None:
        assert self._program.process.stdout is not None
        for line in self._program.process.stdout:
            self._printed.append(line.decode())


@pytest.fixture
def used(start: Start, empty_database_url: str) -> Iterator[Used]:
    """It also writes its traces."""
    key = new_signer("canary-log").secret()
    program = start(
        "serve", "--port", "0", "--allow-loopback-webhooks",
        DATABASE_URL=with_password(empty_database_url, PASSWORD),
        MIGRATE_URL=with_password(empty_database_url, MIGRATING),
        FRENEMIES_ADMIN_KEY=ADMIN, FRENEMIES_FEED_SECRET=FEED, FRENEMIES_FOLLOW_KEY=FOLLOW, FRENEMIES_LOG_KEY=key,
        FRENEMIES_METRICS_PORT="0", OTEL_TRACES_EXPORTER="console",
    )  # fmt: skip
    yield Used(program, [ADMIN, OTHER, QUERY, FEED, FOLLOW, PASSWORD, MIGRATING, key, key.split("+", 4)[4]])


def with_password(url: str, password: str) -> str:
    """The server asks for none, and takes any."""
    scheme, _, rest = url.partition("://")
    user, at, where = rest.rpartition("@")
    return f"{scheme}://{user or 'postgres'}:{password}@{where}" if at else f"{scheme}://postgres:{password}@{rest}"


@pytest.mark.slow
def test_no_secret_is_in_logs_traces_or_output(used: Used, servers: Servers, empty_database_url: str) -> None:
    entity = {"kind": "company", "name": "Ant"}
    assert used.ask("PUT", "/v1/entities/ant", entity, traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")[0] == 201
    wrong_ways(used)
    secret = subscribed(used)
    ticket = streamed(used)
    without_database(used, servers, empty_database_url)
    lines, printed = used.end()
    written = json.dumps(lines) + printed
    assert not [one for one in (*used.secrets, secret, ticket) if one in written]
    requests = [line for line in lines if line["event"] == "request"]
    assert {line["key"] for line in requests} == {"admin", None}
    assert {200, 201, 307, 401, 503} <= {line["status"] for line in requests}
    assert [line["status"] for line in requests if line.get("trace_id") == TRACE] == [201]
    spans = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    of_put = {span["name"] for span in spans if span["context"]["trace_id"] == f"0x{TRACE}"}
    assert {"PUT /v1/entities/<id>", "append", "flush", "query"} <= of_put
    assert {"project", "deliver"} <= {span["name"] for span in spans}


def wrong_ways(used: Used) -> None:
    """To show a key that is none, or where it does not belong."""
    assert used.ask("GET", "/v1/entities/ant", key=OTHER)[0] == 401
    assert used.ask("GET", f"/v1/entities/ant?key={QUERY}")[0] == 422
    assert used.ask("GET", f"/v1/nothing/{QUERY}")[0] == 404
    basic = b64encode(f"me:{OTHER}".encode()).decode()
    used.secrets.append(basic)
    assert used.ask("GET", "/", key=None, Authorization=f"Basic {basic}")[0] == 401
    for text in (
        f"GET /?ticket={QUERY} HTTP/9.9\r\nAuthorization: Bearer {ADMIN}\r\n\r\n",
        f"GET / HTTP/1.1\r\nAuthorization : Bearer {ADMIN}\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {OTHER}\r\n {ADMIN}\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN}\x00\r\n\r\n",
    ):
        used.shout(text.encode())


def subscribed(used: Used) -> str:
    """The secret of a webhook that leads nowhere, and of which an attempt has failed."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    status, _, body = used.ask("POST", "/v1/subscriptions", {"url": f"http://127.0.0.1:{port}/hook"})
    assert status == 201
    made = json.loads(body)
    assert used.ask("PUT", "/v1/entities/bee", {"kind": "company", "name": "Bee"})[0] == 201
    wait_until(lambda: b"no connection" in used.ask("GET", f"/v1/subscriptions/{made['id']}/deliveries")[2])
    return str(made["secret"]).removeprefix("whsec_")


def streamed(used: Used) -> str:
    """The ticket with which the API sends somebody on, taken by the feed process, and refused when touched."""
    last = json.loads(used.ask("GET", "/v1/feed")[2])[-1]["id"]
    status, headers, _ = used.ask("GET", f"/v1/feed?timeout=1&lastEventId={last}")
    assert status == 307
    target = headers["Location"]
    assert used.ask("GET", target, key=None)[0] == 200
    assert used.ask("GET", target + "x", key=None)[0] == 401
    assert used.ask("GET", target.partition("?")[0] + f"?key={QUERY}", key=OTHER)[0] == 401
    return target.partition("ticket=")[2]


def without_database(used: Used, servers: Servers, url: str) -> None:
    """Everybody meets a database that is gone."""
    servers.drop(url)
    wait_until(lambda: used.ask("GET", "/v1/entities/ant")[0] == 503)
    wait_until(lambda: used.logged("interrupted"))


@pytest.mark.slow
def test_the_key_for_a_leader_is_in_no_line_of_a_follower(start: Start, empty_database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        leader = f"http://127.0.0.1:{closed.getsockname()[1]}"
    program = start(
        "serve", "--port", "0", "--follow", leader, "--follow-key", FOLLOW, FRENEMIES_METRICS_PORT="0",
        DATABASE_URL=empty_database_url,
    )  # fmt: skip
    wait_until(lambda: "waiting for the leader" in program.log.read_text())
    program.end()
    assert FOLLOW not in program.log.read_text()


@pytest.mark.parametrize(
    "url",
    [
        f"postgres//me:{PASSWORD}@127.0.0.1/x",
        f"postgresql://me:{PASSWORD}@127.0.0.1:1/x",
        f"postgresql://me:{PASSWORD}@127.0.0.1:port/x",
        f"host=127.0.0.1 port=1 password={PASSWORD} nonsense=1",
        f"postgresql://me:{PASSWORD}@[127.0.0.1/x",
    ],
)
def test_an_address_of_the_database_that_is_wrong_is_told_without_its_password(run: Any, url: str) -> None:
    result = run("serve", "--port", "0", DATABASE_URL=url)
    assert result.exit_code in (2, 4)
    assert PASSWORD not in result.output + result.stderr
