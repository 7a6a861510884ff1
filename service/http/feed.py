"""The feed: the log for those who follow it, in the form that suits them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from events.errors import Invalid
from service.feeds.beliefs import TOPIC
from service.feeds.cursor import NAME
from service.feeds.events import SOURCE, EventWriter
from service.feeds.forms import ATOM, BATCH, EVENT_STREAM, NDJSON, batch
from service.feeds.question import Question, question, scopes_of
from service.feeds.schemas import SCHEMA_JSON, event_schema, event_types
from service.http import caching
from service.http.api import Resource
from service.http.atom import log_feed
from service.http.belief_schema import belief_schema
from service.http.context import holder, timeline
from service.http.demands import needs
from service.http.elsewhere import LAST_EVENT_ID, last_id, sent_on
from service.http.formats import liked_best
from service.http.jsons import json_answer
from service.http.paging import linked
from service.http.query import DEFAULT_LIMIT, FeedQuery
from service.http.replays import replay
from service.http.shapes import TEXT, Json, ref
from service.keys.scopes import FEED_READ
from service.timeline.feed import FeedPage

RESOURCE = Resource("feed", "Every event, in the order in which they were recorded.", reads=needs(FEED_READ))
FORMS: Mapping[str, Json] = {
    EVENT_STREAM: TEXT | {"description": "The events, and those to come as they come (WHATWG SSE)."},
    NDJSON: TEXT | {"description": "All events there are, one a line. The last line is a checkpoint."},
    ATOM: ref("AtomFeed"),
}
"""The forms of the feed besides the page."""
_OF_A_FORM: Mapping[str, frozenset[str]] = {
    BATCH: frozenset(("last", "since", "limit", "timeout", "until")),
    NDJSON: frozenset(("last", "since", "until", "include")),
    EVENT_STREAM: frozenset(("last", "since", "include")),
    ATOM: frozenset(),
}
_NOT_OF_ALL = frozenset.union(*_OF_A_FORM.values())


@RESOURCE.get("/v1/feed", "CloudEvents", query=FeedQuery, refused=(404, 410), media=BATCH, also=FORMS, elsewhere=True)
def read_feed(query: dict[str, Any]) -> Response:
    """The events after a cursor: a page of them, all there are as lines, or as a stream that goes on.

    The id of an event is its cursor. A page is empty at the end; one of chosen events may end with a checkpoint, from
    which to go on. Waiting and streaming are done by a process of their own, to which the client is sent on.
    """
    holder().demand(*scopes_of(query))
    media = liked_best((BATCH, *FORMS))
    _demand_fitting(query, media)
    if media == EVENT_STREAM:
        answer = sent_on(query)
    elif media == ATOM:
        answer = log_feed(query)
    else:
        last = last_id()
        if last is not None:  # it counts more than the address, as where it is streamed
            query = {name: value for name, value in query.items() if name != "since"} | {"last": last}
        asked = question(query, timeline().feed)
        answer = replay(asked) if media == NDJSON else _page(query, asked)
    answer.vary.update(("Accept", LAST_EVENT_ID))
    return answer


def _demand_fitting(query: Mapping[str, Any], media: str) -> None:
    """Refuses what means nothing in a form."""
    for name in _NOT_OF_ALL - _OF_A_FORM[media]:
        if name in query:
            told = NAME if name == "last" else name
            raise Invalid(f"{told} means nothing in the form {media}", told)


def _page(query: Mapping[str, Any], asked: Question) -> Response:
    limit = query.get("limit", DEFAULT_LIMIT)
    page = timeline().feed.page(asked.after, limit, asked.wanted, asked.until)
    if page.is_end and page.last == asked.after and asked.until is None and query.get("timeout"):
        return sent_on(query)
    if page.is_full and "since" not in query:
        caching.close()
    writer = EventWriter(page.epoch)
    answer = Response(batch(_told(page, writer, asked)), content_type=BATCH)
    kept = {name: value for name, value in request.args.items() if name not in (NAME, "since", "limit")}
    return linked(answer, f"{SOURCE}?{urlencode({NAME: writer.cursor(page.last), 'limit': limit, **kept})}")


def _told(page: FeedPage, writer: EventWriter, asked: Question) -> list[bytes]:
    """The events, and how far was looked where that is beyond the last of them."""
    events = writer.events(page.records)
    reached = page.records[-1].position if page.records else asked.after
    return events if reached == page.last else [*events, writer.checkpoint(page.last)]


@RESOURCE.get("/v1/event-types", "EventTypes", refused=())
def list_event_types() -> Response:
    """Every type and version of events that was ever stored."""
    return json_answer({"event_types": event_types()})


@RESOURCE.get("/v1/event-types/<topic>", "EventSchema", media=SCHEMA_JSON)
def read_event_type(topic: str) -> Response:
    """The schema of the data of one type of event."""
    schema = belief_schema() if topic == TOPIC else event_schema(topic)
    return json_answer(schema, media=SCHEMA_JSON)
