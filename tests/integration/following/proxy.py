"""A link between two services that can be frozen: what is sent stays on the way, and nobody is told."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Event, Thread

_BLOCK = 65_536


class Proxy:
    """Hands on what comes at its address, both ways, as long as it is not frozen."""

    def __init__(self, port: int, keep: ExitStack) -> None:
        self._port = port
        self._keep = keep
        self._moving = Event()
        self._moving.set()
        self._listening = keep.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        Thread(target=self._accept, daemon=True).start()

    def freeze(self) -> None:
        """From now on nothing gets through."""
        self._moving.clear()

    def thaw(self) -> None:
        """All that was sent meanwhile arrives."""
        self._moving.set()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near = self._keep.enter_context(self._listening.accept()[0])
                far = self._keep.enter_context(socket.create_connection(("127.0.0.1", self._port)))
                for source, sink in ((near, far), (far, near)):
                    Thread(target=self._hand_on, args=(source, sink), daemon=True).start()

    def _hand_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while block := source.recv(_BLOCK):
                self._moving.wait()
                sink.sendall(block)
            self._moving.wait()
            sink.shutdown(socket.SHUT_WR)


@contextmanager
def proxy(port: int) -> Iterator[Proxy]:
    """A link to a port of this machine, for the time of the block."""
    with ExitStack() as keep:
        made = Proxy(port, keep)
        try:
            yield made
        finally:
            made.thaw()
            made._listening.shutdown(socket.SHUT_RDWR)
