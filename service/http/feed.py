"""The feed: the log, page by page, for followers."""

from __future__ import annotations

from typing import Any

from flask import Response

from service.feeds.cursor import format_cursor, parse_cursor
from service.feeds.formats import CLOUDEVENTS_BATCH, SOURCE, cloud_event
from service.feeds.schemas import SCHEMA_JSON, event_schema, event_types
from service.http.api import Resource
from service.http.context import timeline
from service.http.paging import linked
from service.http.plain import json_answer
from service.http.query import FeedQuery

RESOURCE = Resource("feed", "Every event, in the order in which they were recorded.")


@RESOURCE.get("/v1/feed", "CloudEvents", query=FeedQuery, refused=(410,), media=CLOUDEVENTS_BATCH, cached=False)
def read_feed(query: dict[str, Any]) -> Response:
    """The events after a cursor, as a batch of CloudEvents; `[]` at the end. The id of an event is its cursor."""
    given = query.get("last")
    cursor = None if given is None else parse_cursor(given)
    page = timeline().feed(cursor.position if cursor else 0, query["limit"])
    if cursor is not None:
        cursor.demand_epoch(page.epoch)
    events = [cloud_event(recorded, page.epoch) for recorded in page.events]
    last = events[-1]["id"] if events else given or format_cursor(page.epoch, 0)
    following = f"{SOURCE}?lastEventId={last}&limit={query['limit']}"
    return linked(json_answer(events, media=CLOUDEVENTS_BATCH), following)


@RESOURCE.get("/v1/event-types", "EventTypes", refused=())
def list_event_types() -> Response:
    """Every type and version of events that was ever stored."""
    return json_answer({"event_types": event_types()})


@RESOURCE.get("/v1/event-types/<topic>", "EventSchema", media=SCHEMA_JSON)
def read_event_type(topic: str) -> Response:
    """The schema of the data of one type of event."""
    return json_answer(event_schema(topic), media=SCHEMA_JSON)
