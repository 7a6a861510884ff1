"""The shapes of the events in the feed, as JSON Schema (2020-12)."""

from __future__ import annotations

from typing import Any

import msgspec

from events.codec import topic_of
from events.errors import Unknown
from events.event_types import EVENT_TYPES, DomainEvent
from service.feeds.formats import SCHEMAS, TYPE_PREFIX

SCHEMA_JSON = "application/schema+json"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_BY_TOPIC = {topic_of(event_type): event_type for event_type in EVENT_TYPES}


def event_types() -> list[dict[str, str]]:
    """Every type of event, with what it means and where its schema is."""
    return [
        {"type": TYPE_PREFIX + topic, "description": _meaning(event_type), "dataschema": SCHEMAS + topic}
        for topic, event_type in _BY_TOPIC.items()
    ]


def event_schema(topic: str) -> dict[str, Any]:
    """The schema of `data` in an event of the feed. Unknown when no event has this topic."""
    event_type = _BY_TOPIC.get(topic)
    if event_type is None:
        raise Unknown(f"there is no event type {topic!r}")
    schema: dict[str, Any] = msgspec.json.schema(event_type)
    shape = schema["$defs"][event_type.__name__]
    shape["properties"] = {"id": {"type": "string"}} | _without_place(shape["properties"])
    shape["required"] = ["id", *_without_place(dict.fromkeys(shape["required"]))]
    return {"$schema": _DIALECT, "$id": SCHEMAS + topic, **schema}


def _without_place(named: dict[str, Any]) -> dict[str, Any]:
    """Without stream and version: the feed says them outside of `data`."""
    return {name: value for name, value in named.items() if name not in ("originator_id", "originator_version")}


def _meaning(event_type: type[DomainEvent]) -> str:
    return (event_type.__doc__ or "").strip()
