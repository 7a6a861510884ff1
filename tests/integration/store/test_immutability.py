"""What is recorded cannot be changed."""

from __future__ import annotations

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent

from service.db import PROJECTOR_ROLE, Database, connect
from service.errors import HistoryImmutable, StoreError
from service.projections.indexing import INDEX
from service.projections.projection import schema_of
from service.settings import DatabaseSettings
from service.store.postgres import PostgresStore

INDEX_SCHEMA = schema_of(INDEX)
CHANGES = [
    "UPDATE log.events SET topic = 'Other.v1'",
    "UPDATE log.events SET topic = 'Other.v1' WHERE false",
    "DELETE FROM log.events",
    "TRUNCATE log.events",
]


@pytest.fixture(autouse=True)
def recorded(store: PostgresStore) -> None:
    store.append([StoredEvent("entity-a", 1, "Noted.v1", b"{}")])


@pytest.mark.parametrize("change", CHANGES)
def test_the_service_has_no_right_to_change_events(database: Database, change: str) -> None:
    with pytest.raises(StoreError, match="InsufficientPrivilege"), database.connection() as connection:
        connection.execute(change)


@pytest.mark.parametrize("change", CHANGES)
def test_a_wrong_grant_does_not_help(database_url: str, database: Database, change: str) -> None:
    with connect(database_url) as owner:
        owner.execute("GRANT ALL ON log.events TO frenemies_api")
    with pytest.raises(HistoryImmutable), database.connection() as connection:
        connection.execute(change)


@pytest.mark.parametrize("change", CHANGES)
def test_not_even_the_superuser_changes_events_by_accident(database_url: str, change: str) -> None:
    with connect(database_url) as superuser:
        superuser.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.Error, match="cannot be changed"):
            superuser.execute(change)


@pytest.mark.parametrize("role", ["frenemies_api", PROJECTOR_ROLE])
@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO log.events VALUES (2, 'entity-a', 2, 'Noted.v1', '', now())",
        "ALTER TABLE log.events DISABLE TRIGGER ALL",
        "DROP TABLE log.events",
        "DELETE FROM log.texts",
        "UPDATE log.requests SET answer = ''",
        "DELETE FROM log.keys",
        "UPDATE log.epoch SET epoch = gen_random_uuid()",
        "SELECT log.claim_keys('{}', '{}', '{}')",
    ],
)
def test_neither_role_gets_around_the_append_function(database_url: str, role: str, change: str) -> None:
    with (
        Database(DatabaseSettings(database_url), role=role) as database,
        pytest.raises(StoreError, match="InsufficientPrivilege"),
        database.connection() as connection,
    ):
        connection.execute(change)


def test_the_projector_reads_the_log_and_cannot_append(database_url: str) -> None:
    with Database(DatabaseSettings(database_url), role=PROJECTOR_ROLE) as database:
        store = PostgresStore(database)
        assert store.head() == 1
        with pytest.raises(StoreError, match="InsufficientPrivilege"):
            store.append([StoredEvent("entity-a", 2, "Noted.v1", b"{}")])


def test_the_projector_keeps_the_read_side_and_the_service_reads_it(database_url: str, database: Database) -> None:
    with Database(DatabaseSettings(database_url), role=PROJECTOR_ROLE) as projector, projector.transaction() as writing:
        writing.execute("CREATE SCHEMA read_other_1")
        writing.execute(f"ALTER SCHEMA {INDEX_SCHEMA} RENAME TO {INDEX_SCHEMA}_old")
        writing.execute(f"ALTER SCHEMA {INDEX_SCHEMA}_old RENAME TO {INDEX_SCHEMA}")
        writing.execute(f"INSERT INTO {INDEX_SCHEMA}.merges VALUES ('ant', 'bee')")
    with database.connection() as connection:
        assert connection.execute(f"SELECT merged FROM {INDEX_SCHEMA}.merges").fetchall() == [("ant",)]
    with pytest.raises(StoreError, match="InsufficientPrivilege"), database.connection() as connection:
        connection.execute(f"DELETE FROM {INDEX_SCHEMA}.merges")


def test_only_texts_can_be_erased_and_only_by_their_owner(database_url: str) -> None:
    with connect(database_url) as connection:
        connection.execute("SET ROLE frenemies_owner")
        connection.execute("DELETE FROM log.texts")


def test_the_events_can_be_read_by_people(database: Database) -> None:
    with database.connection() as connection:
        assert connection.execute("SELECT position, stream, state FROM log.readable").fetchall() == [
            (1, "entity-a", "{}")
        ]
