"""A follower has what its leader has, to the byte, and answers the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from service.bootstrap import vitals_reader
from service.db import connect
from service.following.errors import EpochLost
from service.store.following import read_following
from tests.histories import histories
from tests.integration.following.conftest import SIGNER, Site, Sites, following, nobody_else, take_over

ENTITIES = ("red-hat", "mirantis", "vmware", "openstack-foundation")
PATHS = (
    "/v1/entities/{entity}/state?as_of={day}&recorded_by={position}",
    "/v1/entities/{entity}/timeline?recorded_by={position}",
    "/v1/network?center={entity}&depth=2&as_of={day}&recorded_by={position}",
    "/v1/frenemies?as_of={day}&recorded_by={position}",
)


def questions(head: int) -> Iterator[str]:
    """Many questions about the sample."""
    days = [(date(2011, 1, 1) + timedelta(days=300 * n)).isoformat() for n in range(6)]
    for path, entity, day in product(PATHS, ENTITIES, days):
        for position in (head // 2, head):
            yield path.format(entity=entity, day=day, position=position)
    yield from ("/v1/beliefs?limit=200", "/v1/entities?q=red", "/v1/log/checkpoint", "/v1/log/keys")
    yield from (f"/v1/log/proofs/inclusion?position={position}" for position in range(1, head - 2, 7))
    yield from (f"/v1/log/proofs/consistency?from={size}" for size in range(1, head - 2, 7))
    for after in ("", f"&until={head // 3}"):
        yield f"/v1/feed?limit=200{after}"
    yield "/v1/feed?limit=20&entity=red-hat"


@pytest.mark.slow
def test_log_tree_and_answers_are_those_of_the_leader(sites: Sites, leader: Site) -> None:
    site = sites.follower(leader.base)
    take_over(site)
    assert site.log() == leader.log()
    site.catch_up()
    for question in questions(leader.services.timeline.head()):
        assert site.get(question) == leader.get(question), question
    for form in ("application/x-ndjson", "application/cloudevents-batch+json"):
        assert site.get("/v1/feed", Accept=form) == leader.get("/v1/feed", Accept=form)


def test_a_follower_can_be_followed(sites: Sites, leader: Site) -> None:
    first = sites.follower(leader.base)
    take_over(first)
    second = sites.follower(first.base)
    take_over(second)
    assert second.log() == leader.log()


def test_what_was_recorded_since_is_taken_over_the_next_time(sites: Sites, leader: Site) -> None:
    site = sites.follower(leader.base)
    take_over(site)
    leader.record({"record": "entity", "id": "ant", "kind": "company", "name": "Ant"})
    leader.record({"record": "entity", "id": "pat", "kind": "person", "name": "Pat"})
    leader.keep()
    take_over(site)
    assert site.log() == leader.log()


def test_the_small_log_of_a_leader_that_signs_nothing_is_taken_over_too(sites: Sites) -> None:
    leader = sites.new()
    site = sites.follower(leader.base)
    take_over(site)
    leader.record({"record": "entity", "id": "ant", "kind": "company", "name": "Ant"})
    take_over(site)
    assert site.log("events", "epoch") == leader.log("events", "epoch")


def test_keys_of_a_leader_that_begins_to_sign_later_are_taken_from_it_then(sites: Sites) -> None:
    leader = sites.new()
    site = sites.follower(leader.base)
    leader.record({"record": "entity", "id": "ant", "kind": "company", "name": "Ant"})
    take_over(site)
    leader.keep()
    take_over(site)
    found = read_following(site.services.database)
    assert found is not None and list(found.keys) == [str(SIGNER.verifier)]
    assert site.log() == leader.log()


def test_a_text_that_the_leader_forgot_is_missing_and_comes_back_under_another_reference(sites: Sites) -> None:
    leader = sites.new()
    pat = {"record": "entity", "id": "pat", "kind": "person", "name": "Pat"}
    leader.record(pat)
    early, late = sites.follower(leader.base), sites.follower(leader.base)
    take_over(early)
    leader.execute("DELETE FROM log.texts")
    take_over(late)
    assert late.log("texts")["texts"] == []
    leader.record(pat | {"aliases": ["Patricia"]})
    for site in (early, late):
        take_over(site)
        assert set(site.log("texts")["texts"]) == set(leader.log("texts")["texts"])


def test_how_far_it_is_behind_is_told(sites: Sites, leader: Site) -> None:
    site = sites.follower(leader.base)
    begun = told(site)
    assert begun["lag_seconds"] > 0 and begun["verified_size"] == 0
    take_over(site)
    site.catch_up()
    head = leader.services.timeline.head()
    now = told(site)
    assert now == {
        "leader": leader.base, "position": head, "leader_position": head, "lag_events": 0, "lag_seconds": 0.0,
        "verified_size": head - 1, "error": None,
    }  # fmt: skip
    assert told(leader) is None
    assert vitals_reader(site.url).read().following == site.services.timeline.readiness().following
    assert vitals_reader(leader.url).read().following is None
    site.execute(
        "UPDATE log.following SET heard_at = heard_at - interval '1 hour', even_at = even_at - interval '1 hour'"
    )
    assert told(site)["lag_seconds"] > 3_500
    assert site.get("/readyz?max_lag=4000")[0] == 200
    assert site.get("/readyz?max_lag=60")[0] == 503
    assert leader.get("/readyz?max_lag=0")[0] == 200


def told(site: Site) -> Any:
    readiness = site.services.timeline.readiness()
    return readiness.following.plain() if readiness.following else None


def test_another_life_of_the_leader_ends_the_taking_over_and_what_is_there_stays(sites: Sites, leader: Site) -> None:
    site = sites.follower(leader.base)
    take_over(site)
    before = site.log()
    leader.execute("UPDATE log.epoch SET epoch = gen_random_uuid()")
    with following(site) as made, pytest.raises(EpochLost):
        made.follow(nobody_else)
    assert site.log() == before


def test_two_followers_of_one_database_take_over_everything_once(sites: Sites, leader: Site) -> None:
    site = sites.follower(leader.base)
    with following(site) as one, following(site) as other:
        one.follow(nobody_else)
        other.follow(nobody_else)
    assert site.log() == leader.log()


def test_listeners_hear_of_what_is_taken_over(sites: Sites, leader: Site) -> None:
    site = sites.follower(leader.base)
    with connect(site.url) as connection:
        connection.execute("LISTEN frenemies_log")
        take_over(site)
        heard = [notice.payload for notice in connection.notifies(timeout=5, stop_after=1)]
    assert heard == [str(leader.services.timeline.head())]


@pytest.mark.slow
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories(max_claims=12))
def test_any_history_is_taken_over_whole(sites: Sites, history: list[dict[str, Any]]) -> None:
    leader = sites.new()
    for record in history:
        leader.record(record)
    leader.keep()
    site = sites.follower(leader.base)
    take_over(site)
    assert site.log() == leader.log()
