"""Putting a backup back into an empty database: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep

from psycopg.sql import SQL, Identifier

from service.backup.archive import Archive, Part
from service.backup.errors import BackupDamaged, InUse, NotEmpty
from service.backup.identity import Proof, Settled, settle
from service.backup.tables import BACKED_UP, BEGUN, SCHEMAS
from service.backup.writing import QUERIES, Tell, about
from service.db import Connection, user_of
from service.errors import AppendRefused, SchemaMissing
from service.failures import translated
from service.migrate import apply_missing, demand_known, migrating, set_up_roles

LEAVING_SECONDS = 3.0
"""How long a process that has ended may be seen by the server."""
_PAUSE = 0.1
_COPY_IN = SQL("COPY {} ({}) FROM STDIN (FORMAT binary)")
_NUMBER_ON = SQL(
    "SELECT setval(pg_get_serial_sequence({table}, {column}), coalesce(max({name}), 0) + 1, false) FROM {place}"
)


def put_back(archive: Archive, url: str, service_url: str, proof: Proof, by: str, tell: Tell) -> Settled:
    """Loads a backup into an empty database, in the schema that it was made of, and brings that to this version.

    Where anything fails the database is as empty as before. NotEmpty, BackupDamaged, LogDamaged or BadCheckpoint, with
    the reason; MigrationError for a backup of a newer version. The read tables are made when the service is prepared.
    """
    manifest = archive.manifest
    demand_known(manifest.migrations)
    with migrating(url) as connection:
        connection.execute(QUERIES["patient"])
        _demand_empty(connection)
        apply_missing(connection, manifest.migrations)
        load(connection, archive, tell)
        apply_missing(connection)
        tell("analyzing", 0, 0)
        _analyze(connection)
        settled = settle(connection, proof, by, manifest.made_at, tell)
        if (settled.from_epoch, settled.position) != (manifest.epoch, manifest.position):
            raise BackupDamaged("Its parts are not those that its manifest tells of.")
        set_up_roles(connection, user_of(service_url))
    return settled


def recovered(url: str, service_url: str, proof: Proof, by: str, tell: Tell) -> Settled:
    """Settles which log a prepared database holds that its server recovered by itself, to an earlier moment perhaps.

    InUse while the service runs on it. Where anything fails nothing is changed.
    """
    with migrating(url) as connection:
        connection.execute(QUERIES["patient"])
        _demand_unused(connection)
        apply_missing(connection)
        settled = settle(connection, proof, by, None, tell)
        set_up_roles(connection, user_of(service_url))
    return settled


def load(connection: Connection, archive: Archive, tell: Tell) -> None:
    """Loads every part into a database in the schema of the backup. BackupDamaged where one does not fit."""
    with _fitting():
        for part in _in_order(archive.manifest.parts):
            _load(connection, archive, part, tell)
    _number_on(connection)


def _demand_empty(connection: Connection) -> None:
    present = _present(connection)
    if present:
        count = connection.execute(QUERIES["head"]).fetchone() if "log" in present else None
        held = f"a log of {count[0]:,} events" if count else f"the schema {present[0]}"
        raise NotEmpty(f"This one holds {held}: take another one, or drop what is there.")


def _demand_unused(connection: Connection) -> None:
    """Waits for a moment: who has just ended may still be in the list."""
    deadline = monotonic() + LEAVING_SECONDS
    while users := _users(connection):
        if monotonic() > deadline:
            raise InUse(f"Connected: {', '.join(users)}.")
        sleep(_PAUSE)


def _users(connection: Connection) -> list[str]:
    connection.execute(QUERIES["look_anew"])
    return [name for (name,) in connection.execute(QUERIES["users"]).fetchall()]


def _present(connection: Connection) -> list[str]:
    found = connection.execute(QUERIES["present"], {"schemas": list(SCHEMAS)}).fetchall()
    return [schema for (schema,) in found]


def _in_order(parts: list[Part]) -> list[Part]:
    """BackupDamaged for a part of a table that no backup has."""
    strange = [part.table for part in parts if part.table not in BACKED_UP]
    if strange:
        raise BackupDamaged(f"No backup of this version holds {strange[0]}.")
    return sorted(parts, key=lambda part: BACKED_UP.index(part.table))


def _load(connection: Connection, archive: Archive, part: Part, tell: Tell) -> None:
    if part.table in BEGUN:
        connection.execute(SQL("DELETE FROM {}").format(Identifier(*part.table.split("."))))
    done = 0
    with connection.cursor() as cursor:
        with cursor.copy(about(_COPY_IN, part.table, part.columns)) as copy:
            for block in archive.blocks(part):
                copy.write(block)
                done += len(block)
                tell(part.table, done, part.bytes)
        if cursor.rowcount != part.rows:
            raise BackupDamaged(f"{part.file} has {cursor.rowcount} rows, its manifest tells of {part.rows}.")


def _number_on(connection: Connection) -> None:
    """Has what the database numbers go on behind what was loaded."""
    for table, column in connection.execute(QUERIES["identities"], {"tables": list(BACKED_UP)}).fetchall():
        place = Identifier(*table.split("."))
        connection.execute(_NUMBER_ON.format(table=table, column=column, name=Identifier(column), place=place))


def _analyze(connection: Connection) -> None:
    """Without it, the first readers would have the plans of empty tables."""
    for table in BACKED_UP:
        connection.execute(SQL("ANALYZE {}").format(Identifier(*table.split("."))))


@contextmanager
def _fitting() -> Iterator[None]:
    """What the database refuses of a part is no part of a backup."""
    try:
        with translated():
            yield
    except (AppendRefused, SchemaMissing) as error:
        raise BackupDamaged(error.detail) from error
