"""Every answer of every process tells browsers the same, also what a server refuses before an application is asked."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from service.http.security import ALWAYS, NOTHING, POLICY
from tests.cli.conftest import Program
from tests.cli.test_serve import ready
from tests.conftest import Servers
from tests.ports import free_port

LONG = "x" * 20_000
STREAM = "Host: a\r\nAccept: text/event-stream"
CHUNKED = "Host: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
REQUESTS = {
    "page": ("web", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 200),
    "page that is none": ("web", "GET /entity/nobody HTTP/1.1\r\nHost: a\r\n\r\n", 404),
    "answer": ("web", "GET /v1/entities HTTP/1.1\r\nHost: a\r\n\r\n", 200),
    "stream, sent on": ("web", f"GET /v1/feed HTTP/1.1\r\n{STREAM}\r\n\r\n", 307),
    "style": ("web", "GET /static/style.css HTTP/1.1\r\nHost: a\r\n\r\n", 200),
    "no request": ("web", "nonsense\r\n\r\n", 400),
    "no header": ("web", "GET / HTTP/1.1\r\nHost a\r\n\r\n", 400),
    "header on two lines": ("web", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400),
    "long address": ("web", f"GET /{LONG} HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "long header": ("web", f"GET / HTTP/1.1\r\nX: {LONG}\r\n\r\n", 431),
    "unknown coding": ("web", "POST /v1/claims HTTP/1.1\r\nTransfer-Encoding: brotli\r\n\r\n", 501),
    "two lengths": (
        "web",
        "POST /v1/claims HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
        400,
    ),
    "length and chunks": ("web", f"POST /v1/claims HTTP/1.1\r\nContent-Length: 5\r\n{CHUNKED}0\r\n\r\n", 400),
    "chunk that is none": ("web", f"POST /v1/claims HTTP/1.1\r\n{CHUNKED}zz\r\n{{}}\r\n0\r\n\r\n", 400),
    "stream": ("feed", f"GET /v1/feed HTTP/1.1\r\n{STREAM}\r\n\r\n", 200),
    "waiting page": ("feed", "GET /v1/feed HTTP/1.1\r\nHost: a\r\n\r\n", 200),
    "health of the feed": ("feed", "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 200),
    "not of the feed": ("feed", "GET /v1/entities HTTP/1.1\r\nHost: a\r\n\r\n", 404),
    "method of the feed": ("feed", "DELETE /v1/feed HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    "no request of the feed": ("feed", "nonsense\r\n\r\n", 400),
    "long address of the feed": ("feed", f"GET /{LONG} HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "metrics": ("metrics", "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", 200),
    "no metrics": ("metrics", "GET /<script> HTTP/1.1\r\nHost: a\r\n\r\n", 404),
    "method of metrics": ("metrics", "POST /metrics HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    "no request of metrics": ("metrics", "GET <script> x HTTP/1.1\r\n\r\n", 400),
}
"""By name: which process is asked, what is sent, and the status of the answer."""


class Answered(NamedTuple):
    """The beginning of an answer: its status, headers, and what came of its body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@pytest.fixture(scope="module")
def ports(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """The ports of the processes of a running service."""
    url = servers.migrated(18)
    found = {"feed": free_port(), "metrics": free_port()}
    options = [one for name, port in found.items() for one in (f"--{name}-port", str(port))]
    log = tmp_path_factory.mktemp("served") / "stderr.log"
    program = Program(("serve", "--port", "0", *options), {"DATABASE_URL": url}, log)
    yield found | {"web": urlsplit(ready(program)).port or 0}
    program.end()
    servers.drop(url)


def ask(port: int, request: str) -> Answered:
    """The answer to bytes as they are; of a body no more than comes with its beginning, or soon."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as link:
        link.sendall(request.encode("latin-1"))
        raw = b""
        while b"\r\n\r\n" not in raw:
            block = link.recv(65_536)
            assert block, raw
            raw += block
        head, _, body = raw.partition(b"\r\n\r\n")
        line, *rest = head.decode("latin-1").split("\r\n")
        pairs = [one.partition(": ") for one in rest]
        headers = {name.lower(): value for name, _, value in pairs}
        assert len(headers) == len(pairs) or "link" in headers, "a header is said twice"
        length = int(headers.get("content-length", "0"))
        while len(body) < length and (block := link.recv(65_536)):
            body += block
    return Answered(int(line.split()[1]), headers, body)


@pytest.mark.slow
@pytest.mark.parametrize("name", REQUESTS)
def test_every_answer_of_every_process_is_guarded(ports: dict[str, int], name: str) -> None:
    process, request, status = REQUESTS[name]
    answer = ask(ports[process], request)
    assert answer.status == status, answer
    assert {key: answer.headers.get(key.lower()) for key in ALWAYS} == dict(ALWAYS)
    policy = answer.headers[POLICY.lower()]
    assert policy == NOTHING or (name.startswith("page") and "unsafe" not in policy)
    assert not re.search("[0-9]", answer.headers.get("server", "")), "it tells its version"
    assert "access-control-allow-origin" not in answer.headers and "x-powered-by" not in answer.headers
    if status >= 400:
        assert answer.headers["cache-control"] == "no-store"
        assert "html" not in answer.headers["content-type"] or name.startswith("page")
    if status >= 400 and process != "metrics" and not name.startswith("page"):
        assert answer.headers["content-type"] == "application/problem+json"
        told = json.loads(answer.body)
        assert (told["status"], told["request_id"]) == (status, answer.headers["x-request-id"])
