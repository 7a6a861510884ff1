"""GET /v1/operator, the page that shows the same, what followers say of themselves, and what is done for owners."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from service.bootstrap import log_keeper
from service.db import connect
from service.errors import DeadlineExceeded, StoreUnavailable
from service.feeds.cursor import format_cursor
from service.hooks.subscriptions import Subscription
from service.keys.scopes import ADMIN, FEED_READ, HOOKS_MANAGE
from service.overview import overview
from service.overview.overview import MOST, MOST_GIVEN_UP, Overview
from service.projections.indexing import INDEX
from service.projections.projection import schema_of
from service.settings import Settings
from service.store import followers
from tests.hostile import NAMES, STEERING, packed
from tests.http.conftest import NewService, Service, refused, surroundings_of
from tests.http.test_subscriptions import hooks_of
from tests.integration.following.conftest import SIGNER
from tests.keyed import EXPIRED, bearer, issued, revoke
from tests.markup import Seen, seen
from tests.world import HARMLESS

ADDRESS = "http://127.0.0.1:9/hook?secret=canary"
EMPTY = {"total": 0, "listed": []}
HOSTILE, STEERED = list(packed(NAMES)), list(packed(STEERING, 500))


@pytest.fixture(scope="module", autouse=True)
def _patient() -> Iterator[None]:
    """A busy machine is no failure."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overview, "PART_SECONDS", 30.0)
        yield


@pytest.fixture
def service(new_service: NewService) -> Iterator[Service]:
    with new_service(webhooks_loopback=True) as made:
        yield made


def overview_of(service: Service) -> Overview:
    found = surroundings_of(service).overview
    assert found is not None
    return found


def execute(service: Service, statement: str, *values: object) -> list[Any]:
    """Does something as the owner of the server."""
    with connect(surroundings_of(service).settings.database_url or "") as connection:
        cursor = connection.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []


def told(service: Service, **headers: str) -> dict[str, Any]:
    answer = service.get("/v1/operator", headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def shown(service: Service, **headers: str) -> str:
    answer = service.get("/operator", headers=headers)
    assert (answer.status_code, answer.mimetype) == (200, "text/html"), answer.text
    return answer.text


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", seen(page).text)


def subscribed(service: Service, owner: str = "somebody", **wish: Any) -> Subscription:
    return hooks_of(service).create(owner, ADDRESS, **wish).subscription


def park(service: Service, one: Subscription, *positions: int, detail: str = "it answered 500") -> None:
    """As if events had been taken, and given up after days."""
    for position in positions:
        execute(
            service,
            "INSERT INTO hooks.deliveries (subscription, position, edition, state, concerns, due, tries, attempts)"
            " VALUES (%s::uuid, %s, 1, 'parked', '{a}', now(), 10, jsonb_build_array(jsonb_build_object('at',"
            " '2026-11-20T10:00:00Z', 'result', 'refused', 'status', 500, 'seconds', 0.1, 'detail', %s::text)))",
            one.id, position, detail,
        )  # fmt: skip


def press(service: Service, act: str, subscription: object, position: object = "", **headers: str) -> Any:
    given = {"act": act, "subscription": str(subscription), "position": str(position)}
    return service.send("POST", "/operator", data=given, headers=headers)


def deliveries(service: Service, one: Subscription, owner: str = "somebody") -> dict[int, str]:
    return {each.position: each.state for each in hooks_of(service).deliveries(owner, one.id, None, None, 100).items}


# what is told


def test_a_new_service_tells_that_there_is_nothing(service: Service) -> None:
    found = told(service)
    assert found["unknown"] == []
    assert (found["log"]["head"], found["log"]["uncovered"], found["log"]["checkpoint"]) == (0, 0, None)
    assert found["log"]["epoch"] == str(service.timeline.epoch()) and found["log"]["restores"] == []
    assert found["database"]["size"] > 0 and 0 < found["database"]["sessions"] <= found["database"]["most_sessions"]
    assert [one["name"] for one in found["projections"]] == ["index", "states"]
    assert found["following"] is None and found["replica"] is None
    assert found["followers"] == found["subscriptions"] == found["keys"] == EMPTY
    text = text_of(shown(service))
    for words in ("This service follows nobody", "None was ever made", "There are none", "frenemies keys create"):
        assert words in text


def test_the_log_is_told_with_what_no_checkpoint_covers(service: Service) -> None:
    service.known("ant", "bee", "cat")
    assert told(service)["log"]["unsigned_seconds"] is None
    settings = replace(Settings(), log_key=SIGNER.secret(), log_origin=SIGNER.verifier.name)
    with log_keeper(settings, surroundings_of(service).settings.database_url or "") as (keeper, _):
        keeper.introduce()
        keeper.catch_up()
        assert told(service)["log"]["unsigned_seconds"] > 0
        keeper.sign()
    log, note = told(service)["log"], service.get("/v1/log/checkpoint").text
    assert (log["head"], log["uncovered"], log["unsigned_seconds"], log["checkpoint"]["size"]) == (4, 0, 0, 3)
    assert log["checkpoint"]["root"] == note.splitlines()[2]
    service.known("dog")
    log = told(service)["log"]
    assert (log["head"], log["uncovered"]) == (5, 1) and log["unsigned_seconds"] > 0
    assert "of 3 events" in text_of(shown(service)) and '"/v1/log/checkpoint"' in shown(service)


def test_restores_are_told(service: Service) -> None:
    one = uuid4()
    execute(
        service,
        "INSERT INTO log.restores (number, restored_by, position, vouched, is_lost, from_epoch, epoch)"
        " SELECT 1, 'ann', 0, 7, true, %s::uuid, epoch FROM log.epoch",
        one,
    )
    assert told(service)["log"]["restores"] == service.get("/v1/log/restores").json["restores"]
    assert str(one) in shown(service)


def test_projections_are_told_with_what_they_hold_back_and_the_last_rebuild(service: Service) -> None:
    service.known("ant", "bee")
    schema = schema_of(INDEX)
    service.catch_up()
    execute(
        service,
        f"INSERT INTO {schema}.parked (stream, position, event_type, error)"  # noqa: S608
        " VALUES ('entity-ant', 1, 'EntityRegistered.v1', 'no such thing')",
    )
    execute(
        service,
        "INSERT INTO projections.rebuilds (schema, phase, started_by, done, total, rate, note)"
        " VALUES (%s, 'refused', 'ann', 3, 7, 2.5, 'they differ')",
        schema,
    )
    found = told(service)["projections"]
    plain = [{name: value for name, value in one.items() if name != "parked_streams"} for one in found]
    assert plain == service.get("/v1/projections").json["projections"]
    (held,) = found[0]["parked_streams"]
    assert (held["stream"], held["position"], held["error"]) == ("entity-ant", 1, "no such thing")
    text = text_of(shown(service))
    for words in ("entity-ant", "no such thing", "frenemies project parked retry", "refused", "they differ", "ann"):
        assert words in text


def test_a_rebuild_that_runs_is_shown_with_what_is_left(service: Service) -> None:
    schema = schema_of(INDEX)
    execute(
        service,
        "INSERT INTO projections.rebuilds (schema, phase, started_by, done, total, rate, whole_seconds_left)"
        " VALUES (%s, 'loading', 'ann', 250, 1000, 50, 300)",
        schema,
    )
    with connect(surroundings_of(service).settings.database_url or "") as running:
        running.execute("SELECT pg_advisory_lock(73102712, hashtext(%s))", [schema])
        rebuild = told(service)["projections"][0]["rebuild"]
        assert (rebuild["is_running"], rebuild["seconds_left"], rebuild["whole_seconds_left"]) == (True, 15.0, 300.0)
        text = text_of(shown(service))
    assert "250 of 1,000 at 50/s" in text and "15.0 s left" in text and "5 min to the end" in text


def test_keys_are_listed_good_ones_first_and_without_secrets(service: Service) -> None:
    url = surroundings_of(service).settings.database_url or ""
    late, ended, admin = issued(url, FEED_READ, lasting=EXPIRED), issued(url, FEED_READ), issued(url, ADMIN)
    revoke(url, ended)
    found = told(service, **bearer(admin))["keys"]
    states = {one["id"]: one["state"] for one in found["listed"]}
    assert states == {late.key.id: "expired", ended.key.id: "revoked", admin.key.id: "active"}
    assert found["total"] == 3 and found["listed"][0]["id"] == admin.key.id
    page = shown(service, **bearer(admin))
    for key in (late, ended, admin):
        assert key.key.id in page and key.secret[15:] not in page + str(found)


def test_the_reports_are_those_of_the_package(service: Service) -> None:
    found = told(service)["reports"]
    assert {one["fault"] for one in found["faults"]["faults"]} >= {"F1", "F5", "F14"}
    assert found["benchmarks"]["bars"] and all(one["least"] for one in found["benchmarks"]["bars"])
    text = text_of(shown(service))
    assert found["benchmarks"]["commit"] in text
    assert all(one["measured"] in text for one in found["benchmarks"]["bars"])


def test_the_page_links_to_the_same_as_json(service: Service) -> None:
    assert '<a href="/v1/operator">as JSON</a>' in shown(service)


# what cannot be told


def test_a_part_that_takes_too_long_is_unknown_and_the_others_are_told(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "PART_SECONDS", 1.0)
    url = surroundings_of(service).settings.database_url or ""
    service.known("ant")
    with connect(url) as holding, holding.transaction():
        holding.execute("LOCK TABLE log.followers IN ACCESS EXCLUSIVE MODE")
        found = told(service)
        text = text_of(shown(service))
    monkeypatch.undo()
    assert found["unknown"] == ["followers"] and found["followers"] is None
    assert found["log"]["head"] == 1 and found["keys"] == EMPTY
    assert "Unknown: it could not be told now." in text
    assert told(service)["unknown"] == []


@pytest.mark.parametrize("part", ["log", "database", "projections", "following", "replica", "subscriptions", "keys"])
def test_any_part_may_fail_by_itself(service: Service, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise DeadlineExceeded

    monkeypatch.setitem(overview_of(service)._parts, part, fail)
    found = told(service)
    assert found["unknown"] == [part] and found[part] is None
    assert "Unknown" in text_of(shown(service))


def test_a_database_that_is_away_is_told_as_such(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise StoreUnavailable

    monkeypatch.setitem(overview_of(service)._parts, "keys", fail)
    refused(service.get("/v1/operator"), 503, "store-unavailable")
    assert service.get("/operator").status_code == 503


# followers


def say(service: Service, name: object, position: int, called: str = "copy", **headers: str) -> Any:
    body = {"name": called, "cursor": format_cursor(service.timeline.epoch(), position)}
    return service.put(f"/v1/log/followers/{name}", body, **headers)


def test_a_follower_says_how_far_it_is_and_what_it_lacks_is_told(service: Service) -> None:
    url = surroundings_of(service).settings.database_url or ""
    service.known("ant", "bee", "cat")
    key, admin = issued(url, FEED_READ), issued(url, ADMIN)
    one, other = uuid4(), uuid4()
    assert say(service, one, 3, "even", **bearer(key)).status_code == 204
    assert say(service, other, 1, "late", **bearer(key)).status_code == 204
    found = told(service, **bearer(admin))["followers"]
    assert found["total"] == 2
    assert [(each["name"], each["id"], each["lag_events"]) for each in found["listed"]] == [
        ("late", str(other), 2), ("even", str(one), 0),
    ]  # fmt: skip
    late, even = found["listed"]
    assert late["lag_seconds"] > 0 == even["lag_seconds"] and late["is_heard"] and late["position"] == 1
    assert (late["key"], late["key_name"]) == (key.key.id, key.key.name)
    text = text_of(shown(service, **bearer(admin)))
    assert "late" in text and str(other) in text and "2 events" in text
    say(service, other, 3, "late", **bearer(key))
    assert [each["lag_events"] for each in told(service, **bearer(admin))["followers"]["listed"]] == [0, 0]


def test_what_was_recorded_since_a_follower_was_heard_is_no_lag_until_it_is_silent(service: Service) -> None:
    service.known("ant")
    say(service, uuid4(), 1)
    service.known("bee")
    (heard,) = told(service)["followers"]["listed"]
    assert (heard["is_heard"], heard["lag_events"], heard["lag_seconds"]) == (True, 0, 0)
    execute(service, "UPDATE log.followers SET heard_at = heard_at - interval '1 hour'")
    (silent,) = told(service)["followers"]["listed"]
    assert (silent["is_heard"], silent["lag_events"], silent["lag_seconds"] > 0) == (False, 1, True)
    assert "silent" in text_of(shown(service))


def test_a_follower_is_forgotten_after_a_day(service: Service) -> None:
    service.known("ant")
    say(service, uuid4(), 1)
    execute(service, "UPDATE log.followers SET heard_at = heard_at - interval '25 hours'")
    assert told(service)["followers"] == EMPTY
    say(service, uuid4(), 1)
    assert execute(service, "SELECT count(*) FROM log.followers") == [(1,)]


def test_of_too_many_followers_those_heard_of_longest_ago_are_forgotten(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followers, "MOST", 3)
    names = [uuid4() for _ in range(5)]
    for name in names:
        assert say(service, name, 0).status_code == 204
    assert {UUID(one["id"]) for one in told(service)["followers"]["listed"]} == set(names[2:])
    say(service, names[2], 0)
    say(service, names[0], 0)
    assert {UUID(one["id"]) for one in told(service)["followers"]["listed"]} == {names[4], names[2], names[0]}


def test_many_followers_at_once_hold_each_other_up_for_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followers, "MOST", 2)
    names, hear = [uuid4() for _ in range(4)], overview_of(service).followers.hear
    with ThreadPoolExecutor(4) as pool:
        said = [pool.submit(hear, name, "copy", "a key", 0) for _ in range(50) for name in names]
        for one in said:
            one.result()
    hear(names[0], "copy", "a key", 0)
    assert told(service)["followers"]["total"] == 2


def test_what_a_follower_says_is_looked_at(service: Service) -> None:
    name, epoch = uuid4(), service.timeline.epoch()
    path, good = f"/v1/log/followers/{name}", {"name": "copy", "cursor": format_cursor(epoch, 0)}
    refused(service.put(path, good | {"cursor": format_cursor(uuid4(), 0)}), 410, "other-epoch", "/cursor")
    refused(service.put(path, good | {"cursor": "x"}), 400, "bad-cursor", "/cursor")
    for wrong in ("", " ", "a\nb", "a\x00b", "x" * 201):
        refused(service.put(path, good | {"name": wrong}), 422, "invalid", "/name")
    refused(service.put("/v1/log/followers/x", good), 422, "bad-path")
    refused(service.put(path, {"name": "copy"}), 422, pointer="/cursor")
    assert told(service)["followers"] == EMPTY


def test_a_follower_hears_of_its_own_followers_and_does_nothing_for_owners(new_service: NewService) -> None:
    with new_service(follow="http://leader.example") as service:
        assert say(service, uuid4(), 0).status_code == 204
        assert told(service)["followers"]["total"] == 1
        assert press(service, "pause", uuid4()).status_code == 403


# what is done for owners


def test_subscriptions_of_all_owners_are_told_those_with_parked_events_first(service: Service) -> None:
    url = surroundings_of(service).settings.database_url or ""
    service.known("ant", "bee")
    key, admin = issued(url, HOOKS_MANAGE), issued(url, ADMIN)
    quiet = subscribed(service, key.key.id, description="Ours")
    hooks_of(service).pause(key.key.id, quiet.id)
    pulled = hooks_of(service).create("other", mode="pull", after="start").subscription
    failing = subscribed(service, "admin", after="start")
    park(service, failing, *range(1, MOST_GIVEN_UP + 3))
    found = told(service, **bearer(admin))["subscriptions"]
    listed = found["listed"]
    assert found["total"] == 3 and [one["id"] for one in listed] == [str(one.id) for one in (failing, quiet, pulled)]
    first, second, third = listed
    assert (first["parked"], first["pending"], first["lag"]) == (MOST_GIVEN_UP + 2, 0, service.timeline.head())
    assert [one["position"] for one in first["parked_deliveries"]] == [7, 6, 5, 4, 3]
    assert first["parked_deliveries"][0]["last"]["detail"] == "it answered 500"
    assert (second["owner"], second["owner_name"], second["state"]) == (key.key.id, key.key.name, "paused")
    assert (first["host"], third["host"], third["mode"]) == ("127.0.0.1:9", None, "pull")
    page = shown(service, **bearer(admin))
    assert "canary" not in page + str(found), "the rest of an address may be a secret"
    for words in (str(failing.id), "it answered 500", key.key.name, "the key of the settings", "Ours", "Replay all"):
        assert words in text_of(page)


def test_an_operator_replays_one_parked_event_or_all_of_another_owner(service: Service) -> None:
    one = subscribed(service, after="start")
    park(service, one, 1, 2, 3)
    answer = press(service, "replay", one.id, 2)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/operator?done=replay")
    assert deliveries(service, one) == {1: "parked", 2: "waiting", 3: "parked"}
    assert "What was given up is tried now." in service.get("/operator?done=replay").text
    assert press(service, "replay", one.id).status_code == 303
    assert set(deliveries(service, one).values()) == {"waiting"}


def test_an_operator_pauses_and_resumes_a_subscription_of_another_owner(service: Service) -> None:
    one = subscribed(service)
    for act, state in (("pause", "paused"), ("resume", "active")):
        assert press(service, act, one.id).status_code == 303
        assert hooks_of(service).find("somebody", one.id).state == state
        assert told(service)["subscriptions"]["listed"][0]["state"] == state


def test_what_cannot_be_done_is_refused(service: Service) -> None:
    one = subscribed(service, after="start")
    park(service, one, 1)
    for answer, status in (
        (press(service, "replay", uuid4()), 404), (press(service, "pause", uuid4()), 404),
        (press(service, "replay", one.id, 9), 409), (press(service, "replay", one.id, "x"), 422),
        (press(service, "replay", "x"), 422), (press(service, "delete", one.id), 422),
        (service.send("POST", "/operator", json={"act": "pause"}), 415),
        (service.send("POST", "/operator", data={"act": "x" * 5_000}), 413),
    ):  # fmt: skip
        assert (answer.status_code, answer.mimetype) == (status, "text/html"), answer.text
    assert deliveries(service, one) == {1: "parked"}


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_no_other_site_has_anything_done(service: Service, site: str) -> None:
    one = subscribed(service)
    assert press(service, "pause", one.id, **{"Sec-Fetch-Site": site}).status_code == 403
    assert hooks_of(service).find("somebody", one.id).state == "active"


def test_the_page_is_linked_for_those_who_may_see_it(service: Service) -> None:
    link = '<a href="/operator">Operator</a>'
    assert link in service.get("/changes").text and link not in service.get("/docs").text
    url = surroundings_of(service).settings.database_url or ""
    reader, admin = issued(url, "state:read"), issued(url, ADMIN)
    assert link not in service.get("/changes", headers=bearer(reader)).text
    assert link in service.get("/changes", headers=bearer(admin)).text


def test_many_subscriptions_are_counted_and_not_all_listed(service: Service) -> None:
    execute(
        service,
        "INSERT INTO hooks.subscriptions (id, owner, mode, position)"
        " SELECT gen_random_uuid(), 'somebody', 'pull', 0 FROM generate_series(1, %s)",
        MOST + 5,
    )
    found = told(service)["subscriptions"]
    assert (found["total"], len(found["listed"])) == (MOST + 5, MOST)
    assert f"{MOST + 5} in all; these are the first {MOST}." in text_of(shown(service))


# texts of others


def filled(service: Service, text: str, name: str) -> Seen:
    """The page of a service in which everything that others can write is this."""
    service.known("ant")
    one = subscribed(service, after="start", description=text)
    park(service, one, 1, detail=text)
    execute(service, "UPDATE hooks.subscriptions SET reason = %s, owner = %s", text, text)
    assert say(service, uuid4(), 1, name).status_code == 204
    execute(service, "UPDATE log.followers SET key = %s", text)
    execute(
        service,
        f"INSERT INTO {schema_of(INDEX)}.parked (stream, position, event_type, error) VALUES ('x', 1, %s, %s)",  # noqa: S608
        text, text,
    )  # fmt: skip
    found = seen(shown(service))
    assert text.strip()[:20] in found.text
    return found


@pytest.fixture(scope="module")
def harmless(new_service: NewService) -> Seen:
    with new_service(webhooks_loopback=True) as service:
        return filled(service, HARMLESS, HARMLESS)


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_no_text_of_others_is_taken_for_markup(service: Service, harmless: Seen, number: int) -> None:
    name = HOSTILE[number]
    found = filled(service, f"{name} {STEERED[number % len(STEERED)]}", name)
    assert found.shape == harmless.shape
    assert not [each for each in found.attributes if each.startswith("on") or each in ("style", "srcdoc")]
