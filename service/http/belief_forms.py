"""Belief changes as a feed: in pages, as lines, as a stream, and for readers of feeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import structlog
from flask import Response, request

from events.errors import Invalid
from service.errors import ServiceError
from service.feeds.belief_entries import BeliefEntries
from service.feeds.beliefs import SOURCE, BeliefFeed, Page
from service.feeds.cursor import NAME
from service.feeds.forms import ATOM, BATCH, EVENT_STREAM, NDJSON, batch, lines
from service.http import caching
from service.http.atom import ARCHIVE, answered
from service.http.belief_questions import CHOOSING, beginning, belief_feed
from service.http.body import JSON
from service.http.context import timeline
from service.http.elsewhere import sent_on
from service.http.formats import liked_best
from service.http.paging import linked
from service.http.query import DEFAULT_LIMIT
from service.http.replays import in_turn
from service.http.shapes import TEXT, Json, ref
from service.timeline.beliefs import Spot

ADDRESS = SOURCE
ATOM_ADDRESS = "/v1/beliefs.atom"
FORMS: Mapping[str, Json] = {
    BATCH: ref("BeliefEvents"),
    EVENT_STREAM: TEXT | {"description": "The events, and those to come as they come (WHATWG SSE)."},
    NDJSON: TEXT | {"description": "All events there are, one a line. The last line is a checkpoint."},
    ATOM: ref("AtomFeed"),
}
"""The forms of a feed."""
_BEGINNING = (NAME, "since", "after")
_OF_A_FORM: Mapping[str, frozenset[str]] = {
    JSON: frozenset(("cursor", "limit", "after", "until", "min_position")),
    BATCH: frozenset((*_BEGINNING, "limit", "timeout", "until", "min_position")),
    NDJSON: frozenset((*_BEGINNING, "until", "min_position")),
    EVENT_STREAM: frozenset(_BEGINNING),
    ATOM: frozenset(),
}
_NOT_OF_ALL = frozenset.union(*_OF_A_FORM.values())
_LINES = 200
"""How many events are read and sent at once."""
_log = structlog.get_logger(__name__)


def chosen_form() -> str:
    """The form that the client likes best. Invalid for a parameter that means nothing in it."""
    media = liked_best((JSON, *FORMS))
    for name in sorted(_NOT_OF_ALL - _OF_A_FORM[media]):
        if name in request.args:
            raise Invalid(f"{name} means nothing in the form {media}", name)
    return media


def as_feed(media: str, query: Mapping[str, Any]) -> Response:
    """The belief changes in one of the forms of a feed."""
    if media == EVENT_STREAM:
        return sent_on(query)
    if media == ATOM:
        return atom_feed(query)
    feed = belief_feed(query, timeline().beliefs, timeline().epoch())
    after = beginning(query, timeline().beliefs, feed)
    until = timeline().beliefs.until(query.get("until"), query.get("min_position")).position
    if media == NDJSON:
        return in_turn(lambda: _written(feed, feed.page(after, _LINES, until), until))
    return _page(query, feed, after, until)


def atom_feed(query: Mapping[str, Any]) -> Response:
    """The belief changes for readers of feeds."""
    chosen = {name: query[name] for name in (*CHOOSING, "kind", "include") if name in query}
    about = next((query[name] for name in CHOOSING if name in query), None)
    feed = belief_feed(chosen, timeline().beliefs, timeline().epoch())
    page = f"/beliefs?{urlencode(chosen)}"
    return answered(BeliefEntries(feed, about), ATOM_ADDRESS, chosen, query.get(ARCHIVE), page)


def _page(query: Mapping[str, Any], feed: BeliefFeed, after: Spot, until: int) -> Response:
    limit = query.get("limit", DEFAULT_LIMIT)
    page = feed.page(after, limit, until)
    if page.is_end and page.last == after and query.get("timeout") and not {"until", "min_position"} & query.keys():
        return sent_on(query)
    if len(page.events) == limit and _is_closed(query):
        caching.close()
    answer = Response(batch(_told(feed, page, after)), content_type=BATCH)
    kept = {name: value for name, value in request.args.items() if name not in (*_BEGINNING, "limit", "min_position")}
    return linked(answer, f"{ADDRESS}?{urlencode({NAME: feed.cursor(page.last), 'limit': limit, **kept})}")


def _told(feed: BeliefFeed, page: Page, after: Spot) -> list[bytes]:
    """The events, and how far was looked where that is beyond the last of them."""
    events = [told.event for told in page.events]
    reached = page.events[-1].key if page.events else after
    return events if reached == page.last else [*events, feed.checkpoint(page.last)]


def _is_closed(query: Mapping[str, Any]) -> bool:
    """Whether the beginning is a place in the log, and not a time."""
    return "since" not in query and str(query.get("after", "0")).isdecimal()


def _written(feed: BeliefFeed, page: Page, until: int) -> Iterator[bytes]:
    try:
        while True:
            yield lines(told.event for told in page.events)
            if page.is_end:
                yield lines([feed.checkpoint(page.last)])
                return
            page = feed.page(page.last, _LINES, until)
    except ServiceError as error:
        _log.warning("a replay was cut off", position=page.last.position, error=str(error))
