"""A log with events of no meaning, and a keeper that hashes and signs when it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from eventsourcing.persistence import StoredEvent

from events.leaf import instant_of, leaf_of
from events.merkle import Frontier, leaf_hash
from service.db import KEEPER_ROLE, Database
from service.settings import DatabaseSettings
from service.store.postgres import PostgresStore
from service.tree.keeper import Keeper
from service.tree.notes import Signer
from service.tree.reading import TreeReader

ORIGIN = "example.org/log"
SIGNER = Signer(ORIGIN, bytes(range(32)))
STREAMS = 7


@dataclass
class Kept:
    """A log with its keeper."""

    store: PostgresStore
    database: Database
    keeper: Keeper

    @property
    def reader(self) -> TreeReader:
        return TreeReader(self.store.database)

    def append(self, count: int) -> None:
        """Appends so many events, to some streams in turn."""
        head = self.store.head()
        versions = {name: len(rows) for name, rows in self.store.read_streams(names()).items()}
        events = []
        for number in range(count):
            name = names()[(head + number) % STREAMS]
            versions[name] += 1
            events.append(StoredEvent(name, versions[name], "Noted.v1", f'{{"number":{head + number}}}'.encode()))
        self.store.append(events)

    def root_in_one_go(self, size: int) -> bytes:
        """The root over the first events of the log, from what the store says of them."""
        frontier = Frontier()
        for row in self.store.read_log(0, size):
            stream, topic = row.stream.encode(), row.topic.encode()
            leaf = leaf_of(row.position, stream, row.version, topic, row.state, instant_of(row.recorded_at))
            frontier.append(leaf_hash(leaf))
        assert frontier.size == size
        return frontier.root()


def names() -> list[str]:
    return [f"thing-{number}-é" for number in range(STREAMS)]


@pytest.fixture
def keeper_database(database_url: str) -> Iterator[Database]:
    settings = DatabaseSettings(database_url, pool_timeout=5.0)
    with Database(settings, role=KEEPER_ROLE, name="frenemies-keeper") as database:
        yield database


@pytest.fixture
def kept(database: Database, keeper_database: Database) -> Kept:
    """An empty log with its keeper."""
    return Kept(PostgresStore(database), keeper_database, Keeper(keeper_database, SIGNER, ORIGIN))
