"""The link to the leader freezes, the leader comes back as an older copy of itself, the database takes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from time import monotonic, sleep

import httpx2
import pytest

from service.bootstrap import follower
from service.following import follower as following_loop
from service.following import leader as leading
from service.following.errors import FeedBroken, LeaderUnreachable
from service.store import following as lag
from service.store.following import Following, read_following
from tests.integration.following.conftest import Site, Sites, following, nobody_else, take_over
from tests.integration.following.proxy import proxy

ANT = {"record": "entity", "id": "ant", "kind": "company", "name": "Ant"}
LONGEST = 30.0


@contextmanager
def run_follower(site: Site) -> Iterator[None]:
    """The loop of the process, for the time of the block."""
    with follower(site.services.settings, site.url) as (_, runner):
        thread = Thread(target=runner.run)
        thread.start()
        try:
            yield
        finally:
            runner.stop()
            thread.join(LONGEST)
    assert not thread.is_alive()


def until(site: Site, is_so: Callable[[Following], bool]) -> float:
    """The seconds that it took."""
    begun = monotonic()
    while True:
        found = read_following(site.services.database)
        assert found is not None
        if is_so(found):
            return monotonic() - begun
        assert monotonic() - begun < LONGEST, found
        sleep(0.05)


def without_last(site: Site) -> None:
    """As it was restored from a copy that is older by an event."""
    site.execute("ALTER TABLE log.events DISABLE TRIGGER USER")
    site.execute("DELETE FROM log.events WHERE position = (SELECT max(position) FROM log.events)")


@pytest.mark.slow
def test_a_frozen_link_is_told_as_lag_and_heals_within_seconds_of_its_thaw(
    sites: Sites, leader: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following_loop, "QUIET_SECONDS", 0.5)
    monkeypatch.setattr(leading, "TIMEOUT", 2.0)
    monkeypatch.setattr(lag, "LATELY", 4.0)
    with proxy(httpx2.URL(leader.base).port or 0) as link:
        site = sites.follower(link.url)
        with run_follower(site):
            until(site, lambda one: one.position == leader.services.timeline.head() and one.lag_seconds == 0)
            for number in range(3):
                link.freeze()
                leader.record(ANT | {"id": f"ant-{number}"})
                until(site, lambda one: one.error is not None and one.lag_seconds > 0)
                assert site.get("/readyz?max_lag=0")[0] == 503
                link.thaw()
                head = leader.services.timeline.head()
                assert until(site, lambda one, head=head: one.position == head) < 8  # type: ignore[misc]
                until(site, lambda one: one.error is None and one.lag_seconds == 0)
    assert site.log("events", "texts", "keys") == leader.log("events", "texts", "keys")


def test_a_leader_that_lost_events_is_told_and_its_other_events_are_not_taken(sites: Sites) -> None:
    leader = sites.new()
    leader.record(ANT, ANT | {"id": "bee"})
    site = sites.follower(leader.base)
    take_over(site)
    before = site.log()
    without_last(leader)
    with following(site) as made, pytest.raises(LeaderUnreachable, match="ends before 2"):
        made.follow(nobody_else)
    leader.record(ANT | {"id": "cat"}, ANT | {"id": "dog"})
    with following(site) as made, pytest.raises(FeedBroken, match="another event at position 2"):
        made.follow(nobody_else)
    assert site.log() == before


def test_what_the_database_refuses_is_told(sites: Sites) -> None:
    leader = sites.new()
    site = sites.follower(leader.base)
    site.execute(
        "CREATE FUNCTION public.full() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100', MESSAGE = 'no space left'; END $$"
    )
    site.execute("CREATE TRIGGER full_ BEFORE INSERT ON log.events FOR EACH STATEMENT EXECUTE FUNCTION public.full()")
    leader.record(ANT)
    with run_follower(site):
        until(site, lambda one: one.error is not None and "no space left" in one.error)
        site.execute("DROP TRIGGER full_ ON log.events")
        until(site, lambda one: one.position == 1 and one.error is None)
