"""The feed process beside a test, and clients that listen to it."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any, NamedTuple, Self

from service.feeds.tickets import Tickets
from service.keys.scopes import ADMIN_ID
from service.serve.address import listen
from service.serve.child import Child
from service.serve.feeding import Feeding
from service.serve.metrics import Counted
from service.slots import FOLDER

LONGEST = 30.0
"""Seconds that anything may take that has no limit of its own."""
STREAM = {"Accept": "text/event-stream"}
_OUTSIDE = ("FRENEMIES_", "DATABASE_URL", "FEED_URL", "GUNICORN_", "PROMETHEUS_")
_BATCH = 65_536


class FeedProcess:
    """The feed process on a database, at a port of its own."""

    def __init__(self, url: str, folder: str, link: socket.socket, environment: dict[str, str]) -> None:
        self.port: int = link.getsockname()[1]
        self.secret = secrets.token_hex(32)
        self._folder = Path(folder)
        feeding = Feeding(link, self.secret)
        own = {name: value for name, value in os.environ.items() if not name.startswith(_OUTSIDE)}
        quiet = {"FRENEMIES_LOG_REQUESTS": "0"}  # what a failed test prints is to be about the failure
        given = own | quiet | {"DATABASE_URL": url, FOLDER: folder} | environment | feeding.told_to_children()
        self._child: Child = feeding.child(given)
        self.start()

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        self._child.tend()
        wait_until(self._answers)

    def end(self, seconds: float = 10.0) -> None:
        """Has it end as the supervisor does."""
        self._child.ask_to_end()
        self._child.end(monotonic() + seconds)

    def ask_to_end(self) -> None:
        self._child.ask_to_end()

    @property
    def workers(self) -> list[int]:
        """The processes that serve."""
        pid = self._child.pid
        return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))

    def kill_worker(self) -> None:
        for worker in self.workers:
            os.kill(worker, signal.SIGKILL)

    def counted(self, name: str) -> float:
        """What the process has counted, as Prometheus would be told."""
        return sum(
            sample.value
            for metric in Counted(self._folder).collect()
            for sample in metric.samples
            if sample.name == name
        )

    def get(self, query: str = "", path: str = "/v1/feed", method: str = "GET", **headers: str) -> Answer:
        """A whole answer."""
        link, response = _asked(self.port, f"{path}?{query}".rstrip("?"), method, headers)
        try:
            return Answer(
                response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
            )
        finally:
            link.close()

    def listen(self, query: str = "", **headers: str) -> Listener:
        """A stream that is open; the test closes it."""
        return Listener(self.port, query, headers)

    def ticketed(self, query: str, holder: str = ADMIN_ID) -> str:
        """The query with a ticket for a key, as the API writes it."""
        import time

        return f"{query}&ticket={Tickets(self.secret).issue(query, holder, time.time())}".removeprefix("&")

    def _answers(self) -> bool:
        try:
            return self.get(path="/healthz").status == 200
        except (OSError, HTTPException):
            return False


class Answer(NamedTuple):
    """An answer that was read to its end."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Message(NamedTuple):
    """What a stream told: the name of the event ("" for one of the log), its last id, and its data."""

    name: str
    id: str
    data: str

    @property
    def position(self) -> int:
        return int(json.loads(self.data)["sequence"])


class Listener:
    """A client of a stream that reads when it is asked to."""

    def __init__(self, port: int, query: str = "", headers: dict[str, str] | None = None) -> None:
        self._link, self._response = _asked(port, f"/v1/feed?{query}".rstrip("?"), "GET", STREAM | (headers or {}))
        self.status = self._response.status
        self.headers = {name.lower(): value for name, value in self._response.getheaders()}
        self.messages: list[Message] = []
        self.raw = b""
        self.is_over = False
        self._rest = b""
        self.last_id = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._response.close()
        self._link.close()

    @property
    def socket(self) -> socket.socket:
        link: socket.socket = self._response.fp.raw._sock  # type: ignore[attr-defined]
        return link

    @property
    def positions(self) -> list[int]:
        """Those of the events of the log, as they came."""
        return [message.position for message in self.messages if not message.name]

    def named(self, name: str) -> list[Message]:
        return [message for message in self.messages if message.name == name]

    def until(self, condition: Callable[[Self], Any], seconds: float = LONGEST) -> Self:
        """Reads until it is so. Fails after some seconds, or where the stream ends before."""
        deadline = monotonic() + seconds
        while not condition(self):
            assert not self.is_over, f"it ended: {self.messages[-2:]}"
            left = deadline - monotonic()
            assert left > 0, f"nothing of the kind came: {self.messages[-2:]}"
            self._read(left)
        return self

    def to_the_end(self, seconds: float = LONGEST) -> Self:
        """Reads as long as there is something."""
        deadline = monotonic() + seconds
        while not self.is_over:
            assert monotonic() < deadline, "it does not end"
            self._read(deadline - monotonic())
        return self

    def _read(self, seconds: float) -> None:
        try:
            self.socket.settimeout(max(seconds, 0.001))
            part = self._response.read1(_BATCH)
        except TimeoutError:
            return
        except (OSError, HTTPException, AttributeError, ValueError):
            part = b""
        if not part:
            self.is_over = True
            return
        self.raw += part
        *whole, self._rest = (self._rest + part).split(b"\n\n")
        for block in whole:
            self._take(block.decode())

    def _take(self, block: str) -> None:
        fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        self.last_id = fields.get("id", self.last_id)
        if "data" in fields:
            self.messages.append(Message(fields.get("event", ""), self.last_id, fields["data"]))


def has_caught_up(listener: Listener) -> bool:
    return bool(listener.named("caught-up"))


def is_at(position: int) -> Callable[[Listener], bool]:
    """Whether the event at a position was told."""
    return lambda listener: position in listener.positions[-1:]


def followed(port: int, until: int, seconds: float = LONGEST, headers: dict[str, str] | None = None) -> list[int]:
    """The positions that a client sees which comes back whenever it is cut off, up to one. It goes by the last id."""
    seen: list[int] = []
    last_id = ""
    deadline = monotonic() + seconds
    while not seen or seen[-1] < until:
        assert monotonic() < deadline, f"it came as far as {seen[-1:]} of {until}"
        try:
            with Listener(port, "", (headers or {}) | ({"Last-Event-ID": last_id} if last_id else {})) as listener:
                while not (listener.is_over or until in listener.positions[-1:]) and monotonic() < deadline:
                    listener._read(1.0)
                seen += listener.positions
                last_id = listener.last_id or last_id
        except (OSError, HTTPException):
            Event().wait(0.05)
    return seen


def wait_until(condition: Callable[[], Any], seconds: float = LONGEST, why: str = "it did not come to pass") -> Any:
    """Asks until it is so, and gives what was so."""
    deadline = monotonic() + seconds
    pause = Event()
    while not (found := condition()):
        assert monotonic() < deadline, why
        pause.wait(0.01)
    return found


@contextmanager
def feeding(url: str, **environment: str) -> Iterator[FeedProcess]:
    """The feed process on a database, for the time of the block."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
    with listen("127.0.0.1", 0) as link, tempfile.TemporaryDirectory(prefix="frenemies-test-", dir=memory) as folder:
        process = FeedProcess(url, folder, link, environment)
        try:
            yield process
        finally:
            process.end()


def _asked(port: int, target: str, method: str, headers: dict[str, str]) -> tuple[HTTPConnection, HTTPResponse]:
    link = HTTPConnection("127.0.0.1", port, timeout=LONGEST)
    link.request(method, target, headers={name.replace("_", "-"): value for name, value in headers.items()})
    return link, link.getresponse()
