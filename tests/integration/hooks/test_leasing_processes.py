"""Workers as processes: they, their sessions and PostgreSQL are killed at random points while events are recorded."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from random import Random
from uuid import UUID

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent

from service.bootstrap import prepare
from service.db import connect
from service.embedded import EmbeddedServer
from service.errors import EmbeddedServerError, ServiceError
from service.hooks.outbox import PULL
from service.serve.fork import Fork
from service.settings import Settings
from tests.feeding import wait_until
from tests.integration.hooks import worker
from tests.integration.hooks.conftest import DEADLINE, ME, Rig, rig_on
from tests.killing import kill_database

WORKERS = 3
STREAMS = 30
SURVIVES = {"fsync": "off"}
"""A commit is written before it is answered, so that it outlives the server; not the machine."""
Start = Callable[..., EmbeddedServer]
END_SESSIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'frenemies-api'"
    " AND datname = current_database()"
)


class Team:
    """Workers that share a subscription, and a log that grows."""

    def __init__(self, rig: Rig, random: Random) -> None:
        self.rig = rig
        self.id: UUID = rig.hooks.create(ME, mode=PULL, after="start").subscription.id
        self.appended = 0
        self._random = random
        self._versions: dict[int, int] = defaultdict(int)
        self._workers: list[Fork] = []
        rig.sql(worker.HANDLED)

    def close(self) -> None:
        for process in self._workers:
            process.kill()
            process.wait(DEADLINE)

    def hire(self) -> None:
        """As many workers as there are to be."""
        while len(self._workers) < WORKERS:
            given = {"SUBSCRIPTION": str(self.id), "MOST": str(self._random.choice((1, 3, 10)))}
            environment = {**os.environ, "DATABASE_URL": self.rig.services.url, **given}
            self._workers.append(Fork("worker", worker.main, environment))

    def kill_one(self) -> None:
        process = self._workers.pop(self._random.randrange(len(self._workers)))
        process.kill()
        process.wait(DEADLINE)

    def append(self, count: int) -> None:
        """Events of some streams, all or none: it is tried until the server says that they are there."""
        for _ in range(count):
            stream = self._random.randrange(STREAMS)
            self._versions[stream] += 1
            event = StoredEvent(f"thing-{stream}", self._versions[stream], "Noted.v1", b"{}")
            wait_until(lambda event=event: self._is_appended(event))  # type: ignore[misc]
            self.appended += 1

    def handled(self) -> list[tuple[int, str, int]]:
        """Position, stream and version of what was handled, in the order in which it was."""
        with connect(self.rig.services.url) as connection:
            return connection.execute("SELECT position, stream, version FROM handled ORDER BY place").fetchall()

    def is_further(self, count: int) -> bool:
        with suppress(ServiceError, psycopg.Error):
            return len(self.handled()) >= count
        return False

    def _is_appended(self, event: StoredEvent) -> bool:
        store = self.rig.log.store
        with suppress(ServiceError):
            if len(store.read_stream(str(event.originator_id))) < event.originator_version:
                store.append([event])
            return True
        return False


@contextmanager
def team_on(url: str, random: Random) -> Iterator[Team]:
    with rig_on(url) as rig, ExitStack() as keep:
        made = Team(rig, random)
        keep.callback(made.close)
        yield made


def again(start_server: Start, folder: Path) -> bool:
    try:
        start_server(folder, settings=SURVIVES)
    except EmbeddedServerError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("kills", [10, pytest.param(100, marks=pytest.mark.soak)])
def test_killed_at_random_points_nothing_is_lost_and_each_stream_keeps_its_order(
    data_folder: Path, start_server: Start, kills: int
) -> None:
    random = Random(kills)
    url = start_server(data_folder, settings=SURVIVES).url
    prepare(Settings(), url)
    with team_on(url, random) as team:
        for number in range(kills):
            team.hire()
            team.append(25)
            until = len(team.handled()) + random.randrange(1, 15)
            wait_until(lambda until=until: team.is_further(until))  # type: ignore[misc]
            if number % 5 == 2:
                kill_database(data_folder / "postgres")
                wait_until(lambda: again(start_server, data_folder))
            elif number % 5 == 4:
                with suppress(ServiceError, psycopg.Error):
                    team.rig.sql(END_SESSIONS)
            else:
                team.kill_one()
        team.hire()
        wait_until(lambda: _is_done(team), 60 + 2 * kills)
        _check(team)


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_its_events_to_the_others(database_url: str) -> None:
    with team_on(database_url, Random(1)) as team:
        team.append(3)
        held = team.rig.hooks.leases.lease(ME, team.id, 10, 1)
        assert held.deliveries
        team.hire()
        wait_until(lambda: _is_done(team))
        _check(team)
        attempts = {one.position: [a["result"] for a in one.attempts] for one in team.rig.deliveries(team.id)}
        assert ["expired", "delivered"] in attempts.values()


def _is_done(team: Team) -> bool:
    with suppress(ServiceError):
        told = team.rig.hooks.find(ME, team.id)
        return told.position == team.appended and told.pending == 0
    return False


def _check(team: Team) -> None:
    """Every event was handled and is done; in each stream one came again or its successor came, never another one."""
    told = team.rig.hooks.find(ME, team.id)
    assert (told.position, told.pending, told.leased, told.parked) == (team.appended, 0, 0, 0)
    handled = team.handled()
    assert {position for position, _, _ in handled} == set(range(1, team.appended + 1))
    reached: dict[str, int] = defaultdict(int)
    for position, stream, version in handled:
        assert version in (reached[stream], reached[stream] + 1), (position, stream, version)
        reached[stream] = version
