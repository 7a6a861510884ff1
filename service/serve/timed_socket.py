"""Connections of clients on which reading has an end."""

from __future__ import annotations

import errno
import socket
from time import monotonic
from typing import Any, Self


class TooSlow(TimeoutError):
    """The client took longer than it may to send what it wants, or to take its answer."""

    def __init__(self) -> None:
        # A server that hears of it need not say more than that the client is gone.
        super().__init__(errno.ECONNRESET, "the client is too slow")


class TimedSocket(socket.socket):
    """A connection that is read only until some moment of the monotonic clock, however little comes at once.

    None: as long as the timeout of the socket says.
    """

    until: float | None = None

    @classmethod
    def of(cls, link: socket.socket) -> Self:
        """The same connection; the one that is given is not to be used any more."""
        return cls(fileno=link.detach())

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Some bytes. TooSlow after the moment until which it is read."""
        if self.until is None:
            return super().recv(size, flags)
        usual, left = self.gettimeout(), self.until - monotonic()
        if left <= 0:
            raise TooSlow
        self.settimeout(left if usual is None else min(left, usual))
        try:
            return super().recv(size, flags)
        except TimeoutError:
            raise TooSlow from None
        finally:
            self.settimeout(usual)

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Sends all of it. TooSlow where that takes longer than the timeout of the socket."""
        try:
            super().sendall(data, flags)
        except TimeoutError:
            raise TooSlow from None
