"""Clients that are slow, and clients that are many."""

from __future__ import annotations

import resource
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import NamedTuple

import pytest
from eventsourcing.persistence import StoredEvent

from service.live.app import PATIENCE
from service.live.hub import THREADS
from service.live.links import LOOK_SECONDS
from service.serve.feed_worker import SILENCE_SECONDS
from service.settings import Limits
from service.store.postgres import PostgresStore
from service.store.protocol import Appended
from tests.feeding import FeedProcess, feeding, has_caught_up, is_at, wait_until

pytestmark = pytest.mark.slow
MANY = 1_000
REQUEST = b"GET /v1/feed HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n"
TOO_MUCH = 16 * 1024 * 1024
"""Bytes that the kernel does not keep for a client that does not read."""

Tell = Callable[..., Appended]


def asked(port: int, buffer: int | None = None) -> socket.socket:
    """A client that has asked for everything, and reads when it likes."""
    link = socket.socket()
    if buffer is not None:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    link.settimeout(30)
    link.connect(("127.0.0.1", port))
    link.sendall(REQUEST)
    return link


@contextmanager
def reading_slowly(link: socket.socket) -> Iterator[list[int]]:
    """Takes ten bytes a second, and notes how many until the end."""
    is_over, taken = Event(), [0]

    def read() -> None:
        try:
            while not is_over.wait(1):
                part = link.recv(10)
                taken[0] += len(part)
                if not part:
                    return
        except OSError:
            return

    thread = Thread(target=read, daemon=True)
    thread.start()
    yield taken
    is_over.set()
    thread.join(5)


def test_a_slow_client_is_cut_off_and_delays_nobody(process: FeedProcess, store: PostgresStore, tell: Tell) -> None:
    state = b'{"text":"%b"}' % (b"x" * 16_000)
    for batch in range(TOO_MUCH // 16_000 // 100 + 1):
        store.append([StoredEvent(f"work-big-{batch}", version, "Noted.v1", state) for version in range(1, 101)])
    position = store.head()
    with asked(process.port, 4_096) as slow, process.listen() as fast, reading_slowly(slow):
        begun = monotonic()
        fast.until(has_caught_up)
        assert fast.positions == list(range(1, position + 1))
        worst = 0.0
        while process.counted("frenemies_streams_cut_total") == 0:
            assert monotonic() - begun < PATIENCE + LOOK_SECONDS + 10
            position += 1
            sent = monotonic()
            tell()
            fast.until(is_at(position))
            worst = max(worst, monotonic() - sent)
        assert monotonic() - begun > PATIENCE - 2
        assert worst < 0.5  # 0.1 where nobody else is on the machine
        wait_until(lambda: process.counted("frenemies_streams") == 1)
        tell()
        fast.until(is_at(position + 1))
        assert process.counted("frenemies_streams_cut_total") == 1
        slow.settimeout(10)
        with pytest.raises(ConnectionResetError):
            while slow.recv(65_536):
                pass


class Held(NamedTuple):
    """What a process holds."""

    files: int
    threads: int
    resident: int


def held_by(pid: int) -> Held:
    proc = Path(f"/proc/{pid}")
    pages = int((proc / "statm").read_text().split()[1])
    return Held(len(list((proc / "fd").iterdir())), len(list((proc / "task").iterdir())), pages)


@contextmanager
def many_files() -> Iterator[None]:
    """This process may have as many files as the clients need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2 * MANY:
        pytest.skip("a process may not have so many files here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * MANY), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_thousand_streams_leave_nothing_behind(process: FeedProcess, tell: Tell) -> None:
    tell(20)
    process.get()
    (worker,) = process.workers
    with process.listen() as one, many_files():
        one.until(has_caught_up)
        before = held_by(worker)
        after = []
        for round_ in range(3):
            links = [asked(process.port) for _ in range(MANY - 1)]
            wait_until(lambda: process.counted("frenemies_streams") == MANY)
            assert process.get(Accept="text/event-stream").status == 503
            tell()
            one.until(is_at(21 + round_))
            for link in links:
                read_until(link, b'"sequence":"%d"' % (21 + round_))
            for number, link in enumerate(links):
                if number % 2:  # a reset in place of a goodbye
                    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                else:
                    link.shutdown(socket.SHUT_WR if number % 4 else socket.SHUT_RDWR)
                link.close()
            wait_until(lambda: process.counted("frenemies_streams") == 1)
            # Those who read the database are there by now, each with a connection.
            wait_until(lambda: held_by(worker).files <= before.files + THREADS)
            after.append(held_by(worker))
        assert process.workers == [worker]
        assert all(held.threads <= before.threads + THREADS for held in after)
        assert after[-1].resident < after[0].resident * 1.1
        tell()
        one.until(is_at(24))


def read_until(link: socket.socket, wanted: bytes) -> None:
    seen = b""
    while wanted not in seen:
        part = link.recv(65_536)
        assert part, "it was closed"
        seen += part


@pytest.mark.case(number=80)
def test_a_client_that_does_not_say_what_it_wants_is_let_go(process: FeedProcess) -> None:
    with socket.create_connection(("127.0.0.1", process.port), SILENCE_SECONDS + 10) as link:
        link.sendall(REQUEST[:20])
        begun = monotonic()
        with suppress(ConnectionResetError):
            assert link.recv(1_000) == b""
        assert SILENCE_SECONDS - 2 < monotonic() - begun < SILENCE_SECONDS + 5


def test_it_may_have_as_many_files_as_there_may_be_streams(database_url: str) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 400), hard))
    try:
        with feeding(database_url) as process:
            (worker,) = process.workers
            limits = Path(f"/proc/{worker}/limits").read_text().splitlines()
            (line,) = [line for line in limits if line.startswith("Max open files")]
            assert int(line.split()[3]) > Limits().streams
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.case(number=80)
def test_clients_that_only_knock_are_let_go(process: FeedProcess) -> None:
    (worker,) = process.workers
    process.get()
    before = held_by(worker)
    links = [socket.create_connection(("127.0.0.1", process.port)) for _ in range(100)]
    for link in links:
        link.sendall(b"GET /v1/feed HTTP/1.1\r\nHo")
    wait_until(lambda: held_by(worker).files > before.files)
    for link in links:
        link.close()
    wait_until(lambda: held_by(worker).files <= before.files)
    assert process.get().status == 200
