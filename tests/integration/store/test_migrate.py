"""The schema is made once, by whoever comes first."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from eventsourcing.persistence import StoredEvent

from service import migrate as migrating
from service.bootstrap import build, prepare, projections
from service.db import Database, connect
from service.embedded import EmbeddedServer
from service.errors import HistoryImmutable, MigrationError
from service.migrate import MigrationReport, migrate
from service.settings import DatabaseSettings, Settings
from service.sql import migrations
from service.store.postgres import PostgresStore
from tests.conftest import programs, url_of

EVENT = StoredEvent("entity-a", 1, "Noted.v1", b"{}")
RUN = "import sys; from service.migrate import migrate; print(len(migrate(sys.argv[1]).applied))"


@pytest.fixture
def server(data_folder: Path, start_server: Callable[..., EmbeddedServer], postgres_major: int) -> EmbeddedServer:
    """A server of its own, whose roles nobody else uses."""
    found = programs(postgres_major)
    if found is None:
        pytest.skip(f"PostgreSQL {postgres_major} is not installed")
    return start_server(data_folder, programs=found)


def as_user(url: str, user: str) -> str:
    return url.replace("//postgres@", f"//{user}@")


@pytest.mark.slow
def test_six_starts_at_once_migrate_once(empty_database_url: str) -> None:
    command = [sys.executable, "-c", RUN, empty_database_url]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(6)]
    said = [run.communicate() for run in runs]
    assert [run.returncode for run in runs] == [0] * 6, said
    assert sorted(int(out) > 0 for out, _ in said) == [False] * 5 + [True]


def test_a_second_migration_changes_nothing(database_url: str) -> None:
    with connect(database_url) as connection:
        before = connection.execute("SELECT epoch FROM log.epoch").fetchall()
    report = migrate(database_url)
    assert (report.applied, report.roles, report.reason) == ((), True, "")
    with connect(database_url) as connection:
        assert connection.execute("SELECT epoch FROM log.epoch").fetchall() == before


def test_each_database_has_an_epoch_of_its_own(empty_database_url: str, database_url: str) -> None:
    migrate(empty_database_url)
    epochs = set()
    for url in (empty_database_url, database_url):
        with Database(DatabaseSettings(url)) as database:
            epochs.add(PostgresStore(database).epoch())
    assert len(epochs) == 2


def test_a_changed_file_is_noticed(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    edited = [(name, f"{text} ") for name, text in migrations()]
    monkeypatch.setattr(migrating, "migrations", lambda: edited)
    with pytest.raises(MigrationError, match=r"0001_log\.sql is not the file"):
        migrate(database_url)


def test_a_newer_database_is_refused(database_url: str) -> None:
    with connect(database_url) as connection:
        connection.execute("INSERT INTO log.migrations (name, sha256) VALUES ('9999_future.sql', '')")
    with pytest.raises(MigrationError, match="9999_future"):
        migrate(database_url)


def test_a_database_in_another_encoding_is_refused(empty_database_url: str) -> None:
    with connect(empty_database_url) as connection:
        connection.execute("DROP DATABASE IF EXISTS latin")
        connection.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'")
        name = connection.info.dbname
    with pytest.raises(MigrationError, match="LATIN1"):
        migrate(empty_database_url.replace(name, "latin"))


def test_a_migration_that_fails_leaves_nothing(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        migrating, "migrations", lambda: [("0001.sql", "CREATE TABLE log.x ()"), ("0002.sql", "SELECT 1/0")]
    )
    with pytest.raises(Exception, match="division by zero"):
        migrate(empty_database_url)
    with connect(empty_database_url) as connection:
        assert connection.execute("SELECT to_regnamespace('log')").fetchone() == (None,)


def test_without_the_right_to_make_roles_the_triggers_hold(empty_database_url: str) -> None:
    with connect(empty_database_url) as connection:
        connection.execute("DO $$ BEGIN CREATE ROLE plain LOGIN; EXCEPTION WHEN duplicate_object THEN END $$")
        connection.execute(f"GRANT CREATE ON DATABASE {connection.info.dbname} TO plain")
    url = as_user(empty_database_url, "plain")
    report = migrate(url)
    assert (report.roles, bool(report.reason)) == (False, True)
    assert migrate(url).applied == ()
    with Database(DatabaseSettings(url)) as database:
        store = PostgresStore(database)
        assert store.append([EVENT]).first_position == 1
        assert database.role_missing
        with pytest.raises(HistoryImmutable), database.connection() as owner:
            owner.execute("DELETE FROM log.events")


def test_rights_that_cannot_be_given_to_roles_that_are_taken_undo_the_migration(
    server: EmbeddedServer,
) -> None:
    """As when an older version set the roles up, and a newer one needs a right that only the owner can give."""
    with connect(server.url) as connection:
        connection.execute("CREATE ROLE migrator LOGIN CREATEROLE")
        connection.execute("CREATE DATABASE timeline")
        connection.execute("GRANT CREATE ON DATABASE timeline TO migrator")
        connection.execute("CREATE ROLE frenemies_api")
        connection.execute("GRANT frenemies_api TO migrator")
    url = as_user(url_of(server.url, "timeline"), "migrator")
    with pytest.raises(MigrationError, match="as the owner of the database"):
        migrate(url)
    with connect(url_of(server.url, "timeline")) as connection:
        assert connection.execute("SELECT to_regnamespace('log')").fetchone() == (None,)


def test_roles_that_come_later_take_over_what_was_made_without_them(
    server: EmbeddedServer,
) -> None:
    with connect(server.url) as connection:
        connection.execute("CREATE ROLE plain LOGIN")
        connection.execute("CREATE DATABASE timeline OWNER plain")
    url = as_user(url_of(server.url, "timeline"), "plain")
    assert not prepare(Settings(), url).roles
    with connect(server.url) as connection:
        connection.execute("ALTER ROLE plain CREATEROLE")
    assert prepare(Settings(), url).roles
    with projections(Settings(), url) as projectors:
        assert projectors.position() == 0
    services = build(Settings(), url)
    assert services.timeline.readiness().ready
    services.close()


def test_a_migrator_who_is_no_superuser_sets_up_the_roles_for_the_service(
    server: EmbeddedServer,
) -> None:
    with connect(server.url) as connection:
        connection.execute("CREATE ROLE migrator LOGIN CREATEROLE")
        connection.execute("CREATE ROLE service LOGIN")
        connection.execute("CREATE DATABASE timeline OWNER migrator")
    migrate_url, service_url = (as_user(url_of(server.url, "timeline"), user) for user in ("migrator", "service"))
    assert migrate(migrate_url, service_url).reason == ""
    assert migrate(migrate_url, service_url).roles
    with Database(DatabaseSettings(service_url)) as database:
        assert PostgresStore(database).append([EVENT]).first_position == 1
        assert not database.role_missing
    assert migrate(service_url) == MigrationReport((), roles=True)
    with connect(url_of(server.url, "timeline")) as connection:
        owners = connection.execute(
            "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class"
            " WHERE relnamespace = 'log'::regnamespace AND relkind IN ('r', 'v')"
        ).fetchall()
        connection.execute("DELETE FROM log.migrations WHERE name LIKE '0013%'")
    assert owners == [("frenemies_owner",)]
    with pytest.raises(MigrationError, match="lacks 0013.*set MIGRATE_URL"):
        migrate(service_url)
