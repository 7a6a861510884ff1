"""Several projections: one follows the other, in order; questions are answered as far as both are."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from random import Random
from threading import Thread
from typing import Any

import pytest
from eventsourcing.persistence import StoredEvent

from service.bootstrap import build, parking, prepare, projection_status, projections, rebuild, vitals_reader
from service.errors import NotBuilt, ReadSideBehind
from service.projections import building
from service.projections.catalog import PROJECTIONS
from service.projections.comparing import moment
from service.projections.indexing import INDEX
from service.projections.progress import Progress, RebuildCancelled
from service.projections.projection import Projection, schema_of, schemas_behind
from service.projections.rebuild import Report, Wish
from service.projections.schemas import NEXT
from service.settings import Limits, Settings
from service.store.postgres import PostgresStore
from tests.integration.projections.conftest import DEADLINE, execute, opened, running, wait_until
from tests.integration.projections.stories import BOTH, FOLLOWING, HOT, POISON, Story, append
from tests.integration.projections.test_crashes import started
from tests.projecting import projecting

SCHEMA = schema_of(FOLLOWING)
RUN = """
import sys
from service.serve.projector import run
from service.settings import Limits, Settings
from tests.integration.projections.stories import BOTH, FOLLOWING
sys.exit(run(Settings(), sys.argv[1], FOLLOWING, BOTH))
"""
AWAITED = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 73102713 AND NOT granted"


@pytest.fixture
def url(database_url: str) -> str:
    """A database with the tables of both projections, and an empty log."""
    prepare(Settings(), database_url, BOTH)
    return database_url


@pytest.fixture
def told(url: str, story: Story, store: PostgresStore) -> str:
    """A database with 2,000 events that both have taken in."""
    append(store, story.tell(2_000))
    catch_up(url)
    return url


def catch_up(url: str) -> int:
    with projections(Settings(), url, BOTH) as both:
        return both.catch_up()


def rebuilt(url: str, projection: Projection = FOLLOWING, tell: Any = lambda _: None, **wish: Any) -> Report:
    given = {"by": "tester", "workers": 1} | wish
    return rebuild(Settings(), url, projection, tell, BOTH).run(Wish(**given))


def rows(url: str, schema: str = SCHEMA) -> list[Any]:
    return [sorted(execute(url, f"SELECT * FROM {table}", schema)) for table in ("lengths", "turns")]  # noqa: S608


def demand_in_order(url: str, story: Story) -> None:
    """Every event was taken in once, in order, and after the index."""
    streams = [str(step.event.originator_id) for step in story.steps]
    lengths, turns = rows(url)
    assert lengths == sorted((stream, streams.count(stream), True) for stream in set(streams))
    categories = [stream.split("-", 1)[0] for stream in streams]
    assert turns == [
        (categories[-1], sum(one != other for one, other in zip(categories, categories[1:], strict=False)))
    ]


@contextmanager
def answering(url: str, ready_lag: float | None = None) -> Iterator[Any]:
    services = build(Settings(limits=Limits(position_wait=0.05), ready_lag=ready_lag), url, BOTH)
    yield services.timeline
    services.close()


def test_the_position_of_the_read_side_is_the_lowest(url: str, story: Story, store: PostgresStore) -> None:
    append(store, story.tell(300))
    with answering(url) as timeline, opened(url) as index, opened(url, FOLLOWING) as following:
        index.catch_up()
        assert (timeline.clocks().position, timeline.readiness().position) == (0, 0)
        following.step(100)
        assert timeline.clocks().position == 100
        with pytest.raises(ReadSideBehind):
            timeline.clocks(min_position=101)
        assert timeline.readiness().ready
        with answering(url, ready_lag=0.0) as strict:
            assert strict.readiness().reason == "The read side does not follow the log."
        following.catch_up()
        assert timeline.clocks(min_position=300).position == 300
        assert timeline.readiness().ready
        assert [(one.name, one.position) for one in timeline.projections()] == [("index", 300), ("following", 300)]


def test_there_is_no_answer_before_each_of_them_was_complete(database_url: str, story: Story, store: Any) -> None:
    append(store, story.tell(300))
    with opened(database_url) as index:
        index.catch_up()
    prepare(Settings(), database_url, BOTH)
    with answering(database_url) as timeline, opened(database_url, FOLLOWING) as following:
        following.step(100)
        with pytest.raises(NotBuilt):
            timeline.clocks()
        assert timeline.readiness().reason == "The read side of this version is being built. It is at position 100."
        following.catch_up()
        assert timeline.clocks().position == 300


def test_a_follower_is_not_complete_before_what_it_follows(url: str, story: Story, store: PostgresStore) -> None:
    append(store, story.tell(300))
    for schema in (SCHEMA, schema_of(INDEX)):
        execute(url, f"DROP SCHEMA {schema} CASCADE")
    prepare(Settings(), url, BOTH)
    with opened(url) as index, opened(url, FOLLOWING) as following:
        index.step(100)
        assert following.catch_up() == 100
        assert [one.is_built for one in projection_status(Settings(), url, BOTH)] == [False, False]
        index.catch_up()
        assert following.is_held_up()
        assert following.catch_up() == 300
        assert not following.is_held_up()
        assert [one.is_built for one in projection_status(Settings(), url, BOTH)] == [True, True]
    demand_in_order(url, story)


def test_both_run_and_what_is_recorded_is_soon_in_both(url: str, story: Story, store: PostgresStore) -> None:
    with projecting(url, among=BOTH), answering(url) as timeline:
        for _ in range(20):
            append(store, story.tell(20))
            wait_until(lambda: timeline.clocks().position == store.head())
    demand_in_order(url, story)


@pytest.mark.slow
def test_a_killed_follower_goes_on_where_it_was(url: str, story: Story, store: PostgresStore) -> None:
    random = Random(5)
    with running(url), opened(url, FOLLOWING) as following:
        for _ in range(4):
            append(store, story.tell(600))
            until = random.randrange(following.position() + 1, store.head() + 1)
            with started(url, "-c", RUN, url) as process:
                wait_until(partial(_is_past, following.position, until, process))
                process.kill()
                process.wait(DEADLINE)
        following.catch_up()
    catch_up(url)
    demand_in_order(url, story)


def _is_past(position: Any, until: int, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "it ended by itself"
    return bool(position() >= until)


def test_a_rebuild_in_order_takes_the_log_from_its_beginning(
    told: str, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "BATCH", 250)
    heard: list[Progress] = []
    before = rows(told)
    report = rebuilt(told, tell=heard.append)
    assert (report.is_switched, report.is_compared_to_live, report.differences) == (True, True, ())
    assert [one.done for one in heard if one.phase == "catching up"] == list(range(0, 2_000, 250))
    assert list(dict.fromkeys(one.phase for one in heard)) == ["indexing", "catching up", "verifying", "done"]
    assert all(one.whole_seconds_left is not None for one in heard if one.phase == "verifying")
    assert rows(told) == before
    demand_in_order(told, story)


def test_a_cancelled_rebuild_in_order_goes_on_where_it_was(
    told: str, story: Story, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "BATCH", 250)

    def cancel(progress: Progress) -> None:
        if progress.phase == "catching up" and progress.done == 1_000:
            assert rebuild(Settings(), told, FOLLOWING, among=BOTH).cancel() is not None

    with pytest.raises(RebuildCancelled):
        rebuilt(told, tell=cancel)
    assert execute(told, "SELECT position FROM checkpoint", SCHEMA + NEXT) == [(1_000,)]
    append(store, story.tell(100))
    catch_up(told)
    heard: list[Progress] = []
    assert rebuilt(told, tell=heard.append).is_switched
    assert next((one.done, one.total) for one in heard if one.phase == "catching up") == (1_000, 2_100)
    demand_in_order(told, story)


def test_a_rebuild_goes_as_far_as_what_it_follows(told: str, story: Story, store: PostgresStore) -> None:
    append(store, story.tell(500))
    assert rebuilt(told).position == 2_000
    catch_up(told)
    demand_in_order(told, story)


def test_the_followed_one_is_rebuilt_and_switched_beside_a_follower(
    told: str, story: Story, store: PostgresStore
) -> None:
    with projecting(told, among=BOTH):
        for _ in range(3):
            append(store, story.tell(300), size=10)
            assert rebuilt(told, INDEX).is_switched
        with opened(told, FOLLOWING) as following:
            wait_until(lambda: following.position() == store.head())
    demand_in_order(told, story)
    assert rebuild(Settings(), told, FOLLOWING, among=BOTH).verify().differences == ()


def test_wrong_rows_are_found_and_not_switched_away_without_being_told(told: str) -> None:
    assert rebuild(Settings(), told, FOLLOWING, among=BOTH).verify().differences == ()
    execute(told, "UPDATE lengths SET events = events + 1", SCHEMA)
    assert rebuild(Settings(), told, FOLLOWING, among=BOTH).verify().differences
    report = rebuilt(told)
    assert (report.is_switched, {one.table for one in report.differences}) == (False, {"lengths"})
    assert rebuilt(told, despite_live=True).is_switched
    assert rebuild(Settings(), told, FOLLOWING, among=BOTH).verify().differences == ()


@pytest.mark.slow
def test_what_is_compared_with_the_followed_tables_keeps_them_from_being_switched(told: str) -> None:
    """One moment of the database does not hold the rows of tables that are put in place later."""
    place = f"SELECT to_regnamespace('{schema_of(INDEX)}')::oid"
    ((before,),) = execute(told, place)
    with opened(told, FOLLOWING) as following, moment(following._database, SCHEMA) as now:
        thread = Thread(target=rebuilt, args=(told, INDEX), daemon=True)
        thread.start()
        # The moment is looked at, too: a transaction that says nothing for two seconds is ended.
        wait_until(lambda: now.tables() and execute(told, AWAITED) == [(1,)])
        assert execute(told, place) == [(before,)]
        assert now.audit(FOLLOWING, PostgresStore(following._database), now.sample(500)) == []
    thread.join(DEADLINE)
    assert execute(told, place) != [(before,)]


def test_a_stream_that_the_followed_one_holds_back_is_held_back_here_too(
    url: str, story: Story, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(store, [*story.tell(100), POISON, *story.tell(100)])
    catch_up(url)
    stream = str(POISON.originator_id)
    assert [(row[0], row[3]) for row in execute(url, "SELECT * FROM parked", SCHEMA)] == [
        (stream, f"{schema_of(INDEX)} holds it back")
    ]
    assert rebuilt(url).is_switched
    with parking(Settings(), url, INDEX, BOTH) as first, parking(Settings(), url, FOLLOWING, BOTH) as second:
        held = second.retry(stream, "ann", "too early").again
        assert held is not None and held.stream == stream
        first.skip(stream, "ann", "junk")
        assert second.retry(stream, "ann", "now").outcome == "went on"
        assert [act.projection for act in second.acts(5)] == ["following", "following"]
    assert execute(url, f"SELECT events FROM lengths WHERE stream = '{stream}'", SCHEMA) == [(1,)]  # noqa: S608


def test_events_before_the_one_that_is_held_back_are_handled(url: str, story: Story, store: PostgresStore) -> None:
    append(store, story.tell(40))
    stream = f"entity-{HOT}"
    version = len(store.read_stream(stream))
    store.append([StoredEvent(stream, version + 1, POISON.topic, POISON.state)])
    catch_up(url)
    assert execute(url, f"SELECT events FROM lengths WHERE stream = '{stream}'", SCHEMA) == [(version,)]  # noqa: S608
    assert execute(url, "SELECT stream, position FROM parked", SCHEMA) == [(stream, 41)]


def test_each_is_measured_under_its_name(told: str) -> None:
    reader = vitals_reader(told, BOTH)
    try:
        found = {one.name: one.tables for one in reader.read().projections}
        assert {name: tables and tables.position for name, tables in found.items()} == {
            "index": 2_000,
            "following": 2_000,
        }
        execute(told, f"DROP SCHEMA {SCHEMA} CASCADE")
        assert [one.tables is None for one in reader.read().projections] == [False, True]
    finally:
        reader.close()


def test_no_two_have_a_table_of_the_same_name(database_url: str) -> None:
    """Names have no schema, so the one in front would hide the other."""
    query = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
    found = [name for one in PROJECTIONS for (name,) in execute(database_url, query, schema_of(one))]
    doubled = {name for name in found if found.count(name) > 1}
    assert doubled == ({"checkpoint", "parked"} if len(PROJECTIONS) > 1 else set())


def test_who_follows_what_there_is_not_is_refused() -> None:
    with pytest.raises(LookupError):
        schemas_behind(FOLLOWING, [FOLLOWING])
