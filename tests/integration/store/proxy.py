"""A link to PostgreSQL that can be frozen, cut and slowed down, and can lose the reply to a statement."""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from threading import Event, Thread
from time import sleep
from types import TracebackType
from typing import Self

from psycopg.conninfo import conninfo_to_dict

_APPEND = b"log.append"
_COMPLETED = re.compile(rb"SELECT \d+\x00")
"""What the server says of a statement that gave rows (CommandComplete), in one piece with the end of its commit."""
_LONGEST_GREETING = 4_096


class Proxy:
    """Listens on a port of its own and passes on what it hears, for the time of the block. `url` leads through it."""

    def __init__(self, url: str) -> None:
        about = conninfo_to_dict(url)
        self._server = f"{about['host']}/.s.PGSQL.5432"
        self._front = socket.create_server(("127.0.0.1", 0))
        port = self._front.getsockname()[1]
        self.url = f"postgresql://postgres@127.0.0.1:{port}/{about['dbname']}?sslmode=disable"
        self._frozen_name: bytes | None = None
        self._frozen_links: list[_Link] | None = None
        self._thawed = Event()
        self._thawed.set()
        self.is_holding_back = False
        """Whether something waits since the last freeze."""
        self._replies_to_lose = 0
        self._bytes_left: int | None = None
        self._rate: float | None = None
        self._links: list[_Link] = []

    def freeze(self, name: bytes = b"", *, only_present: bool = False) -> None:
        """From now on nothing passes on the links of applications with this in their name, and none of them is cut.

        `only_present`: those that are made from now on are spared.
        """
        self._thawed.clear()
        self.is_holding_back = False
        self._frozen_links = list(self._links) if only_present else None
        self._frozen_name = name

    def thaw(self) -> None:
        """Everything passes again, what was held back first."""
        self._frozen_name = None
        self._thawed.set()

    @property
    def replies_to_lose(self) -> int:
        """How many are still to come."""
        return self._replies_to_lose

    def lose_replies(self, count: int = 1) -> None:
        """Cuts the link instead of passing on that an append was done and committed, that many times."""
        self._replies_to_lose = count

    def cut(self) -> None:
        """Ends all links there are; new ones can be made."""
        for link in self._links:
            link.cut()

    def cut_after(self, count: int) -> None:
        """Ends one link when the server has said so many bytes more, wherever in an answer that is."""
        self._bytes_left = count

    def throttle(self, rate: float | None) -> None:
        """From now on each link passes at most so many bytes a second, each way; None: as many as there are."""
        self._rate = rate

    def __enter__(self) -> Self:
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.thaw()
        self._front.close()
        for link in self._links:
            link.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._front.accept()
                link = _Link(client, self._server)
                self._links = [*(one for one in self._links if not one.is_cut), link]
                Thread(target=self._pass_to_server, args=(link,), daemon=True).start()
                Thread(target=self._pass_to_client, args=(link,), daemon=True).start()

    def _pass_to_server(self, link: _Link) -> None:
        with link:
            while data := link.client.recv(65_536):
                link.greeting = (link.greeting + data)[:_LONGEST_GREETING]
                link.appends |= _APPEND in data
                self._hold_back(link, data)
                link.server.sendall(data)

    def _pass_to_client(self, link: _Link) -> None:
        with link:
            while data := link.server.recv(65_536):
                self._hold_back(link, data)
                if self._replies_to_lose and link.appends and _COMPLETED.search(data):
                    self._replies_to_lose -= 1
                    return
                left = self._bytes_left
                if left is not None and left < len(data):
                    self._bytes_left = None
                    link.client.sendall(data[:left])
                    return
                if left is not None:
                    self._bytes_left = left - len(data)
                link.client.sendall(data)

    def _hold_back(self, link: _Link, data: bytes) -> None:
        rate = self._rate
        if rate is not None:
            sleep(len(data) / rate)
        name = self._frozen_name
        if name is not None and name in link.greeting and (self._frozen_links is None or link in self._frozen_links):
            self.is_holding_back = True
            self._thawed.wait()


class _Link:
    """A client and its connection to the server."""

    def __init__(self, client: socket.socket, server: str) -> None:
        self.client = client
        self.server = socket.socket(socket.AF_UNIX)
        self.greeting = b""
        self.appends = False
        self.is_cut = False
        with suppress(OSError):  # without a server the link is cut as soon as it is used
            self.server.connect(server)

    def cut(self) -> None:
        self.is_cut = True
        for end in (self.client, self.server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Whichever end closes, both are closed."""
        self.cut()
        return kind is not None and issubclass(kind, OSError)
