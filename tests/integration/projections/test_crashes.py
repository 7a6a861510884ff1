"""Projectors that are killed, and more than one of them (pitfalls 5 and 15)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random

import pytest

from service.bootstrap import build
from service.db import Database
from service.errors import NotBuilt
from service.projections.indexing import INDEX
from service.projections.projection import schema_of
from service.settings import DatabaseSettings, Settings
from service.store.postgres import PostgresStore
from tests.integration.projections.conftest import DEADLINE, SCHEMA, demand_as_told, execute, opened, wait_until
from tests.integration.projections.stories import COUNTING, Story, append

ROOT = Path(__file__).parents[3]
RUN = """
import sys
from service.db import PROJECTOR_ROLE, Database
from service.projections.indexing import INDEX
from service.projections.projection import schema_of
from service.projections.projector import Projector
from service.settings import DatabaseSettings
from service.store.postgres import PostgresStore
from tests.integration.projections.stories import COUNTING
with (
    Database(DatabaseSettings(sys.argv[1]), role=PROJECTOR_ROLE, schema=schema_of(INDEX)) as one,
    Database(DatabaseSettings(sys.argv[1]), role=PROJECTOR_ROLE, schema=schema_of(COUNTING)) as other,
):
    index, counting = (
        Projector(INDEX, PostgresStore(one), one), Projector(COUNTING, PostgresStore(other), other)
    )
    while index.step(7) + counting.step(11):
        pass
"""
LEADERS = """
SELECT a.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.classid = 73102710 AND l.granted AND a.datname = current_database()
    AND l.objid::bigint = hashtext(current_schema())::bigint & 4294967295
"""


@contextmanager
def started(url: str, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": url},
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(DEADLINE)


@pytest.mark.slow
@pytest.mark.parametrize("kills", [8, pytest.param(1_000, marks=pytest.mark.soak)])
def test_pitfall_5_a_projector_killed_at_random_points_applies_every_event_once(
    database_url: str, story: Story, store: PostgresStore, kills: int
) -> None:
    """The sum of the one view would show work done twice, the rows of the other work not done."""
    random = Random(kills)
    for _ in range(kills):
        append(store, story.tell(400))
        with opened(database_url) as index, opened(database_url, COUNTING) as counting:
            index.step(1), counting.step(1)
            until = random.randrange(index.position(), store.head() + 1)
            with started(database_url, "-c", RUN, database_url) as process:
                wait_until(partial(_is_past, index.position, until, process))
                _end(process)
            assert counting.position() == _counted(database_url)
    with opened(database_url) as index, opened(database_url, COUNTING) as counting:
        assert index.catch_up() == counting.catch_up() == store.head()
    demand_as_told(database_url, story)
    assert _counted(database_url) == store.head()


def _is_past(position, until, process) -> bool:  # type: ignore[no-untyped-def]
    return position() >= until or process.poll() is not None


def _counted(url: str) -> int:
    ((count,),) = execute(url, "SELECT coalesce(sum(events), 0) FROM counts", schema_of(COUNTING))
    return int(count)


@pytest.mark.slow
def test_pitfall_15_of_two_runners_one_is_active_and_the_other_takes_over_within_seconds(
    database_url: str, story: Story, store: PostgresStore
) -> None:
    """Each of both is killed with another one beside it, so one of the killed had been the active one."""
    command = ("-c", "from service.serve import projector; projector.main(projector.PROJECTIONS[0])")
    with started(database_url, *command) as first, started(database_url, *command) as second:
        _follows(database_url, story, store)
        _end(first)
        _follows(database_url, story, store)
        with started(database_url, *command):
            _end(second)
            _follows(database_url, story, store)
    demand_as_told(database_url, story)


def _follows(url: str, story: Story, store: PostgresStore) -> None:
    """What is appended is taken in, and one runner does it."""
    append(store, story.tell(200))
    head = store.head()
    with opened(url) as projector:
        wait_until(lambda: projector.position() >= head)
    assert len(execute(url, LEADERS)) == 1


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(DEADLINE)


def test_pitfall_15_two_projectors_of_one_view_do_no_work_twice(
    database_url: str, story: Story, store: PostgresStore
) -> None:
    append(store, story.tell(3_000))
    with started(database_url, "-c", RUN, database_url) as one, started(database_url, "-c", RUN, database_url) as other:
        assert (one.wait(DEADLINE), other.wait(DEADLINE)) == (0, 0)
    assert _counted(database_url) == 3_000
    demand_as_told(database_url, story)


def test_an_empty_or_half_view_is_no_answer(database_url: str, story: Story, store: PostgresStore) -> None:
    append(store, story.tell(100))
    execute(database_url, f"DROP SCHEMA {SCHEMA} CASCADE")
    services = build(Settings(), database_url, [INDEX])
    try:
        assert services.timeline.readiness().reason == "The database does not hold the tables of this version."
        with opened(database_url) as projector:
            projector.step(50)
            readiness = services.timeline.readiness()
            assert (readiness.ready, readiness.position, readiness.head) == (False, 50, 100)
            assert readiness.reason == "The read side of this version is being built. It is at position 50."
            with pytest.raises(NotBuilt):
                services.timeline.search("company", None, services.timeline.clocks(), 10, None)
            projector.catch_up()
        assert services.timeline.readiness().ready
        assert services.timeline.search("company", None, services.timeline.clocks(), 10, None).items
    finally:
        services.close()


def test_an_empty_log_has_nothing_to_build(database_url: str) -> None:
    with Database(DatabaseSettings(database_url), schema=SCHEMA) as database, database.connection() as connection:
        assert connection.execute("SELECT position, built_at IS NOT NULL FROM checkpoint").fetchall() == [(0, True)]
