"""The messages of the feeds and of webhooks, for asyncapi.yaml: one for each type and version of events."""

from __future__ import annotations

from typing import Any

import msgspec

from service.feeds.beliefs import SOURCE as BELIEFS
from service.feeds.beliefs import TOPIC as BELIEF
from service.feeds.events import CHECKPOINT_TYPE, SCHEMAS, SOURCE, TEXTS_TYPE, TYPE_PREFIX, CloudEvent
from service.feeds.forms import CAUGHT_UP, CHECKPOINT, ENDED, TEXTS
from service.feeds.schemas import SHAPES, event_schema, lift_of
from service.hooks.subscriptions import TEST_TYPE
from service.http.belief_schema import belief_schema
from service.http.shapes import INSTANT, TEXT, Json, items

CLOUD_EVENT = "application/cloudevents+json"
JSON = "application/json"
CHECKPOINT_MESSAGE, CAUGHT_UP_MESSAGE, TEXTS_MESSAGE, ENDED_MESSAGE, TEST_MESSAGE = (
    "Checkpoint", "CaughtUp", "Texts", "Ended", "WebhookTest",
)  # fmt: skip
LOG = tuple(SHAPES)
"""The messages that are events of the log."""
_AT, _OWN = "#/components/schemas/", "#/$defs/"
_ENVELOPE, _MARKER, _TEXT = "CloudEvent", "Marker", "Text"


def messages() -> dict[str, Json]:
    """All messages by name."""
    return {
        **{topic: _of_log(topic) for topic in LOG},
        BELIEF: _event(BELIEF, "Something else is believed about one matter from a log position on.", BELIEFS),
        CHECKPOINT_MESSAGE: _marker(
            CHECKPOINT, CHECKPOINT_TYPE, "Everything up to this id was looked at; nothing in between is missing."
        ),
        CAUGHT_UP_MESSAGE: _marker(
            CAUGHT_UP, CHECKPOINT_TYPE, "A stream has told all there was; from now on events come as they are recorded."
        ),
        TEXTS_MESSAGE: _marker(
            TEXTS, TEXTS_TYPE, "Texts that the next events refer to (`include=texts`); they may have to be forgotten.",
            datacontenttype={"const": JSON}, data=_object({"texts": items({"$ref": _AT + _TEXT})}),
        ),
        ENDED_MESSAGE: _message(
            ENDED, "The service ends a stream; the client goes on after the last id.", JSON, _object({"reason": TEXT})
        ),
        TEST_MESSAGE: _message(
            TEST_TYPE, "What the test of a subscription sends.", CLOUD_EVENT,
            _chosen(_MARKER, {"type": {"const": TEST_TYPE}}),
        ),
    }  # fmt: skip


def schemas() -> dict[str, Json]:
    """The schemas that messages refer to, by name."""
    found: dict[str, Json] = {_ENVELOPE: _envelope(), _MARKER: _marker_shape(), _TEXT: _text_shape()}
    for topic in reversed(LOG):
        _add(found, topic, event_schema(topic))
    _add(found, BELIEF, belief_schema())
    return dict(sorted(found.items()))


def _of_log(topic: str) -> Json:
    shape = SHAPES[topic]
    lift = lift_of(topic)
    message = _event(topic, " ".join((shape.__doc__ or "").split()), SOURCE)
    return message | ({"description": f"No longer recorded. {lift}"} if lift else {})


def _event(topic: str, summary: str, source: str) -> Json:
    narrowed = {
        "type": {"const": TYPE_PREFIX + topic},
        "source": {"const": source},
        "dataschema": {"const": SCHEMAS + topic},
        "data": {"$ref": _AT + topic},
    }
    return _message(TYPE_PREFIX + topic, summary, CLOUD_EVENT, _chosen(_ENVELOPE, narrowed))


def _marker(name: str, kind: str, summary: str, **more: Json) -> Json:
    required = {"required": list(more)} if more else {}
    return _message(name, summary, CLOUD_EVENT, _chosen(_MARKER, {"type": {"const": kind}, **more}) | required)


def _message(name: str, summary: str, media: str, payload: Json) -> Json:
    return {"name": name, "summary": summary, "contentType": media, "payload": payload}


def _chosen(envelope: str, narrowed: Json) -> Json:
    return {"allOf": [{"$ref": _AT + envelope}], "properties": narrowed}


def _envelope() -> Json:
    """The envelope of events; those of the log also say the place in their stream."""
    shape: Json = msgspec.json.schema(CloudEvent)["$defs"][CloudEvent.__name__]
    shape["description"] = " ".join(shape["description"].split())
    shape["required"] = [name for name in shape["required"] if name != "streamversion"]
    shape["properties"] |= {"time": INSTANT, "specversion": {"const": "1.0"}}
    return shape


def _marker_shape() -> Json:
    shape = _object({"specversion": {"const": "1.0"}, "id": TEXT, "source": TEXT, "type": TEXT, "sequence": TEXT})
    return {**shape, "required": ["specversion", "id", "source", "type"]}


def _text_shape() -> Json:
    return _object(dict.fromkeys(("reference", "scope", "salt", "digest", "content"), TEXT))


def _add(found: dict[str, Json], topic: str, schema: Json) -> None:
    """Adds the schema of an event's data under its topic, and what it refers to: by its own name where that is free."""
    root, parts = schema["$ref"].removeprefix(_OWN), schema["$defs"]
    names = {name: topic if name == root else name for name in parts}
    while clashing := [name for name in parts if names[name] == name and _differs(found, name, parts[name], names)]:
        names |= {name: f"{topic}.{name}" for name in clashing}
    moved = {names[name]: _moved(part, names) for name, part in parts.items()}
    lifted = {name: schema[name] for name in ("deprecated", "$comment") if name in schema}
    moved[topic] = lifted | moved[topic]
    found.update(moved)


def _differs(found: dict[str, Json], name: str, part: Json, names: dict[str, str]) -> bool:
    return name in found and found[name] != _moved(part, names)


def _moved(part: Any, names: dict[str, str]) -> Any:
    """A schema that refers to others by the names that they have in the document."""
    if isinstance(part, list):
        return [_moved(one, names) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return part | {"$ref": _AT + names[part["$ref"].removeprefix(_OWN)]}
    return {key: _moved(value, names) for key, value in part.items()}


def _object(properties: dict[str, Json]) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties)}
