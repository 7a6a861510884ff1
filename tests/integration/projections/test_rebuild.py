"""A rebuild beside the live view: nobody notices it, nothing is switched that is not the same (pitfalls 6 and 7)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Any

import pytest

from service.db import PROJECTOR_ROLE, Database, connect
from service.errors import BuildKept, DeadlineExceeded, RebuildEnded, RebuildRunning, SchemaMissing
from service.projections import rebuild as rebuilding
from service.projections import schemas
from service.projections.index import Index
from service.projections.indexing import INDEX
from service.projections.progress import Progress, RebuildCancelled
from service.projections.projection import schema_of
from service.projections.projector import Projector
from service.projections.rebuild import Rebuild, Report, Wish
from service.projections.schemas import NEXT, OLD
from service.projections.status import read_rebuild, read_state
from service.settings import DatabaseSettings
from service.store.postgres import PostgresStore
from tests.integration.projections.conftest import (
    DEADLINE,
    SCHEMA,
    demand_as_told,
    execute,
    opened,
    rows,
    running,
    wait_until,
)
from tests.integration.projections.stories import COUNTING, HOT, LATER, POISON, SPARSE, Story, append

LOG = "SELECT count(*), md5(string_agg(e::text, '' ORDER BY position)) FROM log.events e"
ROOT = Path(__file__).parents[3]
PROGRAM = "from service.projections import schemas; schemas.RANGE = 100;from service.cli import main; main()"


@pytest.fixture(autouse=True)
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many ranges for a few events."""
    monkeypatch.setattr(schemas, "RANGE", 250)


def rebuild(url: str, *, projection: Any = INDEX, tell: Any = lambda _: None, **wish: Any) -> Report:
    given = {"by": "tester", "workers": 2} | wish
    return Rebuild(projection, DatabaseSettings(url), tell).run(Wish(**given))


def break_off(url: str, by: str = "tester") -> None:
    def cancel(progress: Progress) -> None:
        if progress.phase == "indexing":
            assert Rebuild(INDEX, DatabaseSettings(url), print).cancel() is not None

    with pytest.raises(RebuildCancelled):
        rebuild(url, by=by, tell=cancel)


@contextmanager
def started(url: str) -> Iterator[subprocess.Popen[bytes]]:
    """`frenemies project rebuild` as a program in a group of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "project", "rebuild", "--projection", "index"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=DEADLINE)


class Writer(Thread):
    """Appends the rest of a story until stopped."""

    def __init__(self, store: PostgresStore, story: Story) -> None:
        super().__init__(daemon=True)
        self._store, self._story, self._ended = store, story, Event()
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            while not self._ended.wait(0.002):
                self._store.append(self._story.tell(3))
        except Exception as error:  # noqa: BLE001
            self.failure = error

    def end(self) -> None:
        self._ended.set()
        self.join(DEADLINE)
        assert self.failure is None


class Reader(Thread):
    """Asks all the time for the claims of the busiest entity, with the positions before and after."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._url, self._ended = url, Event()
        self.seen: list[tuple[int, frozenset[str], int]] = []
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            with Database(DatabaseSettings(self._url, pool_timeout=DEADLINE), schema=SCHEMA) as database:
                index = Index(database)
                while not self._ended.is_set():
                    before = index.position()
                    claims = index.claims_of([HOT], [HOT], 1_000_000)
                    self.seen.append((before, frozenset(claims), index.position()))
        except Exception as error:  # noqa: BLE001
            self.failure = error

    def end(self) -> None:
        self._ended.set()
        self.join(DEADLINE)
        assert self.failure is None

    def demand_right(self, story: Story) -> None:
        """Every answer held all that was known before it, and the view never went back."""
        named = story.claims_of(HOT)
        assert len(self.seen) > 50
        for before, claims, after in self.seen:
            assert before <= after
            missing = {claim for position, claim in named if position <= before} - claims
            assert not missing, f"at position {before} an answer lacked {len(missing)} claims"
        positions = [after for _, _, after in self.seen]
        assert positions == sorted(positions)


@pytest.mark.slow
@pytest.mark.parametrize("postgres_major", [18, 15], indirect=True)
def test_pitfall_6_a_rebuild_while_a_writer_appends_and_a_reader_polls_shows_no_wrong_answer(
    told: str, story: Story, store: PostgresStore
) -> None:
    writer, reader = Writer(store, story), Reader(told)
    with running(told):
        writer.start()
        reader.start()
        reports = [rebuild(told) for _ in range(3)]
        reader.end()
        writer.end()
        with opened(told) as projector:
            wait_until(lambda: projector.position() == store.head())
    assert all(report.is_switched and report.is_compared_to_live and not report.differences for report in reports)
    assert reports[0].position < reports[1].position < reports[2].position
    reader.demand_right(story)
    demand_as_told(told, story)


def test_the_rebuilt_view_equals_the_live_one_row_by_row(told: str, story: Story) -> None:
    demand_as_told(told, story)
    before = rows(told)
    report = rebuild(told)
    assert (report.is_switched, report.position, report.differences) == (True, 3_000, ())
    assert rows(told) == before


def test_a_projection_whose_every_event_counts_is_rebuilt_without_counting_twice(told: str) -> None:
    with opened(told, COUNTING) as projector:
        projector.catch_up()
    schema = schema_of(COUNTING)
    before = execute(told, "SELECT * FROM counts ORDER BY kind", schema)
    assert sum(count for _, count in before) == 3_000
    assert rebuild(told, projection=COUNTING).is_switched
    assert execute(told, "SELECT * FROM counts ORDER BY kind", schema) == before


def test_side_effects_are_not_repeated_the_log_and_its_notices_are_untouched_by_a_rebuild(told: str) -> None:
    with connect(told) as listener:
        listener.execute("LISTEN frenemies_log")
        before = execute(told, LOG)
        assert rebuild(told).is_switched
        assert execute(told, LOG) == before
        assert list(listener.notifies(timeout=0.2)) == []


@pytest.mark.parametrize("postgres_major", [18, 15], indirect=True)
def test_prepared_statements_of_pooled_connections_read_the_new_tables_after_the_switch(told: str) -> None:
    with Database(DatabaseSettings(told, pool_size=1), schema=SCHEMA) as database:
        index = Index(database)
        assert [index.names_of([HOT]) for _ in range(10)][-1] != {}
        with database.connection() as connection:
            first = connection.info.backend_pid
        execute(told, "UPDATE entities SET name = 'Wrong'")
        assert index.names_of([HOT])[HOT].name == "Wrong"
        assert rebuild(told, despite_live=True).is_switched
        assert index.names_of([HOT])[HOT].name != "Wrong"
        with database.connection() as connection:
            assert connection.info.backend_pid == first


@pytest.mark.parametrize(
    ("damage", "table"),
    [
        ("DELETE FROM claim_entities WHERE ctid = (SELECT min(ctid) FROM claim_entities)", "claim_entities"),
        ("INSERT INTO responses VALUES ('x', 'y')", "responses"),
        ("INSERT INTO unsettled VALUES ('x', 'y')", "unsettled"),
        ("UPDATE entities SET name = 'Wrong' WHERE entity = 'company-0'", "entities"),
        ("INSERT INTO parked VALUES ('entity-x', 1, 'X.v1', 'no')", "parked"),
    ],
)
def test_a_wrong_live_view_is_noticed_and_nothing_is_switched(told: str, damage: str, table: str) -> None:
    execute(told, damage)
    wrong = rows(told)
    report = rebuild(told)
    assert not report.is_switched
    assert {difference.table for difference in report.differences} == {table}
    assert rows(told) == wrong
    assert execute(told, "SELECT position FROM checkpoint", SCHEMA + NEXT) == [(3_000,)]
    with Database(DatabaseSettings(told), schema=SCHEMA) as database:
        status = read_rebuild(database, database.schema)
    assert status is not None
    assert (status.phase, status.is_running, table in status.note) == ("refused", False, True)


def test_a_wrong_live_view_can_be_replaced_when_the_log_agrees(told: str, story: Story) -> None:
    execute(told, "DELETE FROM claim_entities")
    report = rebuild(told, despite_live=True)
    assert report.is_switched
    assert report.differences
    demand_as_told(told, story)


def test_verifying_a_sample_finds_what_is_wrong_everywhere(told: str) -> None:
    verified = Rebuild(INDEX, DatabaseSettings(told), print)
    assert verified.verify().differences == ()
    execute(told, "UPDATE entity_names SET folded = 'x'")
    assert {difference.table for difference in verified.verify().differences} == {"entity_names"}


def test_verifying_the_whole_finds_one_row_and_leaves_no_tables_when_there_is_none(told: str) -> None:
    assert rebuild(told, is_to_switch=False).differences == ()
    assert not execute(told, "SELECT nspname FROM pg_namespace WHERE nspname LIKE '%next'")
    execute(told, "INSERT INTO merges VALUES ('ant', 'bee')")
    report = rebuild(told, is_to_switch=False)
    assert [(difference.table, difference.row) for difference in report.differences] == [("merges", "(ant,bee)")]
    assert not execute(told, "SELECT nspname FROM pg_namespace WHERE nspname LIKE '%next'")


def test_verifying_the_whole_takes_no_build_away_that_can_be_gone_on_with(told: str) -> None:
    break_off(told, by="ann")
    before = execute(told, "SELECT * FROM projections.rebuilds")
    with pytest.raises(BuildKept, match=f"goes on with {SCHEMA}_next"):
        rebuild(told, by="bob", is_to_switch=False)
    assert execute(told, "SELECT * FROM projections.rebuilds") == before
    assert execute(told, "SELECT count(*) FROM load_ranges WHERE is_done", SCHEMA + NEXT) == [(12,)]


def test_the_live_tables_wait_for_a_switch_that_they_would_always_be_ahead_of(
    told: str, story: Story, store: PostgresStore
) -> None:
    overtaken: list[str] = []
    settings = DatabaseSettings(told, lock_timeout=0.1)
    with Database(settings, role=PROJECTOR_ROLE, schema=SCHEMA) as database:
        live = Projector(INDEX, PostgresStore(database), database)

        def overtake(progress: Progress) -> None:
            if progress.phase in ("verifying", "catching up"):
                overtaken.append(progress.phase)
                assert len(overtaken) < 30, "the switch never came"
                store.append(story.tell(1))
                with suppress(DeadlineExceeded):
                    live.catch_up()

        assert rebuild(told, tell=overtake).is_switched
        assert len(overtaken) > 3
        live.catch_up()
    demand_as_told(told, story)


def test_a_rebuild_ends_before_it_loads_while_a_statement_uses_what_the_last_one_replaced(
    told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "_LOCK_SECONDS", 0.5)
    assert rebuild(told).is_switched
    with connect(told) as reader, reader.transaction():
        reader.execute(f"SELECT FROM {SCHEMA}_old.entities")
        with pytest.raises(RebuildEnded, match=SCHEMA + OLD):
            rebuild(told)
        assert not execute(told, "SELECT nspname FROM pg_namespace WHERE nspname LIKE '%next'")
    assert rebuild(told).is_switched


def test_a_second_rebuild_is_refused_with_who_runs_the_first(told: str) -> None:
    refused: list[str] = []

    def begin_another(progress: Progress) -> None:
        if progress.phase == "verifying" and not refused:
            with pytest.raises(RebuildRunning) as error:
                rebuild(told, by="second")
            refused.append(str(error.value))

    assert rebuild(told, by="first", tell=begin_another).is_switched
    assert "By first since" in refused[0]


def test_a_cancelled_rebuild_goes_on_with_what_it_had_done(told: str, story: Story) -> None:
    break_off(told)
    assert execute(told, "SELECT count(*) FROM load_ranges WHERE is_done", SCHEMA + NEXT) == [(12,)]
    execute(told, "TRUNCATE entity_names", SCHEMA + NEXT)
    report = rebuild(told)
    assert {difference.table for difference in report.differences} == {"entity_names"}, "it was not loaded again"
    assert rebuild(told, anew=True).is_switched
    demand_as_told(told, story)


def test_there_is_nothing_to_cancel_where_nothing_runs(told: str) -> None:
    assert Rebuild(INDEX, DatabaseSettings(told), print).cancel() is None


@pytest.mark.slow
@pytest.mark.parametrize("kills", [4, pytest.param(60, marks=pytest.mark.soak)])
def test_a_rebuild_killed_at_random_points_goes_on_and_ends_right(
    told: str, story: Story, store: PostgresStore, kills: int
) -> None:
    append(store, story.tell(9_000))
    random = Random(kills)
    with Database(DatabaseSettings(told), schema=SCHEMA) as database, running(told):
        for _ in range(kills):
            with started(told) as process:
                phase = random.choice(["loading", "loading", "loading", "indexing", "amending", "verifying"])
                wait_until(partial(_is_at, database, process, phase, random.randrange(12_000)))
                process.send_signal(signal.SIGKILL)
                process.wait(DEADLINE)
            assert read_state(database, database.schema).is_built
        with started(told) as process:
            output, _ = process.communicate(timeout=DEADLINE)
        assert process.returncode == 0, output
    demand_as_told(told, story)


def _is_at(database: Database, process: subprocess.Popen[bytes], phase: str, done: int) -> bool:
    """Whether the program is as far as that, or farther, or has ended."""
    status = read_rebuild(database, database.schema)
    if status is None or str(process.pid) not in status.started_by:
        return process.poll() is not None
    return status.phase not in ("loading", phase) or (status.phase == phase and status.done >= done)


def test_a_stream_that_is_held_back_is_held_back_in_the_rebuilt_view(told: str, store: PostgresStore) -> None:
    store.append([POISON])
    with opened(told) as projector:
        projector.catch_up()
    since = execute(told, "SELECT * FROM parked")
    assert [row[:2] for row in since] == [("entity-bad", 3_001)]
    assert rebuild(told).is_switched
    assert execute(told, "SELECT * FROM parked") == since


def test_a_new_version_is_built_before_anybody_reads_it(told: str) -> None:
    before = rows(told)
    report = rebuild(told, projection=LATER)
    assert (report.is_switched, report.is_compared_to_live) == (True, False)
    assert rows(told, schema_of(LATER)) == rows(told) == before
    with Database(DatabaseSettings(told), schema=schema_of(LATER)) as database:
        assert Index(database).position() == 3_000


@pytest.mark.parametrize(("taken_in", "is_compared"), [(900, False), (1_900, True)])
def test_live_tables_that_lack_most_of_the_log_are_not_built_a_second_time_to_be_compared(
    database_url: str, story: Story, store: PostgresStore, taken_in: int, is_compared: bool
) -> None:
    append(store, story.tell(taken_in))
    with opened(database_url) as projector:
        projector.catch_up()
        append(store, story.tell(3_000 - taken_in))
    report = rebuild(database_url)
    assert (report.is_switched, report.is_compared_to_live) == (True, is_compared)
    demand_as_told(database_url, story)


def test_whoever_asks_for_a_comparison_gets_it_however_much_the_live_tables_lack(
    database_url: str, story: Story, store: PostgresStore
) -> None:
    append(store, story.tell(1_000))
    report = rebuild(database_url, is_to_switch=False)
    assert report.is_compared_to_live and not report.differences


def test_an_older_version_is_dropped_by_a_later_rebuild_once_nobody_keeps_it_current(told: str) -> None:
    lead = "SELECT pg_advisory_lock(73102710, hashtext(%s))"
    with Database(DatabaseSettings(told), schema=SCHEMA) as database, connect(told) as new:
        rebuild(told, projection=LATER)
        with connect(told) as old:
            old.execute(lead, [SCHEMA])
            new.execute(lead, [schema_of(LATER)])
            rebuild(told, projection=LATER)
            assert read_state(database, database.schema).is_built
        rebuild(told, projection=LATER)
        with pytest.raises(SchemaMissing):
            read_state(database, database.schema)


def test_pitfall_7_one_event_in_many_is_found_in_one_pass_and_the_checkpoint_is_at_the_end(
    told: str, store: PostgresStore
) -> None:
    store.append([POISON])
    with opened(told, SPARSE) as projector:
        assert projector.catch_up() == 3_001
        assert projector.step() == 0
    schema = schema_of(SPARSE)
    assert execute(told, "SELECT * FROM counts", schema) == [("created", 1)]
    assert rebuild(told, projection=SPARSE).is_switched
    assert execute(told, "SELECT * FROM counts", schema) == [("created", 1)]
    assert execute(told, "SELECT position, built_at IS NOT NULL FROM checkpoint", schema) == [(3_001, True)]
