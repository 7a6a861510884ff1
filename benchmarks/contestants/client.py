"""One client for all HTTP servers: connections that are kept, one request after the other on each."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.contestants.task import perform
from benchmarks.load import callers
from benchmarks.questions import pages

BLOCK = 1 << 16
SILENCE = 60.0


def fetch(port: int, addresses: list[str], file: str) -> None:
    """Writes what a server answers to each address to a file."""
    connection = _Connection(port)
    found = {address: base64.b64encode(connection.get(_request(address))).decode() for address in addresses}
    Path(file).write_text(json.dumps(found), encoding="utf-8")


def get(port: int, answers: str, count: int, seconds: float, warm_up: float) -> dict[str, Any]:
    """Asks on so many connections for everything that is in a file, and demands the same bytes."""
    wanted = [(_request(address), len(body)) for address, body in pages(answers)]

    def start(caller: int) -> Callable[[int], object]:
        connection = _Connection(port)

        def call(index: int) -> object:
            request, size = wanted[(index * count + caller) % len(wanted)]
            body = connection.get(request)
            if len(body) != size:
                raise ValueError(f"{len(body)} bytes were answered, not {size}")
            return body

        return call

    return callers(count, seconds, warm_up, start)


class _Connection:
    """A connection to a server on this machine."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=SILENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, request: bytes) -> bytes:
        """The body of the answer. ValueError unless it is 200 with a length."""
        self._socket.sendall(request)
        got = self._socket.recv(BLOCK)
        while (end := got.find(b"\r\n\r\n")) < 0:
            got += self._more()
        head, body = got[:end].lower(), got[end + 4 :]
        if not head.startswith(b"http/1.1 200") or b"content-length: " not in head:
            raise ValueError(f"it answered {head[:80].decode('latin-1')}")
        size = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        parts, missing = [body], size - len(body)
        while missing > 0:
            parts.append(self._more())
            missing -= len(parts[-1])
        return b"".join(parts)

    def _more(self) -> bytes:
        got = self._socket.recv(BLOCK)
        if not got:
            raise ValueError("it closed the connection")
        return got


def _request(address: str) -> bytes:
    return f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


if __name__ == "__main__":
    perform({"fetch": fetch, "get": get})
