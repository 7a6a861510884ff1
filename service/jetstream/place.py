"""Where a stream is: the servers of NATS, and its name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

STREAM = "frenemies"
_SCHEMES = ("nats", "tls")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Place:
    """The addresses of servers, with what they want to know of who asks, and the name of a stream there."""

    servers: Sequence[str] = field(repr=False)
    stream: str

    def subject(self, topic: str) -> str:
        """Under which events of a type are published."""
        return f"{self.stream}.events.{topic}"

    @property
    def subjects(self) -> str:
        """All of these."""
        return self.subject(">")


def place_of(text: str) -> Place:
    """Of `nats://host:4222`, of several such with commas between, or of `nats://host/name`. ValueError for others."""
    names = set()
    servers = []
    for address in text.split(","):
        parts = urlsplit(address.strip())
        name = parts.path.strip("/")
        if parts.scheme not in _SCHEMES or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("it has to be like nats://host:4222 or nats://host:4222/stream, or several of one stream")
        if name and not _NAME.fullmatch(name):
            raise ValueError("the name of a stream has letters, digits, - and _ only")
        names.add(name or STREAM)
        servers.append(parts._replace(netloc=_with_port(parts.netloc, parts.port), path="").geturl())
    if len(names) > 1:
        raise ValueError("all servers have to be asked for one stream")
    return Place(tuple(servers), names.pop())


def _with_port(netloc: str, port: int | None) -> str:
    return netloc if port else f"{netloc.rstrip(':')}:4222"
