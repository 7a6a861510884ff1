"""The links to clients: what is sent waits for the client, and a client that takes nothing is cut off."""

from __future__ import annotations

import asyncio
import socket
import struct
from asyncio import BaseTransport, WriteTransport
from collections.abc import Callable, Coroutine
from typing import Any

from service.metrics import STREAMS_CUT

Send = Callable[[dict[str, Any]], Coroutine[Any, Any, None]]
Address = tuple[str, int]
LOOK_SECONDS = 1.0
MOST_AT_ONCE = 32 * 1024
"""Bytes of a part that is sent without waiting: half of what asyncio lets wait on a link before it says so."""
_AT_ONCE = struct.pack("ii", 1, 0)
"""Linger for no time: what was not sent is dropped, and the client gets a reset."""


class Link:
    """A way to one client, on which an answer has begun. `put` waits as long as too much is under way."""

    __slots__ = ("send", "since", "transport")

    def __init__(self, send: Send, transport: WriteTransport | None = None) -> None:
        self.send = send
        self.transport = transport
        self.since: float | None = None
        """When the part that is under way was handed over."""

    async def put(self, part: bytes) -> None:
        """Sends a part of the answer."""
        self.since = asyncio.get_running_loop().time()
        await self.send(_part(part))
        self.since = None

    def put_at_once(self, part: bytes) -> bool:
        """Sends a part without waiting, where nothing waits on the link and the part is small; else False."""
        if self.transport is None or len(part) > MOST_AT_ONCE or self.transport.get_write_buffer_size():
            return False
        sending = self.send(_part(part))
        try:
            sending.send(None)
        except StopIteration:
            return True
        # The server has written it, and waits for the client to take it: that is for the next part to wait for.
        sending.close()
        return True

    async def end(self) -> None:
        """The answer is whole."""
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})


class Links:
    """The links that are open, by the address of the client. The server says when one comes and goes.

    A link on which the client takes too little for `patience` seconds is cut at once, whatever still waits to be sent:
    to close it would mean to wait for that client. The client comes back and goes on where it was.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._open: dict[Address, WriteTransport] = {}
        self._used: set[Link] = set()

    def to(self, address: Address | None, send: Send) -> Link:
        """The link to the client at an address."""
        return Link(send, None if address is None else self._open.get((address[0], address[1])))

    def opened(self, transport: BaseTransport) -> None:
        """A client has come."""
        address = _address(transport)
        if address is not None and isinstance(transport, WriteTransport):
            self._open[address] = transport

    def closed(self, transport: BaseTransport) -> None:
        """A client has gone."""
        address = _address(transport)
        if address is not None and self._open.get(address) is transport:
            del self._open[address]

    def use(self, link: Link) -> None:
        """Looks after a link until it is left."""
        self._used.add(link)

    def leave(self, link: Link) -> None:
        """The answer on it is over."""
        self._used.discard(link)

    async def watch(self) -> None:
        """Cuts off who is too slow, for ever. One look at all is cheaper than an alarm for each part that is sent."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(LOOK_SECONDS, self._patience / 2))
            late = loop.time() - self._patience
            for link in [one for one in self._used if one.since is not None and one.since < late]:
                STREAMS_CUT.inc()
                self.cut(link)

    def cut(self, link: Link) -> None:
        """Ends it at once, whatever still waits to be sent."""
        self._used.discard(link)
        if link.transport is not None:
            # Else the system would keep for it what it has taken over already.
            link.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            link.transport.abort()


def _part(part: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": part, "more_body": True}


def _address(transport: BaseTransport) -> Address | None:
    name = transport.get_extra_info("peername")
    return (name[0], name[1]) if name else None
