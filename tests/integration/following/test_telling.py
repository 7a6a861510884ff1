"""A follower tells its leader how far it is; one that wants to hear nothing of it, or cannot, is followed as well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

import httpx2
import pytest

from service import app
from service.bootstrap import vitals_reader
from service.db import API_ROLE, FOLLOWER_ROLE, PROJECTOR_ROLE, SENDER_ROLE, Database, connect
from service.errors import NotPermitted
from service.following import leader as leading
from service.following import telling
from service.http import followers
from service.settings import DatabaseSettings
from service.store.followers import FollowerHeard
from tests.feeding import wait_until
from tests.integration.following.conftest import Site, Sites
from tests.integration.following.test_broken_links import run_follower, until

ANT = {"record": "entity", "id": "ant", "kind": "company", "name": "Ant"}


@pytest.fixture(autouse=True)
def _told_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "EVERY_SECONDS", 0.1)


@pytest.fixture
def small(sites: Sites) -> Site:
    """A leader with one event."""
    made = sites.new()
    made.record(ANT)
    return made


def heard(leader: Site) -> Sequence[FollowerHeard]:
    return leader.services.overview.followers.some(10).listed


def has_all(site: Site, leader: Site) -> None:
    head = leader.services.timeline.head()
    until(site, lambda one: one.position == head and one.lag_seconds == 0)


def test_the_leader_knows_how_far_its_follower_is_and_what_it_lacks(sites: Sites, small: Site) -> None:
    site = sites.follower(small.base)
    with run_follower(site):
        wait_until(lambda: [one.position for one in heard(small)] == [1])
        small.record(ANT | {"id": "bee"})
        wait_until(lambda: [(one.position, one.lag_events) for one in heard(small)] == [(2, 0)])
        (own,) = site.execute("SELECT id FROM log.following")[0]
        assert [one.id for one in heard(small)] == [own]


def test_a_follower_that_halts_is_seen_to_lag(sites: Sites, small: Site) -> None:
    site = sites.follower(small.base)
    with run_follower(site):
        has_all(site, small)
    small.execute("ALTER TABLE log.events DISABLE TRIGGER USER")
    small.record(ANT | {"id": "bee"})
    small.execute("UPDATE log.events SET recorded_at = recorded_at - interval '1 hour' WHERE position = 2")
    with run_follower(site):
        until(site, lambda one: one.is_halted)
        wait_until(lambda: [one.lag_events for one in heard(small)] == [1])
        (one,) = heard(small)
        assert one.is_heard and one.position == 1 and 3_500 < one.lag_seconds < 3_700
        told = httpx2.get(f"{small.base}/v1/operator").json()["followers"]["listed"]
        assert [(each["id"], each["lag_events"]) for each in told] == [(str(one.id), 1)]
        assert str(one.id) in httpx2.get(f"{small.base}/operator").text
        found = vitals_reader(small.url).read().followers
        assert found is not None and (found.count, found.lag_events) == (1, 1) and found.lag > 3_500
    here = httpx2.get(f"{site.base}/v1/operator").json()["following"]
    assert here["halted"] and "recorded no later" in here["error"]


def test_a_leader_of_an_older_version_is_followed_all_the_same(sites: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as older:
        older.setattr(app, "RESOURCES", tuple(one for one in app.RESOURCES if one is not followers))
        leader = sites.new()
    leader.record(ANT)
    asked = _counted(monkeypatch)
    site = sites.follower(leader.base)
    with run_follower(site):
        has_all(site, leader)
        wait_until(lambda: asked == [False])
        for number in range(5):
            leader.record(ANT | {"id": f"ant-{number}"})
            has_all(site, leader)
    assert asked == [False], "it is told once that nobody wants to know, and then left alone"
    assert heard(leader) == []
    assert site.log("events") == leader.log("events")


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What leaders said to being told, as it comes."""
    answers: list[bool] = []
    hear = leading.Leader.hear

    def counting(self: leading.Leader, name: UUID, called: str, cursor: str) -> bool:
        answers.append(hear(self, name, called, cursor))
        return answers[-1]

    monkeypatch.setattr(leading.Leader, "hear", counting)
    return answers


def test_a_leader_that_does_not_answer_to_it_holds_nothing_up(
    sites: Sites, small: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leading, "HEARING_TIMEOUT", 0.5)
    site = sites.follower(small.base)
    with deaf(small), run_follower(site):
        for number in range(5):
            small.record(ANT | {"id": f"ant-{number}"})
            has_all(site, small)
    with run_follower(site):
        wait_until(lambda: [one.position for one in heard(small)] == [6])


@contextmanager
def deaf(leader: Site) -> Iterator[None]:
    """For the time of the block the leader cannot note who follows it, and waits until it can."""
    with connect(leader.url) as connection, connection.transaction():
        connection.execute("LOCK TABLE log.followers IN ACCESS EXCLUSIVE MODE")
        yield


def test_a_follower_is_told_of_its_own_followers(sites: Sites, small: Site) -> None:
    middle = sites.follower(small.base)
    with run_follower(middle):
        has_all(middle, small)
        last = sites.follower(middle.base)
        with run_follower(last):
            wait_until(lambda: [one.position for one in heard(middle)] == [1])
            wait_until(lambda: len(heard(small)) == 1)
    assert heard(small)[0].id != heard(middle)[0].id


def test_only_the_api_writes_down_who_follows(database_url: str) -> None:
    changes = (
        "INSERT INTO log.followers (id, name, key, position, head) VALUES (gen_random_uuid(), 'a', 'b', 0, 0)",
        "UPDATE log.followers SET position = 1",
        "DELETE FROM log.followers",
    )
    for change in changes:
        run_as(database_url, API_ROLE, change)
        for role in (PROJECTOR_ROLE, SENDER_ROLE, FOLLOWER_ROLE):
            with pytest.raises(NotPermitted):
                run_as(database_url, role, change)


def run_as(url: str, role: str, statement: str) -> None:
    with Database(DatabaseSettings(url), role=role) as database, database.connection() as connection:
        connection.execute(statement.encode())


def test_what_followers_say_is_not_written_ahead(database_url: str, sites: Sites) -> None:
    found = sites.on(database_url).execute("SELECT relpersistence FROM pg_class WHERE oid = 'log.followers'::regclass")
    assert found == [("u",)]
