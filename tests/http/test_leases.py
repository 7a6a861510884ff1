"""Pulling over HTTP: what a worker can do, and each refusal. The rules are tested in tests/integration/hooks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from service.feeds.cursor import format_cursor
from service.settings import Limits
from tests.http.conftest import NewService, Service, refused

NOBODY = str(uuid4())


@pytest.fixture(scope="module")
def service(new_service: NewService) -> Iterator[Service]:
    with new_service(webhooks_loopback=True, limits=replace(Limits(), subscriptions=1_000)) as made:
        made.known("red-hat", "mirantis")
        yield made


def created(service: Service, **wish: Any) -> str:
    answer = service.post("/v1/subscriptions", {"mode": "pull", "after": "start", **wish})
    assert answer.status_code == 201, answer.json
    return f"/v1/subscriptions/{answer.json['id']}"


@pytest.fixture
def path(service: Service) -> str:
    return created(service)


def leased(service: Service, path: str, **wish: Any) -> dict[str, Any]:
    answer = service.post(f"{path}/lease", wish)
    assert answer.status_code == 200, answer.json
    return dict(answer.json)


def held(lease: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"lease": lease["lease"], "ids": [one["event"]["id"] for one in lease["deliveries"]], **more}


# it works


def test_a_subscription_is_made_to_be_pulled_from_without_address_and_secret(service: Service) -> None:
    made = service.post("/v1/subscriptions", {"mode": "pull"}).json
    assert (made["mode"], made["url"], made["secret"], made["leased"]) == ("pull", None, None, 0)
    assert service.get(f"/v1/subscriptions/{made['id']}").json["mode"] == "pull"
    changed = service.send("PATCH", f"/v1/subscriptions/{made['id']}", json={"description": "A"}).json
    assert (changed["description"], changed["url"]) == ("A", None)


def test_events_are_leased_as_the_feed_has_them_and_acknowledged(service: Service, path: str) -> None:
    answer = service.post(f"{path}/lease", {"max": 10, "seconds": 60})
    lease = answer.json
    assert lease["seconds"] == 60 and [one["attempt"] for one in lease["deliveries"]] == [1, 1]
    page = service.get("/v1/feed").data
    for one in lease["deliveries"]:
        written = json.dumps(one["event"], separators=(",", ":"), ensure_ascii=False).encode()
        assert written in page and written in answer.data
    assert service.get(path).json["leased"] == 2
    done = held(lease)
    for _ in range(2):
        assert service.post(f"{path}/ack", done).json == {"waiting": 0, "delivered": 2, "failed": 0, "parked": 0}
    told = service.get(path).json
    assert (told["leased"], told["pending"], told["position"]) == (0, 0, service.timeline.head())
    assert leased(service, path)["deliveries"] == []


def test_without_a_body_a_hundred_events_are_leased_for_half_a_minute(service: Service, path: str) -> None:
    lease = service.send("POST", f"{path}/lease").json
    assert (lease["seconds"], len(lease["deliveries"])) == (30, 2)


def test_events_are_given_back_with_a_reason(service: Service, path: str) -> None:
    lease = leased(service, path)
    first, second = held(lease)["ids"]
    retry = held(lease) | {"ids": [first], "after": 0, "reason": "no room"}
    assert service.post(f"{path}/nack", retry).json == {"waiting": 0, "delivered": 0, "failed": 1, "parked": 0}
    parked = held(lease) | {"ids": [second], "action": "park"}
    assert service.post(f"{path}/nack", parked).json == {"waiting": 0, "delivered": 0, "failed": 0, "parked": 1}
    again = leased(service, path)
    assert [(one["event"]["id"], one["attempt"]) for one in again["deliveries"]] == [(first, 2)]
    (one,) = service.get(f"{path}/deliveries", state="leased").json["deliveries"]
    assert (one["attempts"][0]["result"], one["attempts"][0]["detail"]) == ("refused", "no room")
    assert service.post(f"{path}/deliveries/2/replay", None).json == {"replayed": 1}
    assert "a worker has" in refused(service.post(f"{path}/deliveries/1/replay", None), 409, "conflict")["detail"]


def test_what_was_not_begun_is_released(service: Service, path: str) -> None:
    lease = leased(service, path)
    for _ in range(2):
        answer = service.post(f"{path}/nack", held(lease, action="release"))
        assert answer.json == {"waiting": 2, "delivered": 0, "failed": 0, "parked": 0}
    assert [one["attempts"] for one in service.get(f"{path}/deliveries").json["deliveries"]] == [[], []]
    assert [one["attempt"] for one in leased(service, path)["deliveries"]] == [1, 1]


def test_a_lease_is_extended(service: Service, path: str) -> None:
    lease = leased(service, path, seconds=1)
    until = service.post(f"{path}/extend", held(lease, seconds=600)).json["until"]
    told = service.get(f"{path}/deliveries", state="leased").json["deliveries"]
    assert {one["due"] for one in told} == {until}


def test_whoever_waits_in_vain_is_answered_with_nothing(service: Service) -> None:
    assert leased(service, created(service, after="end"), wait=1)["deliveries"] == []


# each refusal


def test_events_that_a_lease_does_not_hold_are_named(service: Service, path: str) -> None:
    lease = leased(service, path, max=1)
    known = held(lease)["ids"][0]
    missing = known[:-1] + ("A" if known[-1] != "A" else "E")
    for route, more in (("ack", {}), ("nack", {}), ("extend", {"seconds": 9})):
        body = {**held(lease), "ids": [known, missing], **more}
        refused(service.post(f"{path}/{route}", body), 409, "lease-lost", "/ids/1")
        refused(service.post(f"{path}/{route}", held(lease, **more) | {"lease": NOBODY}), 409, "lease-lost", "/ids/0")
        other = held(lease, **more) | {"ids": [format_cursor(uuid4(), 1)]}
        refused(service.post(f"{path}/{route}", other), 410, "other-epoch", "/ids/0")
        refused(service.post(f"{path}/{route}", held(lease, **more) | {"ids": ["x"]}), 400, "bad-cursor", "/ids/0")
    assert service.get(path).json["leased"] == 1


@pytest.mark.limit(name="lease_wait")
@pytest.mark.limit(name="lease_seconds")
@pytest.mark.limit(name="page")
@pytest.mark.parametrize(
    ("route", "wish", "pointer"),
    [
        ("lease", {"max": 0}, "/max"),
        ("lease", {"max": 201}, "/max"),
        ("lease", {"max": "1"}, "/max"),
        ("lease", {"max": True}, "/max"),
        ("lease", {"max": None}, "/max"),
        ("lease", {"seconds": 0}, "/seconds"),
        ("lease", {"seconds": 3_601}, "/seconds"),
        ("lease", {"wait": -1}, "/wait"),
        ("lease", {"wait": 5}, "/wait"),
        ("lease", {"worker": "me"}, "/worker"),
        ("ack", {"lease": "x"}, "/lease"),
        ("ack", {"lease": None}, "/lease"),
        ("ack", {"ids": []}, "/ids"),
        ("ack", {"ids": ["x"] * 201}, "/ids"),
        ("ack", {"ids": [7]}, "/ids/0"),
        ("ack", {"after": 1}, "/after"),
        ("nack", {"action": "drop"}, "/action"),
        ("nack", {"after": -1}, "/after"),
        ("nack", {"after": 86_401}, "/after"),
        ("nack", {"reason": "x" * 1_001}, "/reason"),
        ("nack", {"reason": "a\0b"}, "/reason"),
        ("extend", {"seconds": 3_601}, "/seconds"),
        ("extend", {"seconds": None}, "/seconds"),
    ],
)
def test_a_wish_that_is_not_valid_is_refused_with_its_place(
    service: Service, path: str, route: str, wish: dict[str, Any], pointer: str
) -> None:
    lease = leased(service, path)
    body = {} if route == "lease" else held(lease, **({"seconds": 9} if route == "extend" else {}))
    refused(service.post(f"{path}/{route}", body | wish), 422, pointer=pointer)
    assert service.get(path).json["leased"] == 2


@pytest.mark.parametrize("route", ["ack", "nack", "extend"])
def test_what_is_missing_is_named(service: Service, path: str, route: str) -> None:
    refused(service.post(f"{path}/{route}", {}), 422, pointer="/ids")
    refused(service.raw(f"{path}/{route}", b"{"), 400, "malformed-json")
    refused(service.raw(f"{path}/{route}", b"{}", "text/plain"), 415)


def test_as_much_as_may_be_is_taken(service: Service, path: str) -> None:
    assert leased(service, path, max=200, seconds=3_600, wait=4)["deliveries"]


@pytest.mark.parametrize(
    ("wish", "pointer"), [({"mode": "push"}, "/mode"), ({"mode": "pull", "url": "https://example.org/"}, "/url")]
)
def test_a_mode_and_an_address_that_do_not_fit_are_refused(
    service: Service, wish: dict[str, Any], pointer: str
) -> None:
    refused(service.post("/v1/subscriptions", wish), 422, pointer=pointer)


def test_what_is_pulled_from_gets_no_address_test_or_secret(service: Service, path: str) -> None:
    refused(service.send("PATCH", path, json={"url": "http://127.0.0.1:9/"}), 422, "invalid", "/url")
    refused(service.post(f"{path}/test", None), 409, "other-mode")
    refused(service.post(f"{path}/rotate", None), 409, "other-mode")


def test_a_webhook_cannot_be_leased(service: Service) -> None:
    hook = created(service, mode="webhook", url="http://127.0.0.1:9/")
    refused(service.post(f"{hook}/lease", {}), 409, "other-mode")
    body = {"lease": NOBODY, "ids": [format_cursor(service.timeline.epoch(), 1)]}
    for route, more in (("ack", {}), ("nack", {}), ("extend", {"seconds": 9})):
        refused(service.post(f"{hook}/{route}", body | more), 409, "other-mode")
