"""The world of the benchmarks: recorded the quick way, it is the log that its import would have left."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.persistence import StoredEvent

from benchmarks.recorded import Recorded
from benchmarks.world import HOTTEST_SHARE, World
from service.db import Database, connect
from service.settings import DatabaseSettings
from service.store.postgres import PostgresStore
from tests.conftest import Servers
from tests.recorded import ME
from tests.transferred import imported, log_of, write

CLAIMS = 2_000
BESIDE = ("keys", "links", "requests")


@pytest.fixture(scope="module")
def world() -> World:
    return World(CLAIMS)


def test_recorded_the_quick_way_it_is_the_log_that_its_import_leaves(
    world: World, servers: Servers, tmp_path: Path
) -> None:
    slow, quick = servers.migrated(18), servers.migrated(18)
    outcome = imported(slow, write(tmp_path / "world.ndjson", list(world.lines())))
    with Database(DatabaseSettings(quick, pool_timeout=5.0)) as database:
        store = PostgresStore(database)
        for append in Recorded(world, ME).appends(700):
            store.append(append.events, keys=append.keys, links=append.links, texts=append.texts)
        assert store.head() == world.records == outcome.counts.recorded
    assert log_of(quick) == log_of(slow)
    for table in BESIDE:
        assert _rows(quick, table) == _rows(slow, table)
    assert _count(quick, "texts") == _count(slow, "texts") == world.others["person"]


def test_made_ahead_by_other_processes_it_is_the_same_in_the_same_order(world: World) -> None:
    recorded = Recorded(world, ME)
    ahead = [[_plain(event) for event in append.events] for append in recorded.appends_ahead(300)]
    assert ahead == [[_plain(event) for event in append.events] for append in recorded.appends(300)]


def test_it_has_as_many_claims_of_each_kind_as_it_says(world: World) -> None:
    kinds = Counter(line["record"] for line in world.lines())
    assert CLAIMS <= kinds["claim"] < CLAIMS + 30
    assert kinds["entity"] == world.entities
    assert kinds["correction"] == pytest.approx(0.03 * CLAIMS, rel=0.35)
    assert kinds["retraction"] == pytest.approx(0.01 * CLAIMS, rel=0.6)


def test_its_hottest_companies_are_named_by_their_share_of_the_claims() -> None:
    world = World(20_000)
    named = Counter(end for story in map(world.story, range(world.stories)) for end in _named(story))
    hottest = [count for _, count in named.most_common(8)]
    assert sum(hottest) / len(hottest) == pytest.approx(HOTTEST_SHARE * 20_000, rel=0.3)


def test_a_part_of_it_is_made_again_as_it_was(world: World) -> None:
    again = World(CLAIMS)
    placed = [placed for placed in again.placed() if placed.story >= 0][::97]
    for one in placed:
        assert again.line(again.story(one.story), one.step) == world.line(world.story(one.story), one.step)
        assert world.position(one.story, one.step) == one.position
    assert World(CLAIMS, seed=2).story(3) != world.story(3)


def _plain(event: StoredEvent) -> tuple[Any, ...]:
    """The event, all but the seals of persons."""
    sealed = event.topic.startswith("EntityRegistered") and b"digest" in event.state
    return event.originator_id, event.originator_version, event.topic, None if sealed else event.state


def _named(story: Any) -> list[str]:
    steps = sum(step.is_claim and step.does != "response" for step in story.steps)
    return [end for end in (story.first, story.second) if end.startswith("company-")] * steps


def _rows(url: str, table: str) -> list[tuple[Any, ...]]:
    with connect(url) as connection:
        return sorted(connection.execute(f"TABLE log.{table}").fetchall())  # type: ignore[arg-type]


def _count(url: str, table: str) -> int:
    return len(_rows(url, table))
