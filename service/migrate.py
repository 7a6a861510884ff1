"""Brings a database to the schema of this version: in one transaction, under a lock, as often as one likes."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from service.db import API_ROLE, OWNER_ROLE, PROJECTOR_ROLE, TAKEN_ROLES, Connection, connect, user_of
from service.errors import MigrationError, SchemaMissing
from service.failures import translated
from service.sql import load_queries, migrations

OLDEST_SERVER = 15

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """What a migration did. Without `roles` only the triggers keep the log from being changed; `reason` says why."""

    applied: tuple[str, ...]
    roles: bool
    reason: str = ""


def migrate(url: str, service_url: str | None = None) -> MigrationReport:
    """Applies what is missing, and gives the service's login (that of `service_url`) the roles that it takes.

    MigrationError when an applied file was changed since, when the database is newer than this version, and when the
    server is too old or the database not in UTF-8. A login that may not change the schema finds it as it should be, or
    gets one, too.
    """
    user = user_of(service_url or url)
    with _suitable(url) as connection:
        if connection.execute(_query("may_migrate")).fetchone() != (True,):
            return _found(connection, user)
        _run(connection, "lock")
        newly = apply_missing(connection)
        refusal = set_up_roles(connection, user)
    return MigrationReport(newly, roles=not refusal, reason=refusal)


@contextmanager
def migrating(url: str) -> Iterator[Connection]:
    """A connection that nobody else migrates beside, in a transaction for the time of the block."""
    with _suitable(url) as connection:
        _run(connection, "lock")
        yield connection


def apply_missing(connection: Connection, among: Collection[str] | None = None) -> tuple[str, ...]:
    """Applies what is missing, in its order: all there is, or those named."""
    _run(connection, "prepare")
    missing = {name: kept for name, kept in _missing(connection).items() if among is None or name in among}
    for name, (text, digest) in missing.items():
        connection.execute(text)
        connection.execute(_query("mark"), {"name": name, "sha256": digest})
    return tuple(missing)


def applied(connection: Connection) -> dict[str, str]:
    """What was applied, each with the hash of its file. MigrationError for what this version does not know so."""
    found: dict[str, str] = dict(connection.execute(_query("applied")).fetchall())
    demand_known(found)
    return found


def demand_known(found: Mapping[str, str]) -> None:
    """MigrationError for one that this version does not have, or has otherwise."""
    known = _known()
    for name, digest in found.items():
        if name not in known:
            raise MigrationError(f"It holds {name}, which a newer version applied.")
        if known[name][1] != digest:
            raise MigrationError(f"{name} is not the file that was applied.")


def demand_prepared(url: str, called: str | None = None) -> None:
    """SchemaMissing where nobody ever prepared this database; it says `called`, else name and server."""
    with connect(url, name="frenemies-look") as connection, translated():
        if connection.execute(_query("is_prepared")).fetchone() != (True,):
            about = connection.info
            named = called or f"{about.dbname} at {about.host}, port {about.port}"
            raise SchemaMissing(f"It is {named}, and is not prepared: run `frenemies migrate` or `frenemies serve`.")


@contextmanager
def _suitable(url: str) -> Iterator[Connection]:
    with connect(url, name="frenemies-migrate") as connection, translated(), connection.transaction():
        _demand_suitable(connection)
        yield connection


def _demand_suitable(connection: Connection) -> None:
    if connection.info.server_version < OLDEST_SERVER * 10_000:
        raise MigrationError(f"PostgreSQL {OLDEST_SERVER} or newer is needed.")
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise MigrationError(f"Its encoding is {encoding}, and has to be UTF8.")


def _found(connection: Connection, service_user: str | None) -> MigrationReport:
    missing = _missing(connection)
    if missing:
        raise MigrationError(f"It lacks {next(iter(missing))}, and this login may not apply it: set MIGRATE_URL.")
    takes_roles = _takes_roles(connection, service_user)
    return MigrationReport((), roles=takes_roles, reason="" if takes_roles else "this login may not set them up")


def _missing(connection: Connection) -> dict[str, tuple[str, str]]:
    """The migrations that were not applied, in their order, with text and hash."""
    there = applied(connection)
    return {name: kept for name, kept in _known().items() if name not in there}


def _known() -> dict[str, tuple[str, str]]:
    """Text and hash of each migration, in the order to apply them."""
    return {name: (text, hashlib.sha256(text.encode()).hexdigest()) for name, text in migrations()}


def set_up_roles(connection: Connection, service_user: str | None) -> str:
    """Gives the service's login its roles; why that could not be done, empty when it was.

    MigrationError where the service takes the roles all the same: without these rights it could do nothing with them.
    """
    refusal = _set_up_roles(connection, service_user)
    if refusal:
        _log.warning("roles are not set up (%s): only the triggers keep the log from being changed", refusal)
    return refusal


def _set_up_roles(connection: Connection, service_user: str | None) -> str:
    try:
        with connection.transaction():
            _run(connection, "create_roles")
            _join_roles(connection, service_user)
            _run(connection, "own")
            _run(connection, "grant")
            _run(connection, "own_views")
    except psycopg.errors.InsufficientPrivilege as error:
        reason = str(error.diag.message_primary)
        if _takes_roles(connection, service_user):
            raise MigrationError(
                f"The roles cannot be given their rights ({reason}): migrate as the owner of the database."
            ) from error
        return reason
    return ""


def _takes_roles(connection: Connection, service_user: str | None) -> bool:
    """Whether the roles are there and the service may take them."""
    row = connection.execute(_query("login")).fetchone()
    user = service_user or (row[0] if row else "")
    return connection.execute(_query("is_member"), {"user": user, "role": API_ROLE}).fetchone() == (True,)


def _join_roles(connection: Connection, service_user: str | None) -> None:
    """Lets the migrating login own things for the roles, and the service take its own; superusers need neither."""
    row = connection.execute(_query("login")).fetchone()
    if row is None:
        raise MigrationError("The login has no row in pg_roles.")
    login, is_superuser = row
    if not is_superuser:
        for role in (OWNER_ROLE, PROJECTOR_ROLE):
            _join(connection, role, login)
    for role in TAKEN_ROLES:
        _join(connection, role, service_user or login)


def _join(connection: Connection, role: str, user: str) -> None:
    if connection.execute(_query("is_member"), {"user": user, "role": role}).fetchone() != (True,):
        connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(user)))


def _query(name: str) -> str:
    return load_queries("migrate")[name]


def _run(connection: Connection, name: str) -> None:
    connection.execute(_query(name))
