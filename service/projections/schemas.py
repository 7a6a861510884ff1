"""The schemas that hold projections: made, swapped and dropped. Nobody waits for a swap, nobody sees half of one."""

from __future__ import annotations

from psycopg.sql import SQL, Identifier

from service.db import Connection, Database
from service.errors import DeadlineExceeded
from service.projections.projection import Projection, schema_of
from service.sql import load_queries

NEXT, OLD = "_next", "_old"
RANGE = 5_000
_QUERIES = load_queries("projections")


def statements_of(text: str) -> list[str]:
    """The statements of a text, without comments; a semicolon ends a line and a statement."""
    return [statement for part in text.split(";\n") if (statement := part.strip().rstrip(";"))]


def install(database: Database, projection: Projection) -> None:
    """Makes the schema of the database with empty tables of the projection, unless it is there."""
    with database.transaction() as connection:
        connection.execute(_QUERIES["work"], {"schema": database.schema})
        if not _exists(connection, database.schema):
            _create(connection, database.schema, projection, position=0)
            for statement in statements_of(projection.indexes):
                connection.execute(statement)


def create_next(database: Database, projection: Projection, position: int) -> None:
    """Makes the schema of the database with tables to be loaded up to a position of the log.

    In a projection that handles the log in order nothing is loaded.
    """
    with database.transaction() as connection:
        _create(connection, database.schema, projection, 0 if projection.in_order else position)
        connection.execute(_QUERIES["load_tables"])
        connection.execute(_QUERIES["plan_ranges"], {"size": RANGE})


def is_there(database: Database, schema: str) -> bool:
    """Whether there is such a schema."""
    with database.connection() as connection:
        return _exists(connection, schema)


def drop(database: Database, schema: str) -> bool:
    """Drops a schema once no statement uses it; False when one does for longer than the lock timeout."""
    try:
        with database.connection() as connection:
            drop_on(connection, schema)
    except DeadlineExceeded:
        return False
    return True


def drop_on(connection: Connection, schema: str) -> None:
    """Drops a schema. DeadlineExceeded where a statement uses it for longer than the lock timeout."""
    connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(schema)))


def drop_unused(database: Database, projection: Projection) -> list[str]:
    """Drops what an earlier rebuild has replaced, and versions gone out of service; gives their names."""
    prefix = f"read_{projection.name}_"
    with database.connection() as connection:
        rows = connection.execute(_QUERIES["schemas_like"], {"prefix": prefix}).fetchall()
        unused = [
            schema for (schema,) in rows if _is_unused(connection, schema.removeprefix(prefix), projection, schema)
        ]
    return [schema for schema in unused if drop(database, schema)]


def swap(connection: Connection, schema: str) -> None:
    """Puts the next schema into the place of the live one, which becomes the old one. The caller owns the transaction.

    A renamed namespace makes every connection plan its prepared statements anew.
    """
    for of, to in ((schema, schema + OLD), (schema + NEXT, schema)):
        if _exists(connection, of):
            connection.execute(SQL("ALTER SCHEMA {} RENAME TO {}").format(Identifier(of), Identifier(to)))


def is_ahead(connection: Connection, schema: str) -> bool:
    """Whether the next tables have taken in as much as the live ones."""
    query = SQL("SELECT n.position >= l.position FROM {}.checkpoint n, {}.checkpoint l")
    row = connection.execute(query.format(Identifier(schema + NEXT), Identifier(schema))).fetchone()
    return row == (True,)


def finish_next(connection: Connection, schema: str) -> None:
    """Makes of loaded tables such as readers use, and carries over since when streams are held back."""
    following, live = Identifier(schema + NEXT), Identifier(schema)
    connection.execute(SQL("DROP TABLE {0}.load_ranges, {0}.load_later").format(following))
    connection.execute(SQL("UPDATE {}.checkpoint SET built_at = clock_timestamp()").format(following))
    if _exists(connection, schema):
        query = SQL(
            "UPDATE {}.parked n SET parked_at = l.parked_at FROM {}.parked l"
            " WHERE l.stream = n.stream AND l.position = n.position"
        )
        connection.execute(query.format(following, live))


def _create(connection: Connection, schema: str, projection: Projection, position: int) -> None:
    connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(schema)))
    for text in (_QUERIES["tables"], projection.tables):
        connection.execute(text)
    connection.execute(_QUERIES["begin"], {"position": position})
    connection.execute(_QUERIES["share"])


def _exists(connection: Connection, schema: str) -> bool:
    return connection.execute(_QUERIES["exists"], {"schema": schema}).fetchone() == (True,)


def _is_unused(connection: Connection, rest: str, projection: Projection, schema: str) -> bool:
    """Whether it is the old one of this version, or of an older version that has no runner while this one has."""
    own = schema_of(projection)
    if schema == own + OLD:
        return True
    version = rest.split("_")[0]
    is_older = version.isdecimal() and int(version) < projection.version
    return is_older and _is_led(connection, own) and not _is_led(connection, f"read_{projection.name}_{version}")


def _is_led(connection: Connection, schema: str) -> bool:
    return connection.execute(_QUERIES["is_led"], {"schema": schema}).fetchone() == (True,)
