"""The link between the service and PostgreSQL, in a process of its own: it costs the clients of a run nothing."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from typing import Any, Self

from tests.integration.store.proxy import Proxy


class Link:
    """A `Proxy` from afar. `url` leads through it."""

    def __init__(self, server_url: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(server_url, theirs), daemon=True)
        self._process.start()
        self.url: str = self._pipe.recv()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()

    def freeze(self) -> None:
        """Nothing passes any more, and nobody is told (no RST)."""
        self._do("freeze")

    def thaw(self) -> None:
        """Everything passes again."""
        self._do("thaw")

    def cut(self) -> None:
        """All links there are end."""
        self._do("cut")

    def cut_after(self, count: int) -> None:
        """One link ends in the middle of what the server says."""
        self._do("cut_after", count)

    def lose_replies(self, count: int) -> None:
        """That many links end between a commit and its reply."""
        self._do("lose_replies", count)

    def replies_to_lose(self) -> int:
        """How many of these are still to come."""
        left: int = self._do("replies_to_lose")
        return left

    def throttle(self, rate: float | None) -> None:
        """Each link passes at most so many bytes a second."""
        self._do("throttle", rate)

    def _do(self, name: str, *given: Any) -> Any:
        self._pipe.send((name, given))
        return self._pipe.recv()


def _serve(server_url: str, pipe: Connection) -> None:
    with Proxy(server_url) as proxy:
        pipe.send(proxy.url)
        while True:
            name, given = pipe.recv()
            found = getattr(proxy, name)
            pipe.send(found(*given) if callable(found) else found)
