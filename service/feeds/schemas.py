"""The catalogue of events: every type and version that was ever stored, each with its JSON Schema (2020-12)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from events.codec import topic_of
from events.errors import Unknown
from events.event_types import EVENT_TYPES, DomainEvent
from events.upcasting import OLD_SHAPES, STEPS
from service.feeds.events import SCHEMAS, TYPE_PREFIX

SCHEMA_JSON = "application/schema+json"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def _shapes() -> Iterator[tuple[str, type[DomainEvent]]]:
    for event_type in EVENT_TYPES:
        for version in range(1, event_type.shape):
            old = OLD_SHAPES[event_type.__name__, version]
            yield topic_of(old), old
        yield topic_of(event_type), event_type


SHAPES: Mapping[str, type[DomainEvent]] = MappingProxyType(dict(_shapes()))
"""The shape of each topic, older versions before newer ones."""


def event_types() -> list[dict[str, Any]]:
    """Every type and version: what it means, where its schema is, and of an older one what came after it, and how."""
    return [
        {
            "type": TYPE_PREFIX + topic,
            "name": shape.__name__,
            "version": shape.shape,
            "description": _meaning(shape),
            "dataschema": SCHEMAS + topic,
            "superseded_by": following and TYPE_PREFIX + following,
            "lifted_by": lift_of(topic),
        }
        for topic, shape in SHAPES.items()
        for following in [_following(topic)]
    ]


def event_schema(topic: str) -> dict[str, Any]:
    """The schema of `data` in an event of the feed, now or when it had this shape. Unknown when no event ever had."""
    shape = SHAPES.get(topic)
    if shape is None:
        raise Unknown(f"there is no event type {topic!r}")
    schema: dict[str, Any] = msgspec.json.schema(shape)
    root = schema["$defs"][shape.__name__]
    root["properties"] = {"id": {"type": "string"}} | _without_place(root["properties"])
    root["required"] = ["id", *_without_place(dict.fromkeys(root["required"]))]
    lift = lift_of(topic)
    superseded = {} if lift is None else {"deprecated": True, "$comment": f"Superseded by {_following(topic)}. {lift}"}
    return {"$schema": _DIALECT, "$id": SCHEMAS + topic, **superseded, **schema}


def lift_of(topic: str) -> str | None:
    """What brings an older shape to the next one, in words; None for a present one."""
    step = STEPS.get((SHAPES[topic].__name__, SHAPES[topic].shape))
    return _meaning(step) if step else None


def _following(topic: str) -> str | None:
    name, version = SHAPES[topic].__name__, SHAPES[topic].shape
    return f"{name}.v{version + 1}" if (name, version) in STEPS else None


def _without_place(named: dict[str, Any]) -> dict[str, Any]:
    """Without stream and version: the feed says them outside of `data`."""
    return {name: value for name, value in named.items() if name not in ("originator_id", "originator_version")}


def _meaning(thing: Any) -> str:
    return " ".join((thing.__doc__ or "").split())
