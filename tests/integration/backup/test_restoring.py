"""A backup is put back as a whole into an empty database, or not at all."""

from __future__ import annotations

import io
import zipfile

import msgspec
import pytest

from service.backup.archive import MANIFEST, Archive
from service.backup.errors import BackupDamaged, NotEmpty
from service.backup.identity import Proof
from service.backup.restoring import put_back
from service.bootstrap import prepare
from service.db import connect
from service.errors import MigrationError
from service.settings import Settings
from tests.conftest import Servers
from tests.integration.backup.conftest import ME, OTHER, fill, keep_tree, quiet, restored, rows, written
from tests.integration.following.conftest import Site


def schemas(url: str) -> list[str]:
    """What is there of the service."""
    with connect(url) as connection:
        found = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information|public)'")
        return [name for (name,) in found]


def with_manifest(backup: bytes, **changes: object) -> bytes:
    """The backup with something else in its manifest."""
    whole, file = zipfile.ZipFile(io.BytesIO(backup)), io.BytesIO()
    with zipfile.ZipFile(file, "w") as other:
        for name in whole.namelist():
            content = whole.read(name)
            if name == MANIFEST:
                content = msgspec.json.encode(msgspec.json.decode(content) | changes)
            other.writestr(name, content)
    return file.getvalue()


class Interrupted(Exception):
    """Somebody has had enough."""


@pytest.mark.parametrize("where", ["log.epoch", "log.tiles", "hooks.deliveries", "analyzing", "verifying"])
def test_a_restore_that_breaks_off_leaves_an_empty_database(
    where: str, sample_backup: bytes, empty_database_url: str
) -> None:
    def tell(what: str, done: int, total: int) -> None:
        if what == where:
            raise Interrupted

    url = empty_database_url
    with pytest.raises(Interrupted):
        put_back(Archive(io.BytesIO(sample_backup)), url, url, Proof(), ME, tell)
    assert schemas(url) == []
    assert restored(sample_backup, url).audit.checkpoints == 2


@pytest.mark.parametrize("events", [True, False])
def test_only_an_empty_database_is_restored_into(
    events: bool, site: Site, database_url: str, sample_backup: bytes
) -> None:
    url = site.url if events else database_url
    before = rows(url)
    with pytest.raises(NotEmpty, match="a log of [1-9][0-9]* events" if events else "a log of 0 events"):
        restored(sample_backup, url)
    assert rows(url) == before


def test_what_others_have_in_a_database_is_not_in_the_way(sample_backup: bytes, empty_database_url: str) -> None:
    with connect(empty_database_url) as connection:
        connection.execute("CREATE TABLE notes (text text)")
    restored(sample_backup, empty_database_url)


def test_a_backup_of_a_newer_version_is_refused(sample_backup: bytes, empty_database_url: str) -> None:
    newer = Archive(io.BytesIO(sample_backup)).manifest.migrations | {"9999_future.sql": "0"}
    with pytest.raises(MigrationError, match="9999_future"):
        restored(with_manifest(sample_backup, migrations=newer), empty_database_url)
    assert schemas(empty_database_url) == []


@pytest.mark.parametrize(
    "changes",
    [{"position": 7}, {"epoch": "00000000-0000-4000-8000-000000000000"}, {"migrations": {}}],
    ids=["position", "epoch", "migrations"],
)
def test_a_manifest_that_tells_of_something_else_is_refused(
    changes: dict[str, object], sample_backup: bytes, empty_database_url: str
) -> None:
    with pytest.raises(BackupDamaged):
        restored(with_manifest(sample_backup, **changes), empty_database_url)
    assert schemas(empty_database_url) == []


def test_a_table_that_no_backup_has_is_refused(sample_backup: bytes, empty_database_url: str) -> None:
    parts = [
        msgspec.to_builtins(part) | ({"table": "public.notes"} if part.table == "log.keys" else {})
        for part in Archive(io.BytesIO(sample_backup)).manifest.parts
    ]
    with pytest.raises(BackupDamaged):
        restored(with_manifest(sample_backup, parts=parts), empty_database_url)
    assert schemas(empty_database_url) == []


def test_a_row_too_few_is_noticed(sample_backup: bytes, empty_database_url: str) -> None:
    parts = [
        msgspec.to_builtins(part) | ({"rows": part.rows + 1} if part.table == "log.keys" else {})
        for part in Archive(io.BytesIO(sample_backup)).manifest.parts
    ]
    with pytest.raises(BackupDamaged, match=r"log\.keys\.copy has"):
        restored(with_manifest(sample_backup, parts=parts), empty_database_url)


def test_what_the_database_numbers_goes_on_behind_it(site: Site, empty_database_url: str) -> None:
    fill(site)
    restored(written(site.url), empty_database_url)
    keep_tree(empty_database_url, OTHER)
    with connect(empty_database_url) as connection:
        act = connection.execute(
            "INSERT INTO projections.acts (done_by, act, projection, stream, position, event_type, reason, outcome)"
            " SELECT done_by, act, projection, stream, position, event_type, reason, outcome FROM projections.acts"
            " RETURNING id"
        ).fetchone()
        keys = connection.execute("SELECT number, key FROM log.checkpoint_keys ORDER BY number").fetchall()
    assert act == (2,)
    assert [key for _, key in keys][1] == str(OTHER.verifier)


def test_a_restored_service_is_backed_up_and_restored_in_turn(
    sample_backup: bytes, empty_database_url: str, servers: Servers
) -> None:
    first = restored(sample_backup, empty_database_url)
    second_url = servers.empty(18)
    try:
        second = restored(written(empty_database_url), second_url)
        told = rows(second_url, "log.restores")["log.restores"]
    finally:
        servers.drop(second_url)
    assert [row[-2:] for row in told] == [(first.from_epoch, first.epoch), (first.epoch, second.epoch)]


@pytest.mark.parametrize("postgres_major", [15])
def test_a_backup_goes_from_one_version_of_the_server_to_another(sample_backup: bytes, empty_database_url: str) -> None:
    settled = restored(sample_backup, empty_database_url)
    assert settled.audit.vouched == settled.position - 1


def test_a_login_without_all_rights_restores(sample_backup: bytes, empty_database_url: str) -> None:
    """It owns the database and may make roles, as an external server's operator has it."""
    with connect(empty_database_url) as connection:
        connection.execute("CREATE ROLE plain LOGIN CREATEROLE")
        (name,) = connection.execute("SELECT current_database()").fetchone() or ("",)
        connection.execute(f'ALTER DATABASE "{name}" OWNER TO plain'.encode())
    try:
        url = empty_database_url.replace("//postgres@", "//plain@")
        with pytest.raises(BackupDamaged):
            restored(sample_backup[:-9], url)
        settled = put_back(Archive(io.BytesIO(sample_backup)), url, url, Proof(), ME, quiet)
        assert settled.audit.checkpoints == 2
    finally:
        with connect(empty_database_url) as connection:
            connection.execute("REASSIGN OWNED BY plain TO postgres")
            connection.execute("DROP OWNED BY plain")
            connection.execute("DROP ROLE plain")


def test_preparing_again_changes_nothing(sample_backup: bytes, empty_database_url: str) -> None:
    restored(sample_backup, empty_database_url)
    before = rows(empty_database_url)
    assert prepare(Settings(), empty_database_url).applied == ()
    assert rows(empty_database_url) == before
