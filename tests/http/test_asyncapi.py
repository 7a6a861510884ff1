"""The document of the feeds, and that what is sent is as it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
import yaml
from jsonschema import Draft7Validator

from service.app import create_app
from service.feeds.events import EventWriter
from service.feeds.schemas import event_types
from service.http.asyncapi import asyncapi_yaml, document
from service.settings import Settings
from service.store.protocol import ErasableText
from service.timeline.timeline import Timeline
from tests.http.conftest import Service

ROOT = Path(__file__).parents[2]
EPOCH = UUID("6f3c3a55-7a1c-4b2e-9c34-0a8de4c7f901")
NDJSON = {"Accept": "application/x-ndjson"}
TEXT = {"type": "string", "minLength": 1}
KEY = "^[A-Za-z0-9_.-]+$"
REFERENCE = {
    "type": "object",
    "properties": {"$ref": {"type": "string", "pattern": "^#/"}},
    "required": ["$ref"],
    "additionalProperties": False,
}


def objects(shape: Any) -> dict[str, Any]:
    return {"type": "object", "patternProperties": {KEY: shape}, "additionalProperties": False, "minProperties": 1}


def record(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


VARIABLE = record((), default=TEXT, description=TEXT, enum={"type": "array", "items": TEXT})
BINDINGS = record(
    ("http",),
    http=record(
        ("bindingVersion",),
        method={"enum": ["GET", "POST"]},
        query={"type": "object", "properties": {"type": {"const": "object"}}, "required": ["type", "properties"]},
        bindingVersion={"const": "0.3.0"},
    ),
)
# What the specification of AsyncAPI 3.0.0 demands of the parts that we use, and nothing that it does not name.
STRUCTURE = record(
    ("asyncapi", "info", "channels", "operations", "components"),
    asyncapi={"const": "3.0.0"},
    info=record(("title", "version"), title=TEXT, version=TEXT, description=TEXT, license=record(("name",), name=TEXT)),
    defaultContentType=TEXT,
    servers=objects(
        record(
            ("host", "protocol"),
            host=TEXT,
            protocol={"const": "http"},
            description=TEXT,
            variables=objects(VARIABLE),
            security={"type": "array", "items": REFERENCE},
        )
    ),
    channels=objects(
        record(
            ("address", "messages"),
            address={"type": ["string", "null"]},
            title=TEXT,
            description=TEXT,
            servers={"type": "array", "items": REFERENCE, "uniqueItems": True},
            messages=objects(REFERENCE),
        )
    ),
    operations=objects(
        record(
            ("action", "channel"),
            action={"enum": ["send", "receive"]},
            channel=REFERENCE,
            summary=TEXT,
            bindings=BINDINGS,
        )
    ),
    components=record(
        (),
        messages=objects(
            record(
                ("payload",),
                name=TEXT,
                summary=TEXT,
                description=TEXT,
                contentType=TEXT,
                payload={"$ref": "http://json-schema.org/draft-07/schema#"},
            )
        ),
        schemas=objects({"$ref": "http://json-schema.org/draft-07/schema#"}),
        securitySchemes=objects(
            record(("type",), type={"const": "http"}, scheme={"const": "bearer"}, description=TEXT)
        ),
    ),
)


@lru_cache(1)
def made() -> dict[str, Any]:
    return document(create_app(cast(Timeline, None), Settings()))


def references(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for one in part:
            yield from references(one)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)


def target(reference: str) -> Any:
    found: Any = made()
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def payload_of(name: str) -> Draft7Validator:
    """What checks the payload of a message."""
    document = made()
    return Draft7Validator(
        {**document["components"]["messages"][name]["payload"], "components": document["components"]}
    )


def message_of(event: dict[str, Any], channel: str) -> str:
    """The name of the one message of a channel of which an event is."""
    names = [
        name
        for name in made()["channels"][channel]["messages"]
        if made()["components"]["messages"][name]["payload"]["properties"].get("type") == {"const": event["type"]}
    ]
    assert len(names) == 1 or set(names) == {"Checkpoint", "CaughtUp"}, event["type"]
    return names[0]


def lines(service: Service, address: str) -> list[dict[str, Any]]:
    with closing(service.get(address, headers=NDJSON)) as answer:
        return [json.loads(line) for line in answer.text.splitlines()]


def test_committed_document_is_the_one_of_the_code() -> None:
    written = asyncapi_yaml(create_app(cast(Timeline, None), Settings()))
    assert (ROOT / "asyncapi.yaml").read_text() == written, "run `make asyncapi`"
    assert yaml.safe_load(written) == made()


def test_it_has_the_structure_of_asyncapi() -> None:
    Draft7Validator.check_schema(STRUCTURE)
    Draft7Validator(STRUCTURE).validate(made())


def test_every_reference_leads_to_something() -> None:
    found = set(references(made()))
    assert found
    for reference in found:
        assert target(reference), reference


def test_operations_have_channels_and_channels_have_messages_and_servers() -> None:
    document = made()
    channels = {
        operation["channel"]["$ref"].removeprefix("#/channels/") for operation in document["operations"].values()
    }
    assert channels == set(document["channels"])
    for name, channel in document["channels"].items():
        assert all(one["$ref"].startswith("#/components/messages/") for one in channel["messages"].values()), name
        assert all(one["$ref"].startswith("#/servers/") for one in channel.get("servers", ())), name
    used = {name for channel in document["channels"].values() for name in channel["messages"]}
    assert used == set(document["components"]["messages"])


def test_every_type_of_event_is_in_each_form_of_the_feed_and_in_webhooks() -> None:
    types = {one["type"] for one in event_types() if "Belief" not in one["type"]}
    for channel in ("feedStream", "feedLines", "feedPage", "webhooks"):
        told = {target(one["$ref"])["name"] for one in made()["channels"][channel]["messages"].values()}
        assert types <= told, channel


def test_every_schema_is_used() -> None:
    used = set(references(made()))
    assert not [name for name in made()["components"]["schemas"] if f"#/components/schemas/{name}" not in used]


@pytest.mark.parametrize(
    ("address", "channel"), [("/v1/feed?include=texts", "feedLines"), ("/v1/beliefs", "beliefsLines")]
)
def test_what_is_sent_is_as_the_document_says(service: Service, address: str, channel: str) -> None:
    claim = service.claim()
    service.post(f"/v1/claims/{claim}/retraction", {"reason": "a slip"})
    service.catch_up()
    events = lines(service, address)
    assert len(events) > 2
    for event in events:
        payload_of(message_of(event, channel)).validate(event)


def test_a_payload_of_another_shape_is_found(service: Service) -> None:
    service.claim()
    first = lines(service, "/v1/feed")[0]
    check = payload_of(message_of(first, "feedLines"))
    assert check.is_valid(first)
    for name in ("id", "sequence", "type", "subject"):
        assert not check.is_valid({key: value for key, value in first.items() if key != name}), name
    assert not check.is_valid(first | {"data": {"id": "e"}})


def test_texts_are_told_as_the_document_says() -> None:
    text = ErasableText(reference=EPOCH, scope="s", salt=b"salt", digest="d", content="c")
    line = json.loads(EventWriter(EPOCH).texts(0, [text]))
    assert message_of(line, "feedLines") == "Texts"
    payload_of("Texts").validate(line)
