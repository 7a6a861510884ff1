"""Every version of every relation, read from the beliefs in one go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, pairwise
from typing import NamedTuple
from uuid import UUID

from psycopg.rows import args_row

from events.beliefs import decode_belief
from events.effects import Key
from events.matters import RANKS
from events.versions import KINDS, Recorded, Version, key_of, versions
from service.db import Connection, Database
from service.errors import NotBuilt
from service.projections.comparing import staying
from service.sql import load_queries

_PAGE = 200
_QUERIES = load_queries("versions")
_READ_ONLY = load_queries("projections")["read_only"]


class Reached(NamedTuple):
    """The log at one moment, and how far the tables had taken it in; `recorded_at` is None for an empty log."""

    log_epoch: str
    log_head: int
    position: int
    recorded_at: datetime | None
    is_built: bool


class _Row(NamedTuple):
    matter: UUID
    kind: str
    since: int
    recorded_at: datetime
    body: bytes


class VersionReader:
    """The versions at one moment of the tables, up to the position that they have reached."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        with connection.cursor(row_factory=args_row(Reached)) as cursor:
            found = cursor.execute(_QUERIES["reached"]).fetchone()
        if found is None or not found.is_built:
            raise NotBuilt(f"It is at position {found.position if found else 0}.")
        self.reached = found

    def versions(self) -> Iterator[Version]:
        """All of them, those of a relation together and in the order of the log; a few at a time are in memory.

        While no claim that counts is about a relation it has no version.
        """
        with self._connection.cursor(name="versions", row_factory=args_row(_Row), binary=True) as cursor:
            cursor.itersize = _PAGE
            cursor.execute(_QUERIES["beliefs"], {"kinds": list(KINDS), "position": self.reached.position})
            for row, following in pairwise(chain[_Row | None](cursor, [None])):
                if row is not None:
                    goes_on = following is not None and following.matter == row.matter
                    yield from self._versions(row, following if goes_on else None)

    def _versions(self, row: _Row, following: _Row | None) -> Iterator[Version]:
        belief = decode_belief(row.kind, row.body)
        if not belief.entities:
            return
        key = self._key(row, belief.entities[0]) if belief.told is None else key_of(belief.told)
        until = None if following is None else Recorded(following.since, following.recorded_at)
        yield from versions(key, belief.told, Recorded(row.since, row.recorded_at), until)

    def _key(self, row: _Row, entity: str) -> Key:
        """The key of a relation whose belief is not kept; its name is made of it."""
        place = {"entity": entity, "rank": RANKS[row.kind], "matter": row.matter}
        found = self._connection.execute(_QUERIES["name_of"], place).fetchone()
        if found is None:
            raise LookupError(f"the matter {row.matter} is not listed under {entity!r}")
        relation, subject, other = str(found[0]).split(" ")
        return relation, subject, other


@contextmanager
def reading(database: Database) -> Iterator[VersionReader]:
    """A reader for the time of the block; the tables of the database are not swapped meanwhile."""
    with database.connection() as connection, staying(connection, (database.schema,)), connection.transaction():
        connection.execute(_READ_ONLY)
        yield VersionReader(connection)
