"""Webhooks over HTTP: what an owner can do, and each refusal. What is sent is tested in tests/integration/hooks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from standardwebhooks import Webhook

from events.errors import Unknown
from service.bootstrap import webhook_sender
from service.feeds.cursor import format_cursor
from service.hooks.lease_table import LEASES
from service.hooks.outbox import QUERIES
from service.hooks.schedule import PAUSES
from service.hooks.subscriptions import MOST_SECRETS, Subscription, Subscriptions
from service.settings import Limits
from tests.http.conftest import NewService, Service, refused, surroundings_of
from tests.sink import Sink, sink

ROUTES = [
    ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/pause"), ("POST", "/resume"), ("POST", "/rewind"),
    ("POST", "/rotate"), ("POST", "/test"), ("GET", "/deliveries"), ("POST", "/deliveries/1/replay"),
    ("POST", "/replay"), ("POST", "/lease"), ("POST", "/ack"), ("POST", "/nack"), ("POST", "/extend"),
]  # fmt: skip
"""Every route of one subscription."""
BY_NAME = {**QUERIES, **LEASES}
OF_AN_OWNER = [
    name for name, text in BY_NAME.items()
    if "%(owner)s" in text and name not in ("create", "count", "lock_owner")
]  # fmt: skip
"""The queries that find or change what belongs to one owner."""
HELD = {"lease": "00000000-0000-4000-8000-000000000001", "ids": [format_cursor(UUID(int=1), 1)]}
BODIES: dict[tuple[str, str], Any] = {
    ("PATCH", ""): {}, ("POST", "/rewind"): {"after": "end"}, ("POST", "/lease"): {},
    ("POST", "/ack"): HELD, ("POST", "/nack"): HELD, ("POST", "/extend"): {**HELD, "seconds": 30},
}  # fmt: skip


@pytest.fixture(scope="module")
def service(new_service: NewService) -> Iterator[Service]:
    limits = replace(Limits(), subscriptions=1_000)
    with new_service(webhooks_loopback=True, limits=limits) as made:
        made.known("red-hat", "mirantis")
        yield made


@pytest.fixture
def receiver() -> Iterator[Sink]:
    with sink() as made:
        yield made


def created(service: Service, receiver: Sink, **wish: Any) -> dict[str, Any]:
    answer = service.post("/v1/subscriptions", {"url": receiver.url, **wish})
    assert answer.status_code == 201, answer.json
    return dict(answer.json)


def patch(service: Service, path: str, body: Any) -> Any:
    return service.send("PATCH", path, json=body)


def hooks_of(service: Service) -> Subscriptions:
    found = surroundings_of(service).subscriptions
    assert found is not None
    return found


def sent(service: Service) -> None:
    """What is due is sent."""
    settings = surroundings_of(service).settings
    assert settings.database_url is not None
    with webhook_sender(settings, settings.database_url) as (sender, _):
        while sender.step() == 0 or not sender.is_idle:
            sender.woken.wait(0.1)
            sender.woken.clear()


# it works


def test_a_subscription_is_made_with_a_secret_that_is_told_once(service: Service, receiver: Sink) -> None:
    wish = {
        "url": receiver.url, "types": ["io.frenemies.InvestmentClaimed.v1", "AcquisitionClaimed"],
        "entities": ["red-hat", "mirantis"], "after": "start", "description": "Ours",
    }  # fmt: skip
    answer = service.post("/v1/subscriptions", wish)
    assert answer.status_code == 201
    made = answer.json
    assert answer.headers["Location"] == f"/v1/subscriptions/{made['id']}"
    assert made.pop("secret").startswith("whsec_")
    assert made["types"] == ["io.frenemies.AcquisitionClaimed", "io.frenemies.InvestmentClaimed.v1"]
    assert (made["entities"], made["state"], made["position"]) == (["mirantis", "red-hat"], "active", 0)
    assert service.get(answer.headers["Location"]).json == made


def test_without_more_it_gets_everything_from_now_on(service: Service, receiver: Sink) -> None:
    made = created(service, receiver)
    assert made["position"] == service.timeline.head() > 0
    assert made["types"] is None and made["entities"] is None and made["description"] is None
    assert created(service, receiver, after=made["cursor"])["position"] == made["position"]


def test_subscriptions_are_listed_page_by_page_without_secrets(service: Service, receiver: Sink) -> None:
    made = {created(service, receiver)["id"] for _ in range(5)}
    path, found = "/v1/subscriptions?limit=2", []
    while path:
        answer = service.get(path)
        assert "whsec" not in answer.text
        assert len(answer.json["subscriptions"]) <= 2
        found += [one["id"] for one in answer.json["subscriptions"]]
        path = answer.json["next"]
        assert (f'<{path}>; rel="next"' == answer.headers.get("Link")) is (path is not None)
    assert found == sorted(set(found))
    assert made <= set(found)


def test_it_is_changed_field_by_field(service: Service, receiver: Sink) -> None:
    made = created(service, receiver, types=["InvestmentClaimed"], entities=["red-hat"], description="A")
    path = f"/v1/subscriptions/{made['id']}"
    assert patch(service, path, {}).json == service.get(path).json
    changed = patch(service, path, {"types": None, "description": "B"}).json
    assert (changed["types"], changed["entities"], changed["description"]) == (None, ["red-hat"], "B")
    changed = patch(service, path, {"url": receiver.url + "/b", "entities": None, "description": None}).json
    assert (changed["url"], changed["entities"], changed["description"]) == (receiver.url + "/b", None, None)
    assert service.get(path).json == changed


def test_it_is_paused_resumed_and_deleted(service: Service, receiver: Sink) -> None:
    path = f"/v1/subscriptions/{created(service, receiver)['id']}"
    assert service.post(f"{path}/pause", None).json["state"] == "paused"
    assert service.post(f"{path}/pause", None).json["state"] == "paused"
    assert service.post(f"{path}/resume", None).json["state"] == "active"
    answer = service.send("DELETE", path)
    assert (answer.status_code, answer.data) == (204, b"")
    refused(service.get(path), 404, "unknown")
    refused(service.send("DELETE", path), 404, "unknown")


def test_it_is_rewound_to_a_cursor_the_start_and_the_end(service: Service, receiver: Sink) -> None:
    made = created(service, receiver)
    path = f"/v1/subscriptions/{made['id']}/rewind"
    assert service.post(path, {"after": "start"}).json["position"] == 0
    assert service.post(path, {"after": made["cursor"]}).json["position"] == made["position"]
    assert service.post(path, {"after": "end"}).json["position"] == service.timeline.head()


def test_a_new_secret_is_told_once_and_is_another_one(service: Service, receiver: Sink) -> None:
    made = created(service, receiver)
    path = f"/v1/subscriptions/{made['id']}"
    rotated = service.post(f"{path}/rotate", None).json
    assert rotated["secret"].startswith("whsec_") and rotated["secret"] != made["secret"]
    assert "secret" not in service.get(path).json


@pytest.mark.parametrize(("body", "count"), [(None, 2), ({}, 2), ({"old": "signs"}, 2), ({"old": "ends"}, 1)])
def test_the_old_secret_signs_beside_the_new_one_unless_it_is_to_end(
    service: Service, receiver: Sink, body: Any, count: int
) -> None:
    made = created(service, receiver)
    path = f"/v1/subscriptions/{made['id']}"
    answer = service.send("POST", f"{path}/rotate") if body is None else service.post(f"{path}/rotate", body)
    assert service.post(f"{path}/test", None).json["attempt"]["result"] == "delivered"
    (one,) = receiver.seen
    Webhook(answer.json["secret"]).verify(one.body, one.headers)
    assert len(one.headers["webhook-signature"].split(" ")) == count


def test_the_receiver_of_the_documentation_keeps_each_event_once_and_no_test(
    new_service: NewService, receiver: Sink
) -> None:
    with new_service(webhooks_loopback=True) as service:
        service.known("red-hat", "mirantis")
        made = created(service, receiver, after="start")
        service.post(f"/v1/subscriptions/{made['id']}/test", None)
        sent(service)
    page = (Path(__file__).parents[2] / "docs/webhooks.md").read_text()
    kept: list[Any] = []
    program: dict[str, Any] = {"SECRET": made["secret"], "store": kept.append}
    exec(page.partition("```python\n")[2].partition("```")[0], program)  # noqa: S102
    test, *events = receiver.seen
    assert [program["receive"](one.headers, one.body, set()) for one in (test, *events)] == [204, 204, 204]
    assert program["receive"](events[0].headers, events[0].body, {events[0].id}) == 204
    assert program["receive"](events[0].headers, events[1].body, set()) == 401
    assert kept == [one.event for one in events]


def test_a_test_sends_one_signed_event_and_tells_what_came_of_it(service: Service, receiver: Sink) -> None:
    made = created(service, receiver)
    path = f"/v1/subscriptions/{made['id']}/test"
    told = service.post(path, None).json
    (one,) = receiver.seen
    assert (told["attempt"]["result"], told["attempt"]["status"]) == ("delivered", 204)
    event = Webhook(made["secret"]).verify(one.body, one.headers)
    assert event["type"] == "io.frenemies.webhook.Test.v1"
    assert event["id"] == one.id == told["id"]
    receiver.behave = lambda received, handler: 500
    told = service.post(path, None).json["attempt"]
    assert (told["result"], told["status"]) == ("refused", 500)


def test_what_came_of_events_is_told_and_what_was_given_up_can_be_replayed(
    new_service: NewService, receiver: Sink
) -> None:
    with new_service(webhooks_loopback=True) as service:
        service.known("red-hat", "mirantis")
        made = created(service, receiver, after="start")
        path = f"/v1/subscriptions/{made['id']}"
        receiver.behave = lambda received, handler: 204 if received.position == 1 else 500
        sent(service)
        told = service.get(f"{path}/deliveries").json["deliveries"]
        assert [(one["position"], one["state"], one["tries"]) for one in told] == [
            (2, "failed", 1),
            (1, "delivered", 1),
        ]
        assert told[0]["due"] is not None and told[1]["due"] is None
        assert told[1]["id"] == receiver.taken[0].id
        assert told[0]["attempts"][0]["status"] == 500
        for state, positions in {"delivered": [1], "failed": [2], "waiting": [], "parked": []}.items():
            found = service.get(f"{path}/deliveries", state=state).json["deliveries"]
            assert [one["position"] for one in found] == positions
        page = service.get(f"{path}/deliveries?limit=1").json
        assert [one["position"] for one in page["deliveries"]] == [2]
        assert [one["position"] for one in service.get(page["next"]).json["deliveries"]] == [1]
        assert service.get(f"{path}/deliveries?cursor=0").json == {"deliveries": [], "next": None}

        assert service.post(f"{path}/deliveries/2/replay", None).json == {"replayed": 1}
        (again,) = service.get(f"{path}/deliveries", state="failed").json["deliveries"]
        assert again["tries"] == 1 and again["due"] < told[0]["due"]
        sent(service)
        assert service.post(f"{path}/replay", None).json == {"replayed": 1}

        _give_up(service, made["id"])
        assert service.get(path).json["parked"] == 1
        for position, why in {1: "it was delivered", 99: "there is no such delivery"}.items():
            problem = refused(service.post(f"{path}/deliveries/{position}/replay", None), 409, "conflict")
            assert why in problem["detail"]
        assert service.post(f"{path}/deliveries/2/replay", None).json == {"replayed": 1}
        assert "due already" in refused(service.post(f"{path}/deliveries/2/replay", None), 409, "conflict")["detail"]
        assert service.post(f"{path}/replay", None).json == {"replayed": 0}
        receiver.behave = lambda received, handler: 204
        sent(service)
        assert receiver.positions() == [1, 2]


def _parked(hooks: Subscriptions, one: Subscription) -> None:
    """As if its first event had been taken, and given up."""
    with hooks._database.connection() as connection:
        connection.execute(
            "INSERT INTO hooks.deliveries (subscription, position, edition, state, concerns, due)"
            " VALUES (%s::uuid, 1, 1, 'parked', '{a}', now())",
            [one.id],
        )


def _give_up(service: Service, name: str) -> None:
    """As if days had gone by and all attempts with them."""
    database = hooks_of(service)._database
    with database.connection() as connection:
        connection.execute(
            "UPDATE hooks.deliveries SET state = 'parked', tries = %s"
            " WHERE subscription = %s::uuid AND state = 'failed'",
            [len(PAUSES) + 1, name],
        )


# whose it is


def test_what_belongs_to_another_owner_is_not_there(service: Service, receiver: Sink) -> None:
    hooks = hooks_of(service)
    made = hooks.create("somebody", receiver.url, after="start").subscription
    position = made.position
    for use in (
        lambda owner: hooks.find(owner, made.id),
        lambda owner: hooks.change(owner, made.id, {"description": "mine"}),
        lambda owner: hooks.pause(owner, made.id),
        lambda owner: hooks.resume(owner, made.id),
        lambda owner: hooks.rewind(owner, made.id, "end"),
        lambda owner: hooks.rotate(owner, made.id),
        lambda owner: hooks.test(owner, made.id),
        lambda owner: hooks.deliveries(owner, made.id, None, None, 10),
        lambda owner: hooks.replay(owner, made.id),
        lambda owner: hooks.replay(owner, made.id, 1),
        lambda owner: hooks.delete(owner, made.id),
    ):
        with pytest.raises(Unknown):
            use("other")
    assert hooks.some("other", None, 100).items == []
    found = hooks.find("somebody", made.id)
    assert (found.state, found.position, found.description) == ("active", position, None)
    assert not receiver.seen


@pytest.mark.parametrize(("method", "rest"), ROUTES)
def test_the_routes_know_only_the_subscriptions_of_their_owner(
    service: Service, receiver: Sink, method: str, rest: str
) -> None:
    made = hooks_of(service).create("somebody", receiver.url).subscription
    body = BODIES.get((method, rest))
    answer = service.send(method, f"/v1/subscriptions/{made.id}{rest}", json=body)
    refused(answer, 404, "unknown")


@pytest.mark.limit(name="subscriptions")
def test_each_owner_may_have_so_many(new_service: NewService, receiver: Sink) -> None:
    with new_service(webhooks_loopback=True) as service:
        for _ in range(20):
            created(service, receiver)
        problem = refused(service.post("/v1/subscriptions", {"url": receiver.url}), 409, "too-many-subscriptions")
        assert "20" in problem["detail"]
        hooks_of(service).create("somebody", receiver.url)
        one = service.get("/v1/subscriptions").json["subscriptions"][0]
        service.send("DELETE", f"/v1/subscriptions/{one['id']}")
        created(service, receiver)


@pytest.mark.parametrize("query", OF_AN_OWNER)
def test_every_query_with_an_owner_finds_and_changes_nothing_of_another_one(
    service: Service, receiver: Sink, query: str
) -> None:
    """Whatever was asked before it: each of them looks by itself."""
    hooks = hooks_of(service)
    made = hooks.create("somebody", receiver.url, after="start").subscription
    _parked(hooks, made)
    params = {
        "id": made.id, "owner": "other", "after": None, "limit": 10, "before": None, "state": "paused", "position": 1,
        "changed": ["url"], "url": "x", "description": None, "topics": None, "entities": None, "now": made.created_at,
        "positions": [1],
    }  # fmt: skip
    with hooks._database.transaction() as connection:
        assert not connection.execute(BY_NAME[query], params).fetchall()
    assert hooks.find("somebody", made.id) == replace(made, parked=1)
    assert [one.state for one in hooks.deliveries("somebody", made.id, None, None, 10).items] == ["parked"]


# each refusal


@pytest.mark.parametrize(("method", "rest"), ROUTES)
def test_an_id_that_is_none_or_unknown_is_refused(service: Service, method: str, rest: str) -> None:
    body = BODIES.get((method, rest))
    refused(service.send(method, f"/v1/subscriptions/{uuid4()}{rest}", json=body), 404, "unknown")
    for text in ("1", "{" + str(uuid4()) + "}", str(uuid4()).upper(), "00000000-0000-0000-0000-000000000000"):
        refused(service.send(method, f"/v1/subscriptions/{text}{rest}", json=body), 422, "bad-path")


@pytest.mark.parametrize(
    ("wish", "pointer"),
    [
        ({}, "/url"),
        ({"url": None}, "/url"),
        ({"url": 7}, "/url"),
        ({"types": []}, "/types"),
        ({"types": "InvestmentClaimed"}, "/types"),
        ({"types": ["InvestmentClaimed", "Nonsense"]}, "/types/1"),
        ({"types": ["InvestmentClaimed"] * 101}, "/types"),
        ({"entities": []}, "/entities"),
        ({"entities": ["red-hat", "nobody"]}, "/entities/1"),
        ({"entities": ["Red Hat"]}, "/entities/0"),
        ({"entities": ["red-hat"] * 101}, "/entities"),
        ({"description": "x" * 1_001}, "/description"),
        ({"description": 7}, "/description"),
        ({"secret": "whsec_mine"}, "/secret"),
        ({"owner": "admin"}, "/owner"),
        ({"position": 7}, "/position"),
        ({"after": 7}, "/after"),
        ({"after": None}, "/after"),
    ],
)
def test_a_wish_that_is_not_valid_is_refused_with_its_place(
    service: Service, receiver: Sink, wish: dict[str, Any], pointer: str
) -> None:
    body = wish if pointer == "/url" else {"url": receiver.url, **wish}
    refused(service.post("/v1/subscriptions", body), 422, pointer=pointer)
    if wish and pointer not in ("/after", "/position"):
        made = created(service, receiver)
        refused(patch(service, f"/v1/subscriptions/{made['id']}", wish), 422, pointer=pointer)


@pytest.mark.case(number=74)
@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/", "https://10.0.0.1/", "https://user@127.0.0.1/", "x", "https://[::ffff:10.0.0.1]/"]
)
def test_an_address_that_is_not_public_is_refused_when_it_is_given(service: Service, receiver: Sink, url: str) -> None:
    refused(service.post("/v1/subscriptions", {"url": url}), 422, "url-refused", "/url")
    made = created(service, receiver)
    refused(patch(service, f"/v1/subscriptions/{made['id']}", {"url": url}), 422, "url-refused", "/url")


def test_loopback_is_refused_unless_it_is_allowed(new_service: NewService, receiver: Sink) -> None:
    with new_service() as service:
        for url in (receiver.url, "https://127.0.0.1/", "https://localhost/", "https://0x7f.1/"):
            refused(service.post("/v1/subscriptions", {"url": url}), 422, "url-refused", "/url")


def test_a_name_that_cannot_be_resolved_is_refused(service: Service) -> None:
    answer = service.post("/v1/subscriptions", {"url": "https://nowhere.invalid/"})
    refused(answer, 422, "unresolvable", "/url")


def test_cursors_of_no_log_another_log_and_beyond_the_end_are_refused(service: Service, receiver: Sink) -> None:
    made = created(service, receiver)
    other = format_cursor(uuid4(), 1)
    beyond = made["cursor"][:-2] + "zz"
    for path, body in (("/v1/subscriptions", {"url": receiver.url}), (f"/v1/subscriptions/{made['id']}/rewind", {})):
        refused(service.post(path, {**body, "after": "nonsense"}), 400, "bad-cursor", "/after")
        refused(service.post(path, {**body, "after": beyond}), 422, "invalid", "/after")
        assert refused(service.post(path, {**body, "after": other}), 410, "other-epoch")["resync"] == "/v1/feed"


@pytest.mark.parametrize("query", ["cursor=x", "cursor=%20", "cursor=-1"])
def test_a_cursor_of_a_list_that_is_none_is_refused(service: Service, receiver: Sink, query: str) -> None:
    made = created(service, receiver)
    refused(service.get(f"/v1/subscriptions?{query}"), 400, "bad-cursor")
    refused(service.get(f"/v1/subscriptions/{made['id']}/deliveries?{query}"), 400, "bad-cursor")


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "state=lost", "nonsense=1", "limit=1&limit=2"])
def test_a_bad_question_about_deliveries_is_refused(service: Service, receiver: Sink, query: str) -> None:
    made = created(service, receiver)
    refused(service.get(f"/v1/subscriptions/{made['id']}/deliveries?{query}"), 422, "bad-query")


@pytest.mark.parametrize("position", ["x", "-1", "1.5", "9" * 19, "9" * 40, "١"])
def test_a_position_that_is_none_is_refused(service: Service, receiver: Sink, position: str) -> None:
    made = created(service, receiver)
    path = f"/v1/subscriptions/{made['id']}/deliveries/{position}/replay"
    refused(service.post(path, None), 422, "bad-path", "/position")


def test_too_many_secrets_at_once_are_refused_until_the_old_ones_end(service: Service, receiver: Sink) -> None:
    path = f"/v1/subscriptions/{created(service, receiver)['id']}/rotate"
    for _ in range(MOST_SECRETS - 1):
        assert service.post(path, {}).status_code == 200
    refused(service.post(path, {}), 409, "too-many-secrets")
    assert service.post(path, {"old": "ends"}).status_code == 200
    assert service.post(path, {}).status_code == 200


@pytest.mark.parametrize(
    ("body", "pointer"), [({"old": "stays"}, "/old"), ({"old": None}, "/old"), ({"new": "x"}, "/new"), ([], "")]
)
def test_a_wish_about_the_old_secrets_that_is_none_is_refused_and_ends_nothing(
    service: Service, receiver: Sink, body: Any, pointer: str
) -> None:
    made = created(service, receiver)
    path = f"/v1/subscriptions/{made['id']}"
    refused(service.post(f"{path}/rotate", body), 422, pointer=pointer)
    refused(service.raw(f"{path}/rotate", b"{"), 400, "malformed-json")
    refused(service.raw(f"{path}/rotate", b"old=ends", "application/x-www-form-urlencoded"), 415)
    refused(service.raw(f"{path}/rotate", b" " * 1_048_577), 413, "too-large")
    service.post(f"{path}/test", None)
    (one,) = receiver.seen
    Webhook(made["secret"]).verify(one.body, one.headers)
    assert len(one.headers["webhook-signature"].split(" ")) == 1


def test_a_body_that_is_no_json_is_refused(service: Service) -> None:
    refused(service.raw("/v1/subscriptions", b"{"), 400, "malformed-json")
    refused(service.raw("/v1/subscriptions", b"{}", "text/plain"), 415, "unsupported-media-type")
    refused(service.raw("/v1/subscriptions", b'{"url": "' + b"x" * 1_048_577 + b'"}'), 413, "too-large")


def test_no_secret_is_logged_or_shown(service: Service, receiver: Sink, caplog: pytest.LogCaptureFixture) -> None:
    made = created(service, receiver)
    service.post(f"/v1/subscriptions/{made['id']}/test", None)
    found = hooks_of(service).rotate("admin", hooks_of(service).some("admin", None, 1).items[0].id)
    assert found.secret not in repr(found)
    assert "whsec_" not in caplog.text
