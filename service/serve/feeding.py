"""The supervisor's part in the feed process: its socket, and the secret by which the API sends clients on to it."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import structlog

from service.serve.address import listen
from service.serve.child import Child
from service.serve.errors import PortTaken
from service.serve.server import serve_feed
from service.settings import Settings

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Feeding:
    """A listening socket, and a secret."""

    link: socket.socket
    secret: str

    def told_to_children(self) -> dict[str, str]:
        """What the API, and the feed process, find in their environment."""
        return {
            "FRENEMIES_FEED_PORT": str(self.link.getsockname()[1]),
            "FRENEMIES_FEED_SECRET": self.secret,
        }

    def child(self, environment: Mapping[str, str]) -> Child:
        """The feed process."""
        return Child("feed", partial(serve_feed, self.link), environment, files=[self.link.fileno()])


@contextmanager
def feeding(settings: Settings, port: int) -> Iterator[Feeding | None]:
    """What the feed process needs beside a service on a port, for the time of the block; None when it runs elsewhere.

    PortTaken when the port that was asked for is in use; where none was asked for, any other is taken then.
    """
    if settings.feed_port == 0:
        yield None
        return
    with _link(settings, port) as link:
        yield Feeding(link, settings.feed_secret or secrets.token_hex(32))


def _link(settings: Settings, port: int) -> socket.socket:
    try:
        return listen(settings.host, settings.feed_port or min(port + 1, 65_535), "--feed-port")
    except PortTaken:
        if settings.feed_port is not None:
            raise
    link = listen(settings.host, 0)
    _log.warning("streams are on any free port, for the next one is taken (--feed-port)", port=link.getsockname()[1])
    return link
