"""Time travel on the recorded clock by the means of HTTP (RFC 7089).

Every address that takes clocks is its own TimeGate: asked with `Accept-Datetime`, it redirects to itself with a
`recorded_by` (pattern 1.1 of RFC 7089). Dates of HTTP name seconds, and a second means its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

from flask import Response, g, request
from werkzeug.http import http_date, parse_date

from service.http.context import timeline
from service.http.errors import BadHeader
from service.http.pinning import Pin
from service.timeline.changes import RECORDED_BY
from service.timeline.mementos import Recording
from service.timeline.tokens import NAME, Token

ACCEPT_DATETIME = "Accept-Datetime"
LINK_FORMAT = "application/link-format"
TIMEMAP = "/v1/timemap"
STATE = "/v1/entities/<id>/state"
_PAGE = ("limit", "cursor", "min_position")
_HELD_BY = ("recorded_by", NAME, "cursor")
_AXIS = "axis"
_END_OF_SECOND = timedelta(microseconds=999_999)


def negotiated(query: Mapping[str, Any]) -> Response | None:
    """The way to the memento that `Accept-Datetime` asks for; None where it is not asked for, or given otherwise.

    BadHeader for what is no date of HTTP. A second that is not over yet, or in the future, is now; before the first
    record it is the first memento.
    """
    asked = request.headers.get(ACCEPT_DATETIME)
    if asked is None or _is_fixed(query) or any(query.get(name) is not None for name in _HELD_BY):
        return None
    position = _last_of(_instant(asked)) or _first()
    headers = {
        "Location": address(request.path, {**request.args.to_dict(), "recorded_by": str(position)}),
        "Vary": ACCEPT_DATETIME,
        "Cache-Control": "no-cache",
    }
    response = Response(status=302, headers=headers)
    del response.headers["Content-Type"]
    _link(response, *_gates(request.path, tuple(request.args.items()), _has_timemap()))
    return response


def described(response: Response, query: Mapping[str, Any]) -> Response:
    """An answer that takes clocks, with the headers of a memento or of the TimeGate of its mementos."""
    pin: Pin | None = g.get("pin")
    if pin is None or _is_fixed(query) or response.status_code not in (200, 304):
        return response
    token: Token | None = query.get(NAME)
    given = token.parameters() if token else request.args.to_dict()
    asked = {name: value for name, value in given.items() if name not in (*_HELD_BY, *_PAGE)}
    _link(response, *_gates(request.path, tuple(asked.items()), _has_timemap()))
    if not pin.is_held:
        response.vary.add(ACCEPT_DATETIME)
    elif pin.clocks.recorded_at is not None:
        own = address(request.path, request.args)
        response.headers["Memento-Datetime"] = http_date(pin.clocks.recorded_at)
        _link(response, _memento(own, pin.clocks.recorded_at))
    return response


def timemap(
    original: str, own: str, following: str | None, asked: Mapping[str, str], found: Iterable[Recording]
) -> str:
    """A part of a TimeMap (RFC 7089, section 5; RFC 6690)."""
    links = [
        f'<{address(original, asked)}>; rel="original timegate"',
        f'<{own}>; rel="self"; type="{LINK_FORMAT}"',
        *([f'<{following}>; rel="timemap next"; type="{LINK_FORMAT}"'] if following else []),
        *(_memento(address(original, {**asked, "recorded_by": str(one.position)}), one.recorded_at) for one in found),
    ]
    return ",\n".join(links) + "\n"


def address(path: str, asked: Mapping[str, str]) -> str:
    """An address of this service."""
    query = urlencode(dict(asked))
    return quote(path, safe="/~!$&'()*+=:@-._") + (f"?{query}" if query else "")


def _is_fixed(query: Mapping[str, Any]) -> bool:
    """Whether the question names the points of the recorded clock itself, so that there is none to choose."""
    return query.get(_AXIS) == RECORDED_BY


def _last_of(second: datetime) -> int:
    """The last log position of a second, or before it; 0 where there is none."""
    return timeline().position_at(second.replace(microsecond=0) + _END_OF_SECOND)


def _first() -> int:
    """The position of the first memento; 0 where nothing was recorded yet."""
    begun = timeline().clocks(recorded_by="1").recorded_at if timeline().head() else None
    return _last_of(begun) if begun else 0


def _instant(text: str) -> datetime:
    """The beginning of the second of a date. Only the one form that RFC 9110 has senders use is taken."""
    try:
        instant = parse_date(text)
        if instant is not None and http_date(instant) == text and instant.year < 9_999:
            return instant
    except (ValueError, OverflowError):
        pass
    raise BadHeader("a date has the form Thu, 04 Sep 2014 12:30:00 GMT", ACCEPT_DATETIME)


def _memento(own: str, recorded_at: datetime) -> str:
    return f'<{own}>; rel="memento"; datetime="{http_date(recorded_at)}"'


def _has_timemap() -> bool:
    """Whether the mementos of this address are listed: those of the states of entities are."""
    return request.url_rule is not None and request.url_rule.rule == STATE


@lru_cache(1_000)
def _gates(path: str, asked: tuple[tuple[str, str], ...], has_timemap: bool) -> tuple[str, ...]:
    """The links to the TimeGate of an address, and to its TimeMap."""
    gate = f'<{address(path, dict(asked))}>; rel="original timegate"'
    if not has_timemap:
        return (gate,)
    kept = {name: value for name, value in asked if name in ("as_of", "published_by", "according_to")}
    listed = address(TIMEMAP + path.removeprefix("/v1"), kept)
    return gate, f'<{listed}>; rel="timemap"; type="{LINK_FORMAT}"'


def _link(response: Response, *links: str) -> None:
    for link in links:
        response.headers.add("Link", link)
