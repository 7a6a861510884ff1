"""TimeMaps: at which instants the state of an entity may have changed (RFC 7089, section 5)."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from service.feeds.cursor import BadCursor
from service.http.api import Resource
from service.http.context import timeline
from service.http.demands import needs
from service.http.memento import LINK_FORMAT, STATE, TIMEMAP, address, timemap
from service.http.paging import asked, linked, next_page
from service.http.query import TimeMapQuery
from service.keys.scopes import STATE_READ

RESOURCE = Resource("timemaps", "Lists of what was answered when.", reads=needs(STATE_READ))
_CLOCKS = ("as_of", "published_by", "according_to")


@RESOURCE.get(TIMEMAP + STATE.removeprefix("/v1"), "TimeMap", query=TimeMapQuery, media=LINK_FORMAT)
def read_timemap(id: str, query: dict[str, Any]) -> Response:
    """The mementos of the state of an entity: one for each second in which something about it was recorded."""
    clocks, after = asked(query)
    page = timeline().recordings(id, clocks.position, query["limit"], _position(after))
    following = next_page(clocks, page.after)
    given = {name: query[name] for name in _CLOCKS if name in query}
    original = request.path.replace(TIMEMAP, "/v1", 1)
    text = timemap(original, address(request.path, request.args), following, given, page.items)
    return linked(Response(text, content_type=LINK_FORMAT), following)


def _position(after: str | None) -> int:
    if after is not None and not (after.isascii() and after.isdecimal() and len(after) <= 18):
        raise BadCursor("this is not a cursor of the service", "cursor")
    return int(after or 0)
