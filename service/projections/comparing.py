"""Comparing tables: those of two schemas with each other, and some rows with a fold of the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from heapq import merge
from itertools import groupby, islice

from psycopg.sql import SQL, Composed, Identifier

from service.db import Connection, Database
from service.failures import translated
from service.projections.projection import Difference, History, Projection
from service.projections.projector import is_poison
from service.sql import load_queries
from service.store.protocol import EventStore, StoredRecord

MOST_NAMED = 20
SAMPLE = 500
_PAGE = 10_000
_QUERIES = load_queries("projections")
_EVERY_ROW = SQL("SELECT t::text FROM {}.{} t")
_HELD_BACK = SQL("SELECT (stream, position, event_type)::text FROM {}.{} t")


class Comparison:
    """One moment of the tables of a schema, for as long as the block of `moment` lasts."""

    def __init__(self, connection: Connection, schema: str, behind: Sequence[str]) -> None:
        self._connection = connection
        self._path = (schema, *behind)
        self.schema = schema
        row = connection.execute(SQL("SELECT position FROM {}.checkpoint").format(Identifier(schema))).fetchone()
        self.position = int(row[0]) if row else 0

    def tables(self) -> list[str]:
        """The tables that the projection fills, and the one of what it holds back."""
        rows = self._connection.execute(_QUERIES["tables_of"], {"schema": self.schema}).fetchall()
        return [str(table) for (table,) in rows] + ["parked"]

    def digest(self, table: str) -> tuple[int, int]:
        """How many rows a table has, and the sum of their hashes: two tables with the same rows have the same."""
        query = SQL("SELECT count(*), coalesce(sum(hashtextextended(row, 0)), 0) FROM ({}) AS rows (row)")
        found = self._connection.execute(query.format(self._rows(table))).fetchone()
        return (int(found[0]), int(found[1])) if found else (0, 0)

    def sorted_rows(self, table: str) -> Iterator[str]:
        """The rows of a table as text, in an order that does not depend on the schema."""
        query = SQL('SELECT row FROM ({}) AS rows (row) ORDER BY row COLLATE "C"').format(self._rows(table))
        with self._connection.cursor(name="sorted_rows") as cursor:
            cursor.itersize = _PAGE
            cursor.execute(query)
            for (row,) in cursor:
                yield str(row)

    def audit(self, projection: Projection, store: EventStore, streams: list[str]) -> list[Difference]:
        """Where the tables differ from the fold of some streams."""
        path = SQL(", ").join(map(Identifier, self._path))
        self._connection.execute(SQL("SET LOCAL search_path TO {}").format(path))
        row = self._connection.execute(_QUERIES["resume"], {"projection": projection.name}).fetchone()
        history = History(store, *(row[2:] if row else ()))
        held = self._connection.execute(_QUERIES["list_parked"]).fetchall()
        since = {stream: position for stream, position, *_ in held}
        found = history.streams(streams, self.position)
        counted = {stream: _before(records, since.get(stream)) for stream, records in found.items()}
        return self._audit(projection, counted, history)

    def sample(self, size: int) -> list[str]:
        """Streams, drawn by events."""
        query = self._connection.execute(_QUERIES["sample_streams"], {"until": self.position, "size": size})
        return [str(stream) for (stream,) in query]

    def _audit(
        self, projection: Projection, streams: dict[str, list[StoredRecord]], history: History
    ) -> list[Difference]:
        """Halves what cannot be folded as a whole, so that one stream does not hide what is wrong with the others."""
        try:
            with translated(), self._connection.transaction():
                return projection.audit(self._connection, streams, history)
        except Exception as error:
            if not is_poison(error):
                raise
            if len(streams) < 2:
                why = f"it is not held back and cannot be folded: {error!r}"
                return [Difference("log", stream, why) for stream in streams]
        items = list(streams.items())
        half = len(items) // 2
        return [
            *self._audit(projection, dict(items[:half]), history),
            *self._audit(projection, dict(items[half:]), history),
        ]

    def _rows(self, table: str) -> Composed:
        query = _HELD_BACK if table == "parked" else _EVERY_ROW
        return query.format(Identifier(self.schema), Identifier(table))


@contextmanager
def moment(database: Database, schema: str) -> Iterator[Comparison]:
    """The tables of a schema as they are now, whatever is written meanwhile; with those behind the database's.

    For as long as it lasts none of them is swapped.
    """
    with (
        database.connection() as connection,
        staying(connection, (schema, *database.behind)),
        connection.transaction(),
    ):
        connection.execute(_QUERIES["read_only"])
        yield Comparison(connection, schema, database.behind)


@contextmanager
def staying(connection: Connection, schemas: Sequence[str]) -> Iterator[None]:
    """Keeps schemas from being swapped. To be entered before the transaction: what that sees is settled by its first
    statement, and this one may wait.
    """
    try:
        for schema in schemas:
            connection.execute(_QUERIES["stay"], {"schema": schema})
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock_all()")


def differing_tables(one: Comparison, other: Comparison) -> list[str]:
    """The tables that do not hold the same rows; both sides are read at once."""
    tables = sorted({*one.tables(), *other.tables()})
    if one.tables() != other.tables():
        raise LookupError(f"{one.schema} and {other.schema} do not have the same tables")
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(lambda: [one.digest(table) for table in tables])
        second = pool.submit(lambda: [other.digest(table) for table in tables])
        pairs = zip(tables, first.result(), second.result(), strict=True)
        return [table for table, left, right in pairs if left != right]


def differences(one: Comparison, other: Comparison, table: str) -> list[Difference]:
    """The first rows of a table that only one of both has, by name of the schema that has it."""
    left = ((row, one.schema) for row in one.sorted_rows(table))
    right = ((row, other.schema) for row in other.sorted_rows(table))
    single = (
        Difference(table, row, f"only in {schemas[0]}")
        for row, grouped in groupby(merge(left, right), key=lambda item: item[0])
        if len(schemas := [schema for _, schema in grouped]) == 1
    )
    return list(islice(single, MOST_NAMED))


def _before(records: list[StoredRecord], position: int | None) -> list[StoredRecord]:
    return [record for record in records if position is None or record.position < position]
