"""Forgetting copies: names that were erased, in all tables of the index, also those of other versions and rebuilds."""

from __future__ import annotations

from psycopg.sql import SQL, Identifier

from service.db import Connection, Database
from service.sql import load_queries

_QUERIES = load_queries("projections")


def forget_erased(database: Database) -> int:
    """Takes erased names out of every table that has them, and gives how many there were.

    The live tables have none left once they have taken in the erasure. Those that a rebuild has replaced, or another
    version has made, take in nothing any more.
    """
    with database.transaction() as connection:
        schemas = connection.execute(_QUERIES["schemas_with_names"]).fetchall()
        return sum(_forgotten(connection, schema) for (schema,) in schemas)


def _forgotten(connection: Connection, schema: str) -> int:
    (count,) = connection.execute(SQL(_QUERIES["forget_names"]).format(schema=Identifier(schema))).fetchone() or (0,)
    return int(count)
