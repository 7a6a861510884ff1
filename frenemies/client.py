"""The client of a Frenemies service."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_address
from types import TracebackType
from typing import Self
from urllib.parse import quote

import httpx2

from frenemies.asked import Asked, Point
from frenemies.events import Events
from frenemies.feed import FeedLines
from frenemies.link import Link
from frenemies.reading import Reading
from frenemies.work import Work

TIMEOUT = 30.0
PATIENCE = 30.0


class Client(Reading):
    """Asks a running service. For any number of threads; what is iterated over is for one of them.

    `url` is the address of the service and `key` the one it wants, if it wants one; it is sent to nobody else. An
    answer has to begin within `timeout` seconds. `transport` replaces the network in tests.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        timeout: float = TIMEOUT,
        *,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._http = httpx2.Client(
            base_url=_checked(url),
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=timeout,
            follow_redirects=True,
            limits=httpx2.Limits(max_connections=None),
            transport=transport,
        )
        self._timeout = timeout
        self._is_near = _is_loopback(self._http.base_url.host)

    def events(
        self,
        after: str | None = None,
        *,
        since: datetime | str | None = None,
        types: Sequence[str] = (),
        entities: Sequence[str] = (),
        until: Point | None = None,
        follow: bool = False,
        texts: bool = False,
        patience: float | None = None,
    ) -> Events:
        """The events after a cursor (or recorded after an instant, `since`), each once and in the order of the log.

        `types` (names, with their version or without) and `entities` (ids) choose; `until` (a position, a cursor or an
        instant) ends. With `follow` it goes on with what is recorded from then on. `texts`: with the texts that may
        have to be forgotten. When the link breaks, the service restarts or is overloaded, it is asked again, with
        longer and longer waits, from the last event on: Unreachable after `patience` seconds without an answer, which
        are 30, and without `follow` only; EpochChanged, NotAuthorized, Refused or Gap at once.
        """
        return Events(
            self.feed_lines(
                after,
                since=since,
                types=types,
                entities=entities,
                until=until,
                follow=follow,
                texts=texts,
                patience=patience,
            )
        )

    def feed_lines(
        self,
        after: str | None = None,
        *,
        since: datetime | str | None = None,
        types: Sequence[str] = (),
        entities: Sequence[str] = (),
        until: Point | None = None,
        follow: bool = False,
        texts: bool = False,
        patience: float | None = None,
    ) -> FeedLines:
        """The same as lists of lines in the bytes in which they were sent, with the markers between the events."""
        if patience is None:
            patience = math.inf if follow else PATIENCE
        asked = Asked(after, since, tuple(_names(types)), tuple(_names(entities)), until, follow, texts, patience)
        return FeedLines(Link(self._http, self._timeout), asked, compressed=not self._is_near)

    def work(self, subscription: str, *, most: int = 10, seconds: int = 30) -> Work:
        """The events of a subscription that is pulled from (see `Work`): shared with whoever works on the same one.

        At most so many are leased at once, for so many seconds at a time; leases are extended while they are needed.
        """
        base = f"/v1/subscriptions/{quote(subscription, safe='')}"
        return Work(lambda route, wish: self._said(f"{base}/{route}", wish), most, seconds)

    def close(self) -> None:
        """Ends all connections that are not in use."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _names(names: Sequence[str]) -> Sequence[str]:
    return (names,) if isinstance(names, str) else names


def _checked(url: str) -> httpx2.URL:
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise ValueError(f"{url!r} is not the address of a service: {error}") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError(f"{url!r} is not the address of a service: it begins with http:// or https://")
    return parsed


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
