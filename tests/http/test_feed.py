"""GET /v1/feed and /v1/event-types."""

from __future__ import annotations

from uuid import uuid4

import pytest
from jsonschema import Draft202012Validator

from service.feeds.cursor import format_cursor
from tests.http.conftest import Service, refused

BATCH = "application/cloudevents-batch+json"


@pytest.fixture(autouse=True)
def _recorded(service: Service) -> None:
    service.claim()


def test_an_empty_log_is_an_empty_page(own_service: Service) -> None:
    answer = own_service.get("/v1/feed")
    assert (answer.status_code, answer.json, answer.content_type) == (200, [], BATCH)
    assert own_service.get(answer.headers["Link"].split(">")[0][1:]).json == []


def test_hands_out_every_event_once_and_in_order(service: Service) -> None:
    seen, path = [], "/v1/feed?limit=2"
    while page := service.get(path).json:
        assert len(page) <= 2
        seen += page
        path = f"/v1/feed?limit=2&lastEventId={page[-1]['id']}"
    assert [int(event["sequence"]) for event in seen] == list(range(1, service.timeline.head() + 1))
    assert len({event["id"] for event in seen}) == len(seen)
    assert [event["time"] for event in seen] == sorted(event["time"] for event in seen)


def test_an_event_is_a_cloud_event(service: Service) -> None:
    event = service.get("/v1/feed", limit="200").json[-1]
    assert event["specversion"] == "1.0" and event["source"] == "/v1/feed"
    assert event["type"] == "io.frenemies.InvestmentClaimed.v1"
    assert event["subject"] == f"claim/{event['data']['id']}"
    assert event["datacontenttype"] == "application/json"
    assert event["data"]["content"]["type"] == "investment"


def test_the_data_of_every_event_has_the_shape_that_it_names(service: Service) -> None:
    for event in service.get("/v1/feed", limit="200").json:
        schema = service.get(event["dataschema"])
        assert schema.content_type == "application/schema+json"
        Draft202012Validator(schema.get_json(force=True)).validate(event["data"])


def test_at_the_end_there_is_an_empty_page_and_later_what_is_new(service: Service) -> None:
    last = service.get("/v1/feed", limit="200").json[-1]["id"]
    end = service.get("/v1/feed", lastEventId=last)
    assert end.json == [] and end.headers["Link"] == f'</v1/feed?lastEventId={last}&limit=100>; rel="next"'
    service.known("newcomer")
    assert [e["subject"] for e in service.get("/v1/feed", lastEventId=last).json] == ["entity/newcomer"]


@pytest.mark.case(number=54)
@pytest.mark.parametrize(
    "cursor", ["", "x", "1", "A" * 31, "A" * 33, "A" * 64, "!" * 32, "\u00e9" * 32, "A" * 31 + "="]
)
def test_case_54_refuses_a_forged_cursor(service: Service, cursor: str) -> None:
    """Cursor forged, of other epoch, beyond head: 400 / 410 resync / 200 empty"""
    refused(service.get("/v1/feed", lastEventId=cursor), 400, "bad-cursor", "/lastEventId")


@pytest.mark.case(number=54)
def test_case_54_the_cursor_of_another_log_is_gone(service: Service) -> None:
    """Cursor forged, of other epoch, beyond head: 400 / 410 resync / 200 empty"""
    answer = service.get("/v1/feed", lastEventId=format_cursor(uuid4(), 1))
    assert refused(answer, 410, "other-epoch")["resync"] == "/v1/feed"
    assert answer.headers["Link"] == '</v1/feed>; rel="start"'


@pytest.mark.case(number=54)
def test_case_54_beyond_the_head_is_an_empty_page(service: Service) -> None:
    """Cursor forged, of other epoch, beyond head: 400 / 410 resync / 200 empty"""
    epoch = service.timeline.epoch()
    assert service.get("/v1/feed", lastEventId=format_cursor(epoch, 10**12)).json == []
    refused(service.get("/v1/feed", lastEventId=format_cursor(epoch, 2**63)), 400, "bad-cursor")


@pytest.mark.case(number=55)
def test_case_55_a_long_cursor(service: Service) -> None:
    """Last-Event-ID not a cursor, 10 kB long: 400"""
    refused(service.get("/v1/feed", lastEventId="A" * 7_000), 400, "bad-cursor", "/lastEventId")


def test_event_types_are_listed_with_their_schemas(service: Service) -> None:
    listed = service.get("/v1/event-types").json["event_types"]
    assert len(listed) == len({item["type"] for item in listed}) > 20
    for item in listed:
        Draft202012Validator.check_schema(service.get(item["dataschema"]).get_json(force=True))
    refused(service.get("/v1/event-types/Nothing.v1"), 404, "unknown")
    refused(service.get("/v1/event-types/EntityRegistered.v3"), 404, "unknown")


def test_an_older_version_is_marked_with_what_came_after_it(service: Service) -> None:
    listed = {item["type"]: item for item in service.get("/v1/event-types").json["event_types"]}
    old, new = (listed[f"io.frenemies.EntityRegistered.v{version}"] for version in (1, 2))
    assert (old["superseded_by"], new["superseded_by"], new["lifted_by"]) == (new["type"], None, None)
    assert "scheme:value" in old["lifted_by"]
    schema = service.get(old["dataschema"]).get_json(force=True)
    assert schema["deprecated"] is True
    assert schema["$defs"]["EntityContent"]["properties"]["identifiers"]["items"] == {"type": "string"}
