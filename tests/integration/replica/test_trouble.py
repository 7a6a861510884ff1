"""A replica that is killed, frozen, late, promoted, or none: questions are answered all the same, and rightly."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event
from typing import Any

import pytest

from service.db import connect
from service.errors import BrokenOff
from service.projections.index import Index
from service.replica.standing import State
from tests.feeding import wait_until
from tests.integration.replica.conftest import NewSite, Site
from tests.replicas import Pair

BREAKING_OFF = "canceling statement due to conflict with recovery"


def in_background(do: Any) -> Any:
    return ThreadPoolExecutor(1).submit(do)


class Reader:
    """Somebody who asks the same all the time, in a thread of its own."""

    def __init__(self, site: Site, path: str = "/v1/entities?limit=200") -> None:
        self._site = site
        self._path = path
        self._stopped = Event()
        self.statuses: list[int] = []
        self.slowest = 0.0
        self._work = in_background(self._read)

    def _read(self) -> None:
        while not self._stopped.is_set():
            begun = time.monotonic()
            self.statuses.append(self._site.get(self._path).status_code)
            self.slowest = max(self.slowest, time.monotonic() - begun)

    def some_more(self, count: int = 5) -> None:
        before = len(self.statuses)
        wait_until(lambda: len(self.statuses) >= before + count)

    def end(self) -> set[int]:
        """Ends the asking, and gives all statuses that were told."""
        self._stopped.set()
        self._work.result()
        return set(self.statuses)


def test_a_replica_that_is_killed_is_missed_by_nobody_and_used_again_when_it_is_back(
    own_pair: Pair, new_site: NewSite
) -> None:
    site = new_site(own_pair)
    site.caught_up(site.register("ant"))
    reader = Reader(site)
    for _ in range(3):
        reader.some_more()
        own_pair.stop()
        site.until(State.UNREACHABLE)
        reader.some_more()
        assert site.get("/readyz?max_lag=1").json["replica"]["state"] == "unreachable"
        own_pair.start()
        site.until(State.CURRENT)
        with site.answering():
            reader.some_more()
    assert reader.end() == {200}


def test_a_replica_that_freezes_holds_nobody_up_for_long(own_pair: Pair, new_site: NewSite) -> None:
    site = new_site(own_pair)
    site.caught_up(site.register("ant"))
    reader = Reader(site)
    reader.some_more()
    own_pair.freeze()
    try:
        site.until(State.UNREACHABLE)
        reader.some_more()
    finally:
        own_pair.thaw()
    site.until(State.CURRENT)
    reader.some_more()
    assert reader.end() == {200}
    assert reader.slowest < 5.0


def test_what_is_locked_on_the_replica_is_asked_of_the_primary(site: Site) -> None:
    site.caught_up(site.register("ant"))
    with ExitStack() as keep:
        with connect(site.url) as connection, connection.transaction():
            found = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = %s", [site.schema]
            ).fetchall()
            for (table,) in found:
                connection.execute(f'LOCK TABLE "{site.schema}"."{table}" IN ACCESS EXCLUSIVE MODE')
            site.pair.catch_up()
            keep.enter_context(site.pair.paused())
        with site.counted(moved=1):
            assert site.listed() == ["ant"]


def test_a_service_that_starts_beside_a_replica_that_stands_still_does_not_take_it_for_current(
    pair: Pair, new_site: NewSite
) -> None:
    site = new_site(pair)
    site.caught_up(site.register("ant"))
    with pair.paused():
        site.caught_up_itself(site.register("bee"))
        late = new_site(pair, site.replica_url, State.BEHIND, site.url)
        assert late.listed() == ["ant", "bee"]
        told = late.get("/readyz?max_lag=60")
        assert (told.status_code, told.json["replica"]["lag_seconds"]) == (503, None)
        assert "not known by how much" in told.json["detail"]
    late.until(State.CURRENT)


def test_a_question_that_replay_breaks_off_is_answered_by_the_primary(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.caught_up(site.register("ant"))
    seen: list[str] = []
    search = Index.search

    def slow(self: Index, *args: Any) -> list[str]:
        if not seen:
            with connect(site.url) as connection:
                connection.execute("CREATE TABLE public.doomed AS SELECT 1 AS one")
                connection.execute("GRANT SELECT ON public.doomed TO frenemies_api")
            site.pair.catch_up()
            dropping = in_background(lambda: _dropped_once_read(site))
            try:
                self._database.read("SELECT one, pg_sleep(60) FROM public.doomed", {}, lambda _: tuple)  # type: ignore[arg-type, return-value]
            except BrokenOff as error:
                seen.append(str(error))
                raise
            finally:
                dropping.result()
        return search(self, *args)

    monkeypatch.setattr(Index, "search", slow)
    with site.counted(moved=1):
        assert site.listed() == ["ant"]
    assert BREAKING_OFF in seen[0]
    with site.counted(answered=1):
        assert site.listed() == ["ant"]


def _dropped_once_read(site: Site) -> None:
    """Drops the table once it is being read on the replica."""
    reading = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE '%doomed%'"
    wait_until(lambda: site.pair.ask(site.pair.replica, reading) == (1,))
    with connect(site.url) as connection:
        connection.execute("DROP TABLE public.doomed")


def test_a_replica_that_is_promoted_is_asked_no_more(own_pair: Pair, new_site: NewSite) -> None:
    site = new_site(own_pair)
    site.caught_up(site.register("ant"))
    reader = Reader(site)
    reader.some_more()
    assert own_pair.ask(own_pair.replica, "SELECT pg_promote()") == (True,)
    site.until(State.PROMOTED)
    site.services.timeline.clocks(min_position=site.register("bee"))
    assert reader.end() == {200}
    with site.counted(passed=1):
        assert site.listed() == ["ant", "bee"]
    assert site.get("/readyz").json["replica"] == {
        "state": "promoted", "position": None, "lag_events": None, "lag_seconds": None,
    }  # fmt: skip
    assert own_pair.ask(site.replica_url, "SELECT count(*) FROM log.events") == (1,)


def test_a_replica_that_is_late_is_left_and_taken_up_again(pair: Pair, new_site: NewSite) -> None:
    site = new_site(pair, ready_lag=2.0)
    site.caught_up(site.register("ant"))
    with pair.paused():
        site.register("bee")
        site.until(State.BEHIND)
        answer = site.get("/readyz")
        assert answer.status_code == 503
        assert answer.json["replica"]["lag_events"] == 1
        assert "The replica of the database is" in answer.json["detail"]
        site.services.timeline.clocks(min_position=2)
        with site.counted(passed=1):
            assert site.listed() == ["ant", "bee"]
    site.until(State.CURRENT)
    assert site.get("/readyz").status_code == 200


def test_without_a_limit_that_is_set_a_late_replica_makes_nobody_unready(pair: Pair, new_site: NewSite) -> None:
    site = new_site(pair)
    with pair.paused():
        site.register("ant")
        wait_until(lambda: site.get("/readyz?max_lag=1").status_code == 503)
        assert site.get("/readyz").status_code == 200
        assert site.get("/readyz?max_lag=3600").status_code == 200
    wait_until(lambda: site.get("/readyz?max_lag=1").status_code == 200)


def test_another_database_of_the_same_servers_is_no_replica(pair: Pair, new_site: NewSite) -> None:
    _, other = pair.database()
    site = new_site(pair, other, State.OTHER)
    with site.counted(passed=1):
        assert site.listed() == []


def test_the_primary_itself_is_no_replica(pair: Pair, new_site: NewSite) -> None:
    url, _ = pair.database()
    site = new_site(pair, url, State.PROMOTED, url=url)
    with site.counted(passed=1):
        assert site.listed() == []


def test_a_replica_that_is_not_there_at_the_start_is_used_once_it_is(own_pair: Pair, new_site: NewSite) -> None:
    url, there = own_pair.database()
    own_pair.stop()
    site = new_site(own_pair, there, State.UNREACHABLE, url=url)
    with site.counted(passed=1):
        assert site.listed() == []
    own_pair.start()
    site.until(State.CURRENT)
    with site.counted(answered=1):
        assert site.listed() == []
