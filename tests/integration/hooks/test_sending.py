"""One attempt against receivers that misbehave (case 75)."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import pytest

from service.hooks.guarding import Guard
from service.hooks.sending import DELIVERED, MOST_READ, REFUSED, SLOW, UNREACHABLE, Answer, Transport
from tests.sink import Received, Sink, sink

SHORT = 1.0
"""Seconds for an attempt in these tests."""
HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def receiver() -> Iterator[Sink]:
    with sink() as made:
        yield made


def post(url: str, body: bytes = b"{}", deadline: float = SHORT) -> Answer:
    return Transport(Guard(loopback=True)).post(url, {"webhook-id": "1"}, body, deadline)


@contextmanager
def raw(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of a server that does this with each link."""
    with socket.create_server(("127.0.0.1", 0)) as front:

        def run() -> None:
            try:
                while True:
                    link, _ = front.accept()
                    Thread(target=one, args=(link,), daemon=True).start()
            except OSError:
                return

        def one(link: socket.socket) -> None:
            with link:
                try:
                    behave(link)
                except OSError:
                    return

        Thread(target=run, daemon=True).start()
        yield f"http://127.0.0.1:{front.getsockname()[1]}/"
        front.shutdown(socket.SHUT_RDWR)


def take(link: socket.socket) -> None:
    """Reads the request to its end: of a link that is closed before, the answer may be lost."""
    taken = b""
    while not taken.endswith(b"{}"):
        block = link.recv(65_536)
        if not block:
            return
        taken += block


def dripping(link: socket.socket) -> None:
    """An answer of one byte every tenth of a second."""
    take(link)
    for byte in HEAD + b"Content-Length: 1000\r\n\r\n" + b"x" * 1_000:
        link.sendall(bytes((byte,)))
        sleep(0.1)


def endless_head(link: socket.socket) -> None:
    take(link)
    while True:
        link.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" * 100)


def endless_body(link: socket.socket) -> None:
    take(link)
    link.sendall(HEAD + b"Content-Length: 10485760\r\n\r\n")
    for _ in range(160):
        link.sendall(b"x" * 65_536)


def not_reading(link: socket.socket) -> None:
    sleep(20)


def half_an_answer(link: socket.socket) -> None:
    take(link)
    link.sendall(HEAD + b"Content-Length: 10\r\n\r\nx")


def no_http(link: socket.socket) -> None:
    take(link)
    link.sendall(b"220 mail.example.org ESMTP\r\n")


def silent(link: socket.socket) -> None:
    take(link)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_an_answer_of_2xx_is_a_delivery(receiver: Sink, status: int) -> None:
    receiver.behave = lambda received, handler: status
    assert (post(receiver.url).result, post(receiver.url).status) == (DELIVERED, status)


@pytest.mark.parametrize("status", [300, 301, 400, 401, 404, 410, 429, 500, 503])
def test_any_other_answer_is_a_refusal(receiver: Sink, status: int) -> None:
    receiver.behave = lambda received, handler: status
    answer = post(receiver.url)
    assert (answer.result, answer.status) == (REFUSED, status)


@pytest.mark.case(number=75)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver: Sink, status: int) -> None:
    def redirect(received: Received, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Location", receiver.url + "/elsewhere")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    receiver.behave = redirect
    answer = post(receiver.url)
    assert (answer.result, answer.status) == (REFUSED, status)
    assert [one.path for one in receiver.seen] == ["/hook"]


@pytest.mark.case(number=75)
@pytest.mark.parametrize(
    ("behave", "result", "status"),
    [
        (dripping, SLOW, None),
        (not_reading, SLOW, None),
        (endless_head, REFUSED, None),
        (endless_body, REFUSED, 200),
        (half_an_answer, UNREACHABLE, 200),
        (no_http, UNREACHABLE, None),
        (silent, UNREACHABLE, None),
    ],
)
def test_an_answer_that_does_not_end_well_is_a_failure_in_time(
    behave: Callable[[socket.socket], None], result: str, status: int | None
) -> None:
    begun = monotonic()
    with raw(behave) as url:
        answer = post(url)
    assert (answer.result, answer.status) == (result, status), answer
    assert monotonic() - begun < SHORT + 3


def test_a_receiver_that_takes_a_long_body_bit_by_bit_has_one_deadline_too() -> None:
    def sipping(link: socket.socket) -> None:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        while link.recv(512):
            sleep(0.02)

    begun = monotonic()
    with raw(sipping) as url:
        assert post(url, b"x" * 50_000_000).result == SLOW
    assert monotonic() - begun < SHORT + 3


@pytest.mark.case(number=75)
def test_no_more_of_an_answer_is_read_than_is_allowed() -> None:
    sent = 0
    gone = Event()

    def pour(link: socket.socket) -> None:
        nonlocal sent
        link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        take(link)
        link.sendall(HEAD + b"Connection: close\r\n\r\n")
        try:
            while True:
                sent += link.send(b"x" * 4_096)
        finally:
            gone.set()

    with raw(pour) as url:
        assert post(url).detail == f"the answer is longer than {MOST_READ} bytes"
        assert gone.wait(5)
    assert sent < 6_000_000  # what both kernels hold; 10 MB would have gone through


def test_a_port_where_nobody_listens_is_told_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as front:
        port = front.getsockname()[1]
    answer = post(f"http://127.0.0.1:{port}/")
    assert (answer.result, answer.status, answer.detail) == (UNREACHABLE, None, "no connection: Connection refused")


def test_no_proxy_of_the_environment_is_asked(receiver: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    assert post(receiver.url).is_success


def test_the_wish_of_a_busy_receiver_is_heard(receiver: Sink) -> None:
    def busy(received: Received, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(503)
        handler.send_header("Retry-After", "120")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    receiver.behave = busy
    assert post(receiver.url).retry_after == "120"


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of hook.example.org, with its key."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    subprocess.run(
        ["/usr/bin/env", "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=hook.example.org", "-addext", "subjectAltName=DNS:hook.example.org",
         "-keyout", path, "-out", path],
        check=True, capture_output=True,
    )  # fmt: skip
    return path


@contextmanager
def secure(certificate: Path, names: list[str | None]) -> Iterator[int]:
    """The port of a server that notes which name it was asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    key = certificate.read_text().split("-----BEGIN CERTIFICATE-----")[0]
    (certificate.parent / "key.pem").write_text(key)
    context.load_cert_chain(certificate, certificate.parent / "key.pem")
    context.sni_callback = lambda link, name, _: names.append(name)

    def answer(link: socket.socket) -> None:
        with context.wrap_socket(link, server_side=True) as tls:
            take(tls)
            tls.sendall(HEAD + b"Content-Length: 0\r\n\r\n")

    with raw(answer) as url:
        yield int(url.rsplit(":", 1)[1].strip("/"))


def test_the_certificate_is_that_of_the_name_though_the_address_is_connected_to(certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    transport = Transport(Guard(loopback=True, resolve=lambda host, port: ["127.0.0.1"]), trusting)
    names: list[str | None] = []
    with secure(certificate, names) as port:
        assert transport.post(f"https://hook.example.org:{port}/", {}, b"{}", 5).is_success
        other = transport.post(f"https://other.example.org:{port}/", {}, b"{}", 5)
    assert names == ["hook.example.org", "other.example.org"]
    assert (other.result, other.status) == (UNREACHABLE, None)
    assert other.detail.startswith("no secure connection")


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    transport = Transport(Guard(loopback=True, resolve=lambda host, port: ["127.0.0.1"]))
    with secure(certificate, []) as port:
        answer = transport.post(f"https://hook.example.org:{port}/", {}, b"{}", 5)
    assert answer.detail == "no secure connection: CERTIFICATE_VERIFY_FAILED"


def test_a_handshake_that_does_not_end_has_the_same_deadline() -> None:
    with raw(not_reading) as url:
        answer = post(url.replace("http:", "https:"))
    assert answer.result == SLOW
