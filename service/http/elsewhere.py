"""Sending a client on to the feed process, which waits and streams."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Response, request

from service.feeds import tickets
from service.feeds.cursor import NAME, BadCursor, format_cursor
from service.feeds.tickets import Tickets
from service.http.body import PLAIN
from service.http.context import holder, surroundings, timeline
from service.http.errors import NoFeedProcess
from service.http.parameters import resumed
from service.keys.scopes import FEED_READ

LAST_EVENT_ID = "Last-Event-ID"
_LONGEST_ID = 500
_ORIGIN = re.compile(r"https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


def sent_on(query: Mapping[str, Any]) -> Response:
    """307 to the same question there, with a ticket in the place of the key. NoFeedProcess where there is none.

    Of a stream that broke off, the browser tells the last id in a header: it goes into the address.
    """
    base = feed_base()
    if base is None:
        raise NoFeedProcess("start the service with `frenemies serve`, without --feed-port 0, or set FEED_URL")
    asked = {name: value for name, value in request.args.items() if name != tickets.NAME}
    written = urlencode(resumed(asked, last_id()))
    ticket = _ticket(written)
    location = f"{base}{request.path}?{'&'.join(filter(None, (written, ticket)))}".rstrip("?")
    said = "This is answered by another process: follow the redirect (curl -L).\n"
    return Response(said, 307, {"Location": location, "Cache-Control": "no-store"}, content_type=PLAIN)


def last_id() -> str | None:
    """The last id that a client tells in a header. BadCursor for what is too long to be one."""
    last = request.headers.get(LAST_EVENT_ID)
    if last and len(last) > _LONGEST_ID:
        raise BadCursor("this is not a cursor of the service", NAME)
    return last or None


def feed_base() -> str | None:
    """Where clients reach the feed process; None where there is none."""
    settings = surroundings().settings
    if settings.feed_url is not None:
        return settings.feed_url
    if not settings.feed_port:
        return None
    asked = urlsplit(request.host_url)
    host = f"[{asked.hostname}]" if ":" in (asked.hostname or "") else asked.hostname
    return f"{asked.scheme}://{host}:{settings.feed_port}"


def feed_origin() -> str | None:
    """The origin of the feed process, to which a page must be allowed to connect; None where there is none."""
    base = feed_base()
    found = _ORIGIN.match(base) if base is not None else None
    return None if found is None else found[0]


def cursor_shown(position: int) -> str | None:
    """The cursor from which whoever sees the log up to a position can follow it; None for who may not, or cannot."""
    return None if feed_base() is None or not holder().may(FEED_READ) else format_cursor(timeline().epoch(), position)


def _ticket(query: str) -> str:
    secret = surroundings().settings.feed_secret
    return "" if secret is None else f"{tickets.NAME}={Tickets(secret).issue(query, holder().id, time.time())}"
