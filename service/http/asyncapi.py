"""The document of the feeds: `python -m service.http.asyncapi` writes asyncapi.yaml (AsyncAPI 3.0.0)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import cast

import yaml
from flask import Flask, Response

from service.feeds.beliefs import SOURCE as BELIEFS
from service.feeds.beliefs import TOPIC as BELIEF
from service.feeds.events import SOURCE as FEED
from service.feeds.forms import BATCH, EVENT_STREAM, NDJSON
from service.http.asyncapi_messages import (
    CAUGHT_UP_MESSAGE,
    CHECKPOINT_MESSAGE,
    CLOUD_EVENT,
    ENDED_MESSAGE,
    LOG,
    TEST_MESSAGE,
    TEXTS_MESSAGE,
    messages,
    schemas,
)
from service.http.caching import conditional
from service.http.demands import OPEN, declare
from service.http.openapi import YAML
from service.http.openapi import document as openapi
from service.http.shapes import Json
from service.settings import Settings

_BINDING = {"bindingVersion": "0.3.0"}
_STREAM_MARKERS = (CHECKPOINT_MESSAGE, CAUGHT_UP_MESSAGE, ENDED_MESSAGE)
_FORMS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "Stream": (EVENT_STREAM, "each as a message of an event stream with its id, as it is recorded", _STREAM_MARKERS),
    "Lines": (NDJSON, "each as a line, as many as there are, and a checkpoint as the last line", (CHECKPOINT_MESSAGE,)),
    "Page": (BATCH, "in a JSON array, at most `limit`; waited for with `timeout`", (CHECKPOINT_MESSAGE,)),
}
_ABOUT = (
    "Every event once and in order, by the way that suits you. The id of an event is a cursor: keep it, and go on after"
    " it with `lastEventId`. The same document for questions and answers is openapi.yaml."
)
_OF_A_KEY = "A key with `feed:read`; the texts (`include=texts`) need `state:read` besides. See docs/keys.md."
_PUSHED = (
    "Events sent to the address of a subscription by POST (Standard Webhooks 1.0.0): the headers `webhook-id`,"
    " `webhook-timestamp` and `webhook-signature` sign the body. The same event has the same id in every attempt."
)


def document(app: Flask) -> Json:
    """The document as plain data."""
    asked = openapi(app)
    info = asked["info"]
    made = {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"{info['title']}: feeds",
            "version": info["version"],
            "description": _ABOUT,
            "license": {"name": info["license"]["name"]},
        },
        "defaultContentType": CLOUD_EVENT,
        "servers": {
            "api": _server(Settings.port, "The API; it sends streams and long polls on to the feed process."),
            "feed": _server(Settings.port + 1, "The feed process; the API sends clients here with a ticket."),
        },
        "channels": _channels(),
        "operations": _operations(asked["paths"]),
        "components": {
            "messages": messages(),
            "schemas": schemas(),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": _OF_A_KEY}},
        },
    }
    plain: Json = json.loads(json.dumps(made))
    return plain


def register(app: Flask) -> None:
    """Serves the document."""
    as_yaml = lru_cache(lambda: asyncapi_yaml(app))

    def read_asyncapi() -> Response:
        return conditional(Response(as_yaml(), content_type=YAML))

    declare(read_asyncapi, OPEN, "GET")
    app.add_url_rule("/asyncapi.yaml", view_func=read_asyncapi)


def asyncapi_yaml(app: Flask) -> str:
    """The document as it is committed."""
    return str(yaml.safe_dump(document(app), sort_keys=False, allow_unicode=True, width=120))


def _channels() -> Json:
    told = {FEED: ("feed", "Every event of the log", LOG), BELIEFS: ("beliefs", "Every change of a belief", (BELIEF,))}
    channels: Json = {}
    for address, (name, what, events) in told.items():
        for form, (media, how, markers) in _FORMS.items():
            texts = (TEXTS_MESSAGE,) if address == FEED and form != "Page" else ()
            channels[name + form] = {
                "address": address,
                "title": f"{what}, {form.lower()}",
                "description": f"{what}, {how} (`Accept: {media}`).",
                "servers": _refs("servers", ("api", "feed") if form != "Lines" else ("api",)),
                "messages": _messages((*events, *markers, *texts)),
            }
    channels["webhooks"] = {
        "address": None,
        "title": "Webhooks",
        "description": _PUSHED,
        "messages": _messages((*LOG, TEST_MESSAGE)),
    }
    return channels


def _operations(paths: Json) -> Json:
    operations: Json = {}
    for address, name in ((FEED, "feed"), (BELIEFS, "beliefs")):
        query = _query(paths[address]["get"]["parameters"])
        for form, (media, _, _) in _FORMS.items():
            operations[f"send{name.capitalize()}{form}"] = {
                "action": "send",
                "channel": {"$ref": f"#/channels/{name}{form}"},
                "summary": f"GET {address} with `Accept: {media}`.",
                "bindings": {"http": {"method": "GET", "query": query, **_BINDING}},
            }
    operations["sendWebhooks"] = {
        "action": "send",
        "channel": {"$ref": "#/channels/webhooks"},
        "summary": "POST to the address of each subscription.",
        "bindings": {"http": {"method": "POST", **_BINDING}},
    }
    return operations


def _query(parameters: Iterable[Json]) -> Json:
    """The parameters of a query as the schema of one object."""
    named = [parameter for parameter in parameters if parameter.get("in") == "query"]
    told = {one["name"]: {**one["schema"], "description": one.get("description", "")} for one in named}
    return {"type": "object", "properties": told, "additionalProperties": False}


def _server(port: int, description: str) -> Json:
    return {
        "host": "{host}:{port}",
        "protocol": "http",
        "description": description,
        "variables": {"host": {"default": Settings.host}, "port": {"default": str(port)}},
        "security": [{"$ref": "#/components/securitySchemes/key"}],
    }


def _messages(names: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/components/messages/{name}"} for name in names}


def _refs(part: str, names: Iterable[str]) -> list[Json]:
    return [{"$ref": f"#/{part}/{name}"} for name in names]


def main() -> None:
    """Writes the document to standard output."""
    from service.app import create_app
    from service.timeline.timeline import Timeline

    # The document follows from the code alone: nothing is asked of a timeline.
    sys.stdout.write(asyncapi_yaml(create_app(cast(Timeline, None), Settings())))


if __name__ == "__main__":
    main()
