"""Questions are answered from the replica, each by one server; what has to be current, and what writes, is not."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from service import asking
from service.bootstrap import rebuild
from service.errors import StoreUnavailable
from service.feeds.cursor import format_cursor
from service.http import replays
from service.projections.catalog import PROJECTIONS
from service.projections.projection import Projection
from service.projections.rebuild import Wish
from service.replica import replicated
from service.settings import Settings
from tests.feeding import wait_until
from tests.integration.replica.conftest import ANT, Site
from tests.keyed import bearer, issued, revoke

LINES = {"Accept": "application/x-ndjson"}
POLLING = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'frenemies-api-replica'"


def in_background(do: Any) -> Any:
    return ThreadPoolExecutor(1).submit(do)


def test_questions_are_answered_from_the_replica(site: Site) -> None:
    site.caught_up(site.register("ant"))
    with site.pair.paused():
        site.register("bee")
        with site.counted(answered=1):
            assert site.listed() == ["ant"]
    site.caught_up(2)
    with site.counted(answered=1):
        assert site.listed() == ["ant", "bee"]
    assert site.pair.ask(site.pair.replica, POLLING) != (0,)


def test_min_position_waits_for_the_replica_and_is_answered_by_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicated, "PATIENCE", 25.0)
    site.caught_up(site.register("ant"))
    with site.counted(answered=1), site.pair.paused():
        position = site.register("bee")
        site.services.timeline.clocks(min_position=position)  # the primary has it
        asked = in_background(lambda: site.get(f"/v1/entities/bee?min_position={position}"))
        wait_until(lambda: _statements(site) > 20)
        assert not asked.done()
        site.pair.resume()
        answer = asked.result()
    assert answer.status_code == 200
    assert answer.json["position"] >= position


def _statements(site: Site) -> int:
    """Roughly how often the replica was asked in this database."""
    url = site.services.replicated._replica.settings.url  # type: ignore[union-attr]
    (count,) = site.pair.ask(url, "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
    return int(count)


@pytest.mark.parametrize("asked", ["min_position", "recorded_by"])
def test_what_the_replica_lacks_for_longer_is_answered_by_the_primary(site: Site, asked: str) -> None:
    site.caught_up(site.register("ant"))
    with site.pair.paused():
        position = site.register("bee")
        with site.counted(moved=1):
            answer = site.get(f"/v1/entities/bee?{asked}={position}")
        assert (answer.status_code, answer.json["position"]) == (200, position)


def test_a_position_that_no_server_has_is_refused_as_ever(site: Site) -> None:
    site.caught_up(site.register("ant"))
    answer = site.get("/v1/entities/ant?min_position=1000")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/min_position"


def test_a_token_of_what_the_replica_lacks_gives_the_same_answer(site: Site) -> None:
    site.caught_up(site.register("ant"))
    with site.pair.paused():
        position = site.register("bee")
        first = site.get(f"/v1/entities/ant/state?min_position={position}").json
        with site.counted(moved=1):
            again = site.get(f"/v1/entities/ant/state?token={first['token']}")
    assert again.status_code == 200
    assert again.json["token_check"]["status"] == "same"
    assert again.json["position"] == position


def test_an_instant_means_what_the_primary_has_by_then(site: Site) -> None:
    site.caught_up(site.register("ant"))
    with site.pair.paused():
        position = site.register("bee")
        (instant,) = site.pair.ask(site.url, "SELECT recorded_at FROM log.events ORDER BY position DESC LIMIT 1")
        answer = site.get(f"/v1/entities/ant/state?recorded_by={instant.isoformat().replace('+00:00', 'Z')}")
    assert (answer.status_code, answer.json["position"]) == (200, position)


@pytest.mark.parametrize("path", ["/v1/entities/bee", "/v1/entities/bee/state", "/entity/bee"])
def test_what_was_recorded_is_never_said_to_be_unknown(site: Site, path: str) -> None:
    site.caught_up(site.register("ant"))
    with site.pair.paused():
        site.services.timeline.clocks(min_position=site.register("bee"))
        with site.counted(moved=1):
            assert site.get(path).status_code == 200
    assert site.get("/v1/entities/nobody").status_code == 404


def test_a_cursor_of_the_feed_that_is_beyond_the_replica_is_good_and_loses_nothing(site: Site) -> None:
    site.caught_up(site.register("ant"))
    with site.pair.paused():
        site.register("bee")
        site.register("cat")
        cursor = format_cursor(site.services.timeline.epoch(), 2)
        with site.counted(answered=1):
            told = site.get(f"/v1/feed?lastEventId={cursor}")
    assert (told.status_code, told.get_json(force=True)) == (200, [])
    site.caught_up(3)
    told = site.get(f"/v1/feed?lastEventId={cursor}")
    assert [event["sequence"] for event in told.get_json(force=True)] == ["3"]


def test_lines_that_are_written_as_they_are_found_come_from_one_server(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replays, "PAGE", 1)
    for name in ("ant", "bee", "cat"):
        position = site.register(name)
    site.caught_up(position)
    with site.pair.paused():
        for name in ("dog", "eel", "fox"):
            site.register(name)
        with site.counted(answered=1):
            told = [json.loads(line) for line in site.get("/v1/feed", **LINES).data.splitlines()]
    assert [one["sequence"] for one in told] == ["1", "2", "3", "3"]
    assert "checkpoint" in told[-1]["type"].lower()


def test_whatever_writes_goes_to_the_primary_also_within_a_question(site: Site) -> None:
    database = site.services.replicated
    assert database is not None
    with asking.of_replica(1.0), database.connection() as connection:
        assert connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)
    with database._replica.connection() as connection:
        assert connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
        assert connection.execute("SHOW default_transaction_read_only").fetchone() == ("on",)
        assert connection.execute("SELECT current_user").fetchone() == ("frenemies_api",)
    with asking.of_replica(1.0), pytest.raises(StoreUnavailable):
        database.read("CREATE TABLE public.never (one integer)", {}, lambda _: tuple)  # type: ignore[arg-type, return-value]


def test_recording_reads_from_the_primary(site: Site) -> None:
    """The same again is recognised, and a stale version refused, while the replica knows of nothing."""
    with site.pair.paused():
        site.register("ant")
        client = site.app.test_client()
        again = client.put("/v1/entities/ant", json=ANT | {"name": "Ant"})
        assert again.status_code == 200
        stale = client.put("/v1/entities/ant", json=ANT | {"name": "Other"}, headers={"If-Match": '"0"'})
        assert stale.status_code == 412


def test_a_revoked_key_is_refused_although_the_replica_does_not_know(site: Site) -> None:
    key = issued(site.url, "state:read")
    site.pair.catch_up()
    assert site.get("/v1/entities", **bearer(key)).status_code == 200
    with site.pair.paused():
        revoke(site.url, key)
        wait_until(lambda: site.get("/v1/entities", **bearer(key)).status_code == 401, 5.0)


def test_nobody_learns_from_a_page_that_the_replica_shows_that_a_revoked_key_is_good(site: Site) -> None:
    key = issued(site.url, "state:read")
    site.pair.catch_up()
    assert site.get("/v1/entities", **bearer(key)).status_code == 200

    def is_refused() -> bool:
        site.get("/login", **bearer(key))
        return site.get("/v1/entities", **bearer(key)).status_code == 401

    with site.pair.paused():
        revoke(site.url, key)
        wait_until(is_refused, 5.0)


def test_a_new_key_counts_at_once(site: Site) -> None:
    with site.pair.paused():
        key = issued(site.url, "state:read")
        assert site.get("/v1/entities", **bearer(key)).status_code == 200


def test_an_operator_is_shown_the_primary_and_how_the_replica_stands(site: Site) -> None:
    site.caught_up(site.register("ant"))
    with site.pair.paused(), site.counted():
        site.register("bee")
        told = site.get("/v1/operator").json
        assert (told["unknown"], told["log"]["head"], told["replica"]["state"]) == ([], 2, "current")
        assert "Replica" in site.get("/operator").text


def test_readers_notice_nothing_of_tables_that_are_switched(site: Site) -> None:
    for number in range(20):
        position = site.register(f"e{number}")
    site.caught_up(position)
    expected = [found["id"] for found in site.get("/v1/entities?limit=200").json["entities"]]
    assert len(expected) == 20
    seen: list[tuple[int, Any]] = []
    done = []

    def read() -> None:
        while not done:
            answer = site.get("/v1/entities?limit=200")
            found = [one["id"] for one in answer.json["entities"]] if answer.status_code == 200 else answer.json
            seen.append((answer.status_code, found))

    reader = in_background(read)
    settings = Settings(database_url=site.url)
    wait_until(lambda: len(seen) > 5)
    for one in PROJECTIONS:
        _rebuilt(settings, site.url, one)
    site.pair.catch_up()
    before = len(seen)
    wait_until(lambda: len(seen) > before + 5)
    done.append(True)
    reader.result()
    assert [pair for pair in seen if pair != (200, expected)] == []


def _rebuilt(settings: Settings, url: str, chosen: Projection) -> None:
    assert rebuild(settings, url, chosen).run(Wish("test", 1)).is_switched
