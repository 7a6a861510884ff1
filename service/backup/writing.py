"""Making a backup: one moment of the database, written from its beginning to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO

from psycopg.sql import SQL, Composed, Identifier

from service.backup.archive import FORMAT, ArchiveWriter, Manifest, Part
from service.backup.auditing import demand_whole
from service.backup.tables import BACKED_UP, SCHEMAS
from service.db import Connection, Session, connect
from service.failures import translated
from service.migrate import applied
from service.sql import load_queries
from service.tree.notes import VerifierKey
from service.tree.reading import TreeReader

Tell = Callable[[str, int, int], None]
"""Hears what is being done, how much of it is done, and of how much (0 where nobody knows)."""
QUERIES = load_queries("backup")
COPY_OUT = SQL("COPY {} ({}) TO STDOUT (FORMAT binary)")
_READ_ONLY = load_queries("projections")["read_only"]
_SOME = 5_000


class Backup:
    """The backup of one moment. Writers go on meanwhile, and are not in it."""

    def __init__(self, connection: Connection) -> None:
        """The connection is in a transaction that sees one moment. MigrationError for a database of a newer version."""
        self._connection = connection
        self._migrations = applied(connection)
        self._reader = TreeReader(Session(connection))
        self._columns: Mapping[str, list[str]] = dict(
            connection.execute(QUERIES["columns"], {"schemas": list(SCHEMAS)}).fetchall()
        )

    def verify(self, tell: Tell) -> None:
        """LogDamaged where the log is not that of its tree and of its checkpoints."""
        keys = [VerifierKey.parse(key) for key, _ in self._reader.verifier_keys()]
        demand_whole(self._reader, keys, None, tell)

    def write(self, file: IO[bytes], version: str, tell: Tell) -> Manifest:
        """Writes everything that cannot be made again, and says what was written. Memory does not depend on its size.

        `version` is that of the service.
        """
        epoch, position, made_at = self._connection.execute(QUERIES["about"]).fetchall()[0]
        newest = self._reader.newest_checkpoint()

        def manifest(parts: list[Part]) -> Manifest:
            note = newest.note if newest else None
            return Manifest(FORMAT, made_at, version, self._migrations, epoch, position, note, parts)

        with ArchiveWriter(file) as archive:
            for table in BACKED_UP:
                if table in self._columns:
                    self._write_part(archive, table, position if table == "log.events" else 0, tell)
            return archive.finish(manifest)

    def _write_part(self, archive: ArchiveWriter, table: str, total: int, tell: Tell) -> None:
        columns = self._columns[table]
        tell(table, 0, total)
        with archive.part(table, columns) as part, self._connection.cursor() as cursor:
            with cursor.copy(about(COPY_OUT, table, columns)) as rows:
                for number, row in enumerate(rows):
                    part.write(row)
                    if number % _SOME == 0:
                        tell(table, number, total)
            part.rows = cursor.rowcount


@contextmanager
def backup_of(url: str) -> Iterator[Backup]:
    """The backup of this moment, for the time of the block."""
    with connect(url, name="frenemies-backup") as connection, translated(), connection.transaction():
        connection.execute(_READ_ONLY)
        connection.execute(QUERIES["patient"])
        yield Backup(connection)


def about(statement: SQL, table: str, columns: list[str]) -> Composed:
    """A statement about columns of a table."""
    return statement.format(Identifier(*table.split(".")), SQL(", ").join(map(Identifier, columns)))
