"""A small load balancer: it asks each node for its health all the time, and sends requests to those that say yes."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from threading import Event, Thread
from urllib.parse import urlsplit

_PAUSE = 0.1
_SECONDS = 10.0


class Balancer:
    """Nodes by name, and which of them are in."""

    def __init__(self, nodes: dict[str, str], health: str) -> None:
        self._nodes = nodes
        self._health = health
        self._turns = count()
        self._stopped = Event()
        self.inside: frozenset[str] = frozenset()
        self._thread = Thread(target=self._check, daemon=True)
        self._thread.start()

    def ask(self, path: str) -> tuple[str, int, bytes]:
        """Which node answered, and its answer: each that is in has its turn."""
        inside = sorted(self.inside)
        name = inside[next(self._turns) % len(inside)]
        return name, *_get(self._nodes[name], path)

    def close(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _check(self) -> None:
        while not self._stopped.wait(_PAUSE):
            self.inside = frozenset(name for name, base in self._nodes.items() if self._is_well(base))

    def _is_well(self, base: str) -> bool:
        try:
            return _get(base, self._health)[0] == 200
        except (OSError, http.client.HTTPException):
            return False


@contextmanager
def balancing(health: str, **nodes: str) -> Iterator[Balancer]:
    """A balancer between nodes, by name and address, that asks for their health at a path."""
    balancer = Balancer(nodes, health)
    try:
        yield balancer
    finally:
        balancer.close()


def _get(base: str, path: str) -> tuple[int, bytes]:
    parts = urlsplit(base)
    with closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_SECONDS)) as link:
        link.request("GET", path)
        answer = link.getresponse()
        return answer.status, answer.read()
