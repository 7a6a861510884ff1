"""The readers of a fault run, besides those of `tests.readers`: one that is too slow, and one that reads Atom."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Iterator
from threading import Event, Thread
from time import monotonic

import feedparser
import httpx2

from tests.faults.checkers import Sight
from tests.readers import BROKEN, Answered, Reader, Stream

_SLOW_PART, _SLOW_PAUSE = 1_024, 0.1
_LITTLE = ((socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096),)
_POLL = 2.0


def sight(event: bytes) -> Sight:
    """What is kept of an event that was seen."""
    return Sight(int(json.loads(event)["sequence"]), hashlib.blake2b(event, digest_size=16).digest())


class Slow(Stream):
    """Takes ten kilobytes a second, so that it is cut off, and comes back after its last event."""

    socket_options = _LITTLE

    def parts(self, answer: httpx2.Response) -> Iterator[bytes]:
        for part in answer.iter_bytes(_SLOW_PART):
            yield part
            self.rest(_SLOW_PAUSE)


class Atom(Reader):
    """Polls the newest document, and goes back through the archives to the last entry that it knows."""

    def read(self) -> None:
        found: list[bytes] = []
        address: str | None = "/v1/feed.atom"
        while address:
            answer = self._http.get(address)
            answer.raise_for_status()
            document = feedparser.parse(answer.content)
            for entry in document.entries:
                event = entry.content[0].value.encode()
                if json.loads(event)["id"] == self.last:
                    address = None
                    break
                found.append(event)
            else:
                links = {link.rel: link.href for link in document.feed.links}
                address = str(answer.url.join(links["prev-archive"])) if "prev-archive" in links else None
        for event in reversed(found):
            self.take(event)
        self.rest(_POLL)


class Probe:
    """Asks ten times a second whether the service is ready, as a load balancer would."""

    _PATIENCE, _PAUSE = 2.0, 0.1

    def __init__(self, base: str, answered: Answered) -> None:
        self.seen: list[tuple[float, int]] = []
        """When an answer came, or was waited for no longer, and its status (0: none)."""
        self._base = base
        self._answered = answered
        self._stopped = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def first(self, is_ready: bool, after: float) -> float | None:
        """Seconds from a moment to the first answer that says so; None when there was none."""
        return next((at - after for at, status in self.seen if at >= after and (status == 200) == is_ready), None)

    def ask_to_end(self) -> None:
        self._stopped.set()

    def end(self) -> None:
        self._stopped.set()
        self._thread.join(3 * self._PATIENCE)

    def _run(self) -> None:
        with httpx2.Client(base_url=self._base, timeout=self._PATIENCE) as http:
            while not self._stopped.is_set():
                try:
                    answer = http.get("/readyz")
                    self._answered(answer)
                    status = answer.status_code
                except BROKEN:
                    status = 0
                self.seen.append((monotonic(), status))
                self._stopped.wait(self._PAUSE)
