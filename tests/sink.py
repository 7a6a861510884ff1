"""Somebody who receives webhooks: an HTTP server on loopback that answers as a test wants it to."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import Any

import msgspec

Behaviour = Callable[["Received", BaseHTTPRequestHandler], int | None]
"""Gives the status to answer with, or None when it has answered by itself."""


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float
    """When it came, in seconds since 1970."""

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = msgspec.json.decode(self.body)
        return event

    @property
    def position(self) -> int:
        return int(self.event["sequence"])


class Sink:
    """Keeps every request in `seen`, and in `taken` those that it answered with 2xx, in this order."""

    def __init__(self, link: socket.socket) -> None:
        self.url = f"http://127.0.0.1:{link.getsockname()[1]}/hook"
        self.behave: Behaviour = lambda received, handler: 204
        self.seen: list[Received] = []
        self.taken: list[Received] = []
        self._changed = Condition()

    def wait(self, is_enough: Callable[[], bool], seconds: float = 20.0) -> None:
        """Until something holds of what came in; fails when it does not come to that."""
        with self._changed:
            assert self._changed.wait_for(is_enough, seconds), f"{len(self.seen)} seen, {len(self.taken)} taken"

    def positions(self) -> list[int]:
        """The positions of the events taken, each once, in the order in which they were first taken."""
        return list(dict.fromkeys(one.position for one in self.taken))

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers["Content-Length"])
        headers = {name.lower(): value for name, value in handler.headers.items()}
        received = Received(handler.path, headers, handler.rfile.read(length), time.time())
        if len(received.body) < length:
            return  # the sender was killed meanwhile
        with self._changed:
            self.seen.append(received)
            self._changed.notify_all()
        status = self.behave(received, handler)
        if status is None:
            return
        if 200 <= status < 300:
            with self._changed:  # before the answer: who has it may be asked at once
                self.taken.append(received)
                self._changed.notify_all()
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()


@contextmanager
def sink() -> Iterator[Sink]:
    """A receiver for the time of the block."""
    receiver: Sink

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            with suppress(OSError):
                receiver.answer(self)

        def log_message(self, *_: object) -> None:
            """Nothing is told."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver = Sink(server.socket)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield receiver
    server.shutdown()
    server.server_close()
    thread.join()
