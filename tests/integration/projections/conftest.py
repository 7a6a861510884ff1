"""A projection on a database of its own: what it holds, and waiting for what it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from time import monotonic
from typing import Any

import pytest
from psycopg.sql import SQL, Identifier

from service.db import PROJECTOR_ROLE, Database, connect
from service.projections.indexing import INDEX
from service.projections.projection import Projection, schema_of, schemas_behind
from service.projections.projector import Projector
from service.settings import DatabaseSettings
from service.store.postgres import PostgresStore
from tests.integration.projections.stories import Story, append
from tests.projecting import projecting

DEADLINE = 30.0
SCHEMA = schema_of(INDEX)
TABLES = "entities entity_names entity_identifiers merges claim_entities claim_articles responses".split()


def rows(url: str, schema: str = SCHEMA) -> dict[str, list[Any]]:
    """Every row of the index."""
    with connect(url) as connection:
        every = {table: SQL("SELECT * FROM {}.{}").format(Identifier(schema), Identifier(table)) for table in TABLES}
        return {table: sorted(connection.execute(query).fetchall(), key=str) for table, query in every.items()}


def execute(url: str, query: str, schema: str = SCHEMA) -> list[Any]:
    """Runs a statement as the owner of the server, with the tables of a projection at hand."""
    with connect(url) as connection:
        connection.execute("SELECT set_config('search_path', %s, false)", [schema])
        cursor = connection.execute(query.encode())
        return cursor.fetchall() if cursor.description else []


def demand_as_told(url: str, story: Story) -> None:
    """The view holds what the story says, row by row."""
    found = rows(url)
    for table in ("claim_entities", "claim_articles", "responses", "merges"):
        assert set(found[table]) == story.rows(table), table
    assert {(row[0], row[1]) for row in found["entity_names"]} == story.rows("entity_names")


def wait_until(condition: Callable[[], Any], why: str = "it did not come to pass") -> Any:
    """Asks until it is so, and gives what was so."""
    deadline = monotonic() + DEADLINE
    pause = Event()
    while not (found := condition()):
        assert monotonic() < deadline, why
        pause.wait(0.005)
    return found


@contextmanager
def opened(url: str, chosen: Projection = INDEX, schema: str | None = None) -> Iterator[Projector]:
    """A projector on the database."""
    own, behind = schema or schema_of(chosen), schemas_behind(chosen, [INDEX])
    with Database(DatabaseSettings(url), role=PROJECTOR_ROLE, schema=own, behind=behind) as database:
        yield Projector(chosen, PostgresStore(database), database)


@contextmanager
def running(url: str) -> Iterator[None]:
    """Somebody keeps the index current meanwhile."""
    with projecting(url, among=[INDEX]):
        yield


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.fixture
def told(story: Story, store: PostgresStore, database_url: str) -> str:
    """The URL of a database with 3,000 events and an index that has taken them in."""
    append(store, story.tell(3_000))
    with opened(database_url) as projector:
        projector.catch_up()
    return database_url
