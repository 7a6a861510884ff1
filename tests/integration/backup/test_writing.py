"""A backup holds everything that cannot be made again, of one moment."""

from __future__ import annotations

import io
import re
from threading import Event, Thread

import pytest

from service.backup.archive import Archive
from service.backup.errors import LogDamaged
from service.backup.tables import BACKED_UP, LEFT_OUT
from service.backup.writing import backup_of
from service.db import connect
from service.errors import MigrationError
from tests.integration.backup.conftest import fill, quiet, restored, rows, written
from tests.integration.following.conftest import Site, Sites

ALL_TABLES = (
    "SELECT table_schema || '.' || table_name FROM information_schema.tables"
    " WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
)


def test_every_table_is_backed_up_or_left_out_for_a_reason(database_url: str) -> None:
    with connect(database_url) as connection:
        found = [table for (table,) in connection.execute(ALL_TABLES)]
    lasting = [table for table in found if not re.match(r"read_[a-z]+_[0-9]+\.", table)]
    assert sorted(lasting) == sorted((*BACKED_UP, *LEFT_OUT))


def test_every_table_is_put_back_as_it_was(site: Site, empty_database_url: str) -> None:
    fill(site)
    before = rows(site.url)
    assert all(found for table, found in before.items() if table != "log.following")
    assert not restored(written(site.url), empty_database_url).is_same
    after = rows(empty_database_url)
    changed = {"log.epoch", "log.tree", "log.restores", "hooks.subscriptions"}
    assert {table for table in BACKED_UP if after[table] != before[table]} == changed
    assert set(before["log.restores"]) < set(after["log.restores"])


def test_writers_are_not_kept_waiting_and_are_not_in_it(site: Site, empty_database_url: str) -> None:
    begun, ended = Event(), Event()
    count = iter(range(1_000_000))

    def record() -> None:
        while not ended.is_set():
            site.record({"record": "entity", "id": f"new-{next(count)}", "kind": "company", "name": "New"})
            begun.set()

    writer = Thread(target=record)
    with backup_of(site.url) as backup:
        head = len(rows(site.url, "log.events")["log.events"])
        writer.start()
        assert begun.wait(10.0)
        file = io.BytesIO()
        try:
            made = backup.write(file, "1.0", quiet)
        finally:
            ended.set()
            writer.join()
    assert made.position == head
    assert restored(file.getvalue(), empty_database_url).position == head
    assert len(rows(site.url, "log.events", "log.keys")["log.events"]) > head
    assert len(rows(empty_database_url, "log.events")["log.events"]) == head


def test_a_damaged_log_is_not_backed_up_unseen(
    sites: Sites, sample_with_checkpoints: str, empty_database_url: str
) -> None:
    url = sites.new(sample_with_checkpoints).url
    with connect(url) as connection, connection.transaction():
        connection.execute("ALTER TABLE log.events DISABLE TRIGGER ALL")
        connection.execute("UPDATE log.events SET topic = topic || '!' WHERE position = 9")
    file = io.BytesIO()
    with backup_of(url) as backup:
        with pytest.raises(LogDamaged, match="Position 9"):
            backup.verify(quiet)
        backup.write(file, "1.0", quiet)
    # What nobody has looked at when it was written is looked at when it is put back.
    with pytest.raises(LogDamaged, match="Position 9"):
        restored(file.getvalue(), empty_database_url)


def test_a_database_of_a_newer_version_is_not_backed_up(database_url: str) -> None:
    with connect(database_url) as connection:
        connection.execute("INSERT INTO log.migrations (name, sha256) VALUES ('9999_future.sql', '')")
    with pytest.raises(MigrationError, match="9999_future"), backup_of(database_url):
        pass


def test_the_manifest_says_what_it_is_of(sample_backup: bytes, newest: str) -> None:
    manifest = Archive(io.BytesIO(sample_backup)).manifest
    assert manifest.checkpoint == newest
    assert list(manifest.migrations)[0] == "0001_log.sql"
    assert {part.table: part.rows for part in manifest.parts}["log.events"] == manifest.position
