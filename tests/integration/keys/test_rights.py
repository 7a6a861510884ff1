"""Which login and which role may do what with keys; and that the table keeps what it is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from events.errors import Invalid, Unknown
from service.bootstrap import has_keys, key_issuer
from service.db import (
    API_ROLE,
    FOLLOWER_ROLE,
    KEEPER_ROLE,
    PROJECTOR_ROLE,
    SENDER_ROLE,
    Database,
    connect,
)
from service.errors import AppendRefused, NotPermitted
from service.keys.keyring import Keyring
from service.keys.scopes import ADMIN, FEED_READ, STATE_READ
from service.keys.table import KeyTable
from service.keys.text import digest_of
from service.settings import DatabaseSettings, Settings
from tests.keyed import issued, issuing, revoke

CHANGES = (
    "INSERT INTO access.keys (id, digest, name, scopes) VALUES ('aaaaaaaaaa', sha256('x'), 'x', '{admin}')",
    "UPDATE access.keys SET scopes = '{admin}'",
    "UPDATE access.keys SET digest = sha256('x')",
    "UPDATE access.keys SET expires_at = NULL",
    "UPDATE access.keys SET revoked_at = NULL",
    "DELETE FROM access.keys",
    "TRUNCATE access.keys",
)
ROLES = (API_ROLE, SENDER_ROLE, PROJECTOR_ROLE, KEEPER_ROLE, FOLLOWER_ROLE)


def run_as(url: str, role: str, statement: str) -> None:
    with Database(DatabaseSettings(url), role=role) as database, database.connection() as connection:
        connection.execute(statement.encode())


@pytest.mark.parametrize("role", ROLES)
def test_no_role_of_the_service_makes_keys_or_changes_what_they_allow(database_url: str, role: str) -> None:
    issued(database_url, STATE_READ)
    for statement in CHANGES:
        with pytest.raises(NotPermitted):
            run_as(database_url, role, statement)


def test_only_the_api_sees_what_keys_are_checked_by(database_url: str) -> None:
    issued(database_url, STATE_READ)
    run_as(database_url, API_ROLE, "SELECT digest FROM access.keys")
    run_as(database_url, API_ROLE, "UPDATE access.keys SET last_used_at = now()")
    run_as(database_url, SENDER_ROLE, "SELECT id, expires_at, revoked_at FROM access.keys")
    for role in ROLES[1:]:
        with pytest.raises(NotPermitted):
            run_as(database_url, role, "SELECT digest FROM access.keys")
    for role in ROLES[2:]:
        with pytest.raises(NotPermitted):
            run_as(database_url, role, "SELECT id FROM access.keys")


def test_the_login_of_the_service_makes_no_keys_where_another_one_migrates(database_url: str) -> None:
    with connect(database_url) as connection:
        connection.execute("DO $$ BEGIN CREATE ROLE served LOGIN; EXCEPTION WHEN duplicate_object THEN END $$")
        connection.execute("GRANT frenemies_api TO served")
    service_url = database_url.replace("//postgres@", "//served@")
    with pytest.raises(NotPermitted), issuing(service_url) as issuer:
        issuer.create("x", [ADMIN])
    with pytest.raises(NotPermitted), issuing(service_url) as issuer:
        issuer.revoke("aaaaaaaaaa")
    with key_issuer(Settings(migrate_url=database_url), service_url) as issuer:
        made = issuer.create("x", [ADMIN])
    with Database(DatabaseSettings(service_url)) as database:
        assert Keyring(None, KeyTable(database)).holder(made.secret.encode()).id == made.key.id


def test_what_is_kept_is_a_hash_and_nothing_else_of_the_secret(database_url: str) -> None:
    made = issued(database_url, STATE_READ)
    with connect(database_url) as connection:
        (row,) = connection.execute("SELECT keys::text, digest FROM access.keys").fetchall()
    assert row[1] == digest_of(made.secret.encode())
    assert made.secret[15:] not in row[0] and made.secret not in repr(made)


def test_a_key_is_listed_as_what_it_is_by_now(database_url: str) -> None:
    assert not has_keys(Settings(), database_url)
    late = datetime.now(UTC) - timedelta(seconds=1)
    with issuing(database_url) as issuer:
        first = issuer.create("  first ", [FEED_READ, STATE_READ, STATE_READ]).key
        issuer.create("second", [ADMIN], late)
        third = issuer.create("third", [ADMIN]).key
        ended = issuer.revoke(third.id)
        assert issuer.revoke(third.id).revoked_at == ended.revoked_at
        assert [(one.name, one.state) for one in issuer.some()] == [
            ("first", "active"), ("second", "expired"), ("third", "revoked"),
        ]  # fmt: skip
        assert first.scopes == [STATE_READ, FEED_READ]
        with pytest.raises(Unknown, match="aaaaaaaaaa"):
            issuer.revoke("aaaaaaaaaa")
    assert has_keys(Settings(), database_url)


def test_a_name_or_a_scope_that_is_none_is_refused(database_url: str) -> None:
    with issuing(database_url) as issuer:
        for name in ("", " ", "x" * 201, "a\nb", "a\x00b", "a\u202eb"):
            with pytest.raises(Invalid):
                issuer.create(name, [ADMIN])
        with pytest.raises(AppendRefused):
            issuer.create("x", ["nothing"])
        assert issuer.some() == []


def test_use_is_noted_in_the_table_once_a_minute(database_url: str) -> None:
    key = issued(database_url, STATE_READ)
    with Database(DatabaseSettings(database_url)) as database, issuing(database_url) as issuer:
        for _ in range(2):
            Keyring(None, KeyTable(database)).holder(key.secret.encode())
            noted = [one.last_used_at for one in issuer.some()]
            assert noted[0] is not None
        Keyring(None, KeyTable(database)).holder(key.secret.encode())
        assert [one.last_used_at for one in issuer.some()] == noted
        revoke(database_url, key)
        assert [one.last_used_at for one in issuer.some()] == noted
