"""Lists in parts. A cursor carries the point of the clocks of its first page, so that all pages are of one answer."""

from __future__ import annotations

import binascii
import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec
from flask import Response, request

from events.temporal import FIRST_DAY, LAST_DAY, format_day
from service.feeds.cursor import BadCursor
from service.http.context import timeline
from service.timeline.tokens import NAME, Token
from service.timeline.views import Clocks

_PAGING = frozenset(("cursor", "limit", "min_position"))


class Cursor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """After which item a page begins, at which point of the clocks, and of which list."""

    question: str
    as_of: int
    position: int
    after: str


class Asked(NamedTuple):
    """The resolved clocks of a request, and the key after which its page begins."""

    clocks: Clocks
    after: str | None


def asked(query: Mapping[str, Any], entity: str | None = None) -> Asked:
    """What a request for a page asks for, about an entity. BadCursor when its cursor belongs to another list."""
    given = {name: query.get(name) for name in ("as_of", "published_by", "recorded_by", "according_to", "min_position")}
    token: Token | None = query.get(NAME)
    if query.get("cursor") is None:
        return Asked(timeline().clocks(**given, entity=entity), token.after if token else None)
    cursor = _parsed(query["cursor"])
    pinned = {"as_of": format_day(cursor.as_of), "recorded_by": str(cursor.position)}
    return Asked(timeline().clocks(**(given | pinned), entity=entity), cursor.after)


def point(query: Mapping[str, Any]) -> Clocks:
    """The resolved clocks of a request that has no pages."""
    return asked({name: value for name, value in query.items() if name != "cursor"}).clocks


def next_page(clocks: Clocks, after: str | None, token: Token | None = None) -> str | None:
    """The address of the page that begins after a key; None when there is no more.

    Where the question was asked by a token, the address says what the token stands for.
    """
    if after is None:
        return None
    asked = token.parameters() if token else request.args
    made = Cursor(_question(asked), clocks.as_of, clocks.position, after)
    cursor = urlsafe_b64encode(msgspec.json.encode(made)).decode().rstrip("=")
    kept = {name: value for name, value in asked.items() if name not in ("cursor", "min_position")}
    return f"{request.path}?{urlencode(kept | {'cursor': cursor})}"


def linked(response: Response, following: str | None) -> Response:
    """The answer with the address of the next page in its `Link` header."""
    if following is not None:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response


def _parsed(text: str) -> Cursor:
    try:
        cursor = msgspec.json.decode(urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)), type=Cursor)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise BadCursor("this is not a cursor of the service", "cursor") from None
    is_possible = FIRST_DAY <= cursor.as_of <= LAST_DAY and 0 <= cursor.position < 2**53
    if not is_possible or cursor.question != _question(request.args):
        raise BadCursor("this cursor belongs to another list", "cursor")
    return cursor


def _question(asked: Mapping[str, str]) -> str:
    """What is asked apart from the page: the path and the other parameters, hashed."""
    asked_for = sorted((name, value) for name, value in asked.items() if name not in _PAGING)
    return hashlib.sha256(f"{request.path}?{urlencode(asked_for)}".encode()).hexdigest()[:16]
