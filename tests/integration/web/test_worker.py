"""The web server as clients on the network meet it: slow ones, those that send too much, and many that ask much."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from functools import partial
from http.client import HTTPConnection
from time import monotonic
from typing import Any, NamedTuple

import pytest

from service.app import create_app
from service.bootstrap import build, projections
from service.serve.address import listen
from service.serve.child import Child
from service.serve.server import serve_web
from service.serve.timed_socket import TimedSocket, TooSlow
from service.settings import Limits, Settings
from tests.conftest import Servers
from tests.feeding import wait_until
from tests.http import examples

HEAD_SECONDS = Limits().head_seconds
WORKERS, THREADS = 1, 4
CROWD = 40
LONGEST = 30.0
HEAVY = "/v1/entities/red-hat/timeline?limit=1"
LIGHT = "/v1/entities/red-hat/state?limit=1"
_OUTSIDE = ("FRENEMIES_", "DATABASE_URL", "GUNICORN_", "PROMETHEUS_")


class Answer(NamedTuple):
    """An answer, and how long it took."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float


class Web:
    """The web server on a database, at a port of its own."""

    def __init__(self, url: str, port: int) -> None:
        self.url = url
        self.port = port

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        begun = monotonic()
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=LONGEST)) as link:
            link.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = link.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, told, answer.read(), monotonic() - begun)

    def open(self, said: bytes = b"") -> socket.socket:
        """A connection on which so much was said."""
        link = socket.create_connection(("127.0.0.1", self.port), timeout=LONGEST)
        link.sendall(said)
        return link


@pytest.fixture(scope="module")
def web(servers: Servers) -> Iterator[Web]:
    """One process with four threads, and a company of which there are 550 claims."""
    url = servers.migrated(18)
    own = {name: value for name, value in os.environ.items() if not name.startswith(_OUTSIDE)}
    with ExitStack() as keep:
        keep.callback(servers.drop, url)
        _fill(url)
        link = keep.enter_context(listen("127.0.0.1", 0))
        program = partial(serve_web, link, WORKERS, THREADS)
        child = Child("web", program, own | {"DATABASE_URL": url}, files=[link.fileno()])
        keep.callback(lambda: child.end(monotonic() + 10))
        keep.callback(child.ask_to_end)
        child.tend()
        made = Web(url, link.getsockname()[1])
        wait_until(lambda: made.ask("/readyz").status == 200)
        yield made


def _fill(url: str) -> None:
    settings = Settings(database_url=url)
    services = build(settings, url)
    http = create_app(services.timeline, settings).test_client()
    others = [f"company-{number}" for number in range(110)]
    for name in ("red-hat", *others):
        assert http.put(f"/v1/entities/{name}", json=examples.registration()).status_code == 201
    http.post("/v1/articles", json=examples.article())
    for some in (others[:55], others[55:]):
        claims = [claim for other in some for claim in _investments(other)]
        assert http.post("/v1/claims", json={"claims": claims}).status_code == 201
    with projections(settings, url) as projectors:
        projectors.catch_up()
    services.close()


def _investments(other: str) -> list[dict[str, Any]]:
    people = [{"role": "investor", "entity": "red-hat"}, {"role": "investee", "entity": other}]
    return [examples.claim(participants=people, attributes={"round": str(number)}) for number in range(5)]


def answered(link: socket.socket) -> bytes:
    """What comes until the other side closes."""
    parts = []
    with suppress(ConnectionResetError):
        while part := link.recv(65_536):
            parts.append(part)
    return b"".join(parts)


@pytest.mark.case(number=80)
@pytest.mark.limit(name="head_seconds")
@pytest.mark.slow
def test_case_80_clients_that_do_not_say_what_they_want_keep_nobody_waiting(web: Web) -> None:
    """Slowloris header: proxy/gunicorn timeout"""
    begins = (b"", b"G", b"\r\n\r\n", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"\r\n")
    with ExitStack() as keep:
        slow = [keep.enter_context(web.open(said)) for said in begins * 10]
        for _ in range(3):
            answer = web.ask("/healthz")
            assert (answer.status, answer.seconds < HEAD_SECONDS / 2) == (200, True)
        begun = monotonic()
        dripping = keep.enter_context(web.open(begins[-2]))
        dripping.settimeout(0.5)
        while not _is_over(dripping):
            assert monotonic() - begun < HEAD_SECONDS + 5
        assert monotonic() - begun > HEAD_SECONDS / 2
        assert [answered(link) for link in slow] == [b""] * len(slow)
        assert monotonic() - begun < HEAD_SECONDS + 5


@pytest.mark.case(number=80)
def test_case_80_a_head_that_drips_is_read_when_it_is_whole(web: Web) -> None:
    """Slowloris header: proxy/gunicorn timeout"""
    with web.open(b"GET /healthz HTTP/1.1\r\n") as link:
        for part in (b"Host: ", b"x\r\n", b"Connection: close\r\n", b"\r", b"\n"):
            assert web.ask("/healthz").status == 200
            link.sendall(part)
        assert answered(link).startswith(b"HTTP/1.1 200 ")


def _is_over(link: socket.socket) -> bool:
    """Whether the other side has closed; if not, one more byte of a head is sent."""
    try:
        link.sendall(b"x")
        return link.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


@pytest.mark.case(number=80)
def test_case_80_what_follows_a_request_on_the_same_connection_may_be_slow_as_well(web: Web) -> None:
    """Slowloris header: proxy/gunicorn timeout"""
    whole = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with ExitStack() as keep:
        for _ in range(CROWD):
            keep.enter_context(web.open(whole + whole[:20]))
        assert web.ask("/healthz").seconds < HEAD_SECONDS / 2
        link = keep.enter_context(web.open(whole + whole + whole[:-2]))
        link.sendall(whole[-2:] + whole.replace(b"x\r\n", b"x\r\nConnection: close\r\n"))
        assert answered(link).count(b"HTTP/1.1 200 ") == 4


@pytest.mark.case(number=80)
def test_case_80_whoever_has_an_answer_and_does_not_go_keeps_nobody_waiting(web: Web) -> None:
    """Slowloris header: proxy/gunicorn timeout (likewise a body that nobody reads, and the end of a connection)"""
    unread = b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
    closing_ones = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with ExitStack() as keep:
        for said in (unread, closing_ones, b"NONSENSE\r\n\r\n") * 5:
            keep.enter_context(web.open(said))
        answer = web.ask("/healthz")
        # 15 of them on four threads, each for half a second.
        assert (answer.status, answer.seconds < HEAD_SECONDS) == (200, True)


def test_a_client_that_is_gone_before_it_said_anything_does_no_harm(web: Web) -> None:
    for said in (b"", b"GET /", b"GET /healthz HTTP/1.1\r\n"):
        for _ in range(CROWD):
            web.open(said).close()
        with web.open(said) as half:
            half.shutdown(socket.SHUT_WR)
            assert answered(half) == b""
        assert web.ask("/healthz").seconds < HEAD_SECONDS / 2


@pytest.mark.case(number=8)
@pytest.mark.parametrize("path", ["/v1/claims", "/v1/articles", "/v1/entities/x/rename"])
def test_case_08_a_body_without_a_length_is_read_no_further_than_its_limit(web: Web, path: str) -> None:
    """Body over 1 MiB, also chunked with no length: 413, connection closed"""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    piece = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    with web.open(head.encode()) as link:
        sent, answer = 0, b""
        link.settimeout(0.2)
        while not answer:
            assert sent < 64, "it is read for ever"
            try:
                link.sendall(piece)
                sent += 1
                answer = link.recv(65_536)
            except TimeoutError:
                continue
            except OSError:
                break
        assert b" 413 " in answer.split(b"\r\n")[0]
        link.settimeout(LONGEST)
        with pytest.raises(OSError, match="reset|pipe"):
            while True:
                link.sendall(piece)


def test_a_body_of_a_length_beyond_the_limit_is_refused_before_it_is_read(web: Web) -> None:
    head = (
        "POST /v1/claims HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n"
    )
    with web.open(head.encode()) as link:
        assert b" 413 " in link.recv(65_536).split(b"\r\n")[0]


@pytest.mark.slow
def test_questions_that_read_much_leave_threads_to_light_ones(web: Web) -> None:
    """A timeline reads each of its claims twice: more than 1,000 records, so it needs a turn."""
    assert web.ask(LIGHT).status == 200
    with ThreadPoolExecutor(12) as threads:
        heavy = [threads.submit(web.ask, HEAVY) for _ in range(24)]
        light = [web.ask(LIGHT) for _ in range(10)]
        found = [one.result() for one in heavy]
    assert {answer.status for answer in light} == {200}
    assert max(answer.seconds for answer in light) < HEAD_SECONDS
    assert {answer.status for answer in found} <= {200, 503}
    for answer in found:
        if answer.status == 503:
            assert json.loads(answer.body)["type"].endswith(("too-many-questions", "out-of-time"))
            assert answer.headers["retry-after"] == "1"


@pytest.mark.limit(name="body_seconds")
def test_a_connection_is_read_only_until_its_moment_however_little_comes_at_once() -> None:
    near, far = socket.socketpair()
    with TimedSocket.of(near) as link, far:
        far.sendall(b"ab")
        link.until = monotonic() + 0.2
        assert (link.recv(1), link.recv(1)) == (b"a", b"b")
        begun = monotonic()
        with pytest.raises(TooSlow):
            link.recv(1)
        assert 0.1 < monotonic() - begun < 2
        far.sendall(b"c")
        with pytest.raises(TooSlow):
            link.recv(1)
        link.until = None
        assert link.recv(1) == b"c"
        assert link.gettimeout() is None
