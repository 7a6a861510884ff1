"""Having the server let go of what was erased: rows that nobody sees any more, and what it keeps to plan queries."""

from __future__ import annotations

from psycopg.rows import tuple_row

from service.db import connect
from service.failures import translated
from service.sql import load_queries

_QUERIES = load_queries("erasing")


def tidy(url: str) -> list[str]:
    """Vacuums and analyses the tables that held it; gives the names of those that this login has no right to.

    It waits for nobody to see the rows any more only as far as the server does: a transaction that is still open keeps
    them, and the next one tidies up.
    """
    with connect(url, name="frenemies-erase") as connection, translated():
        cursor = connection.cursor(row_factory=tuple_row)
        tables = cursor.execute(_QUERIES["tables_with_copies"]).fetchall()
        for name, is_ours in tables:
            if is_ours:
                connection.execute(f"VACUUM (ANALYZE) {name}".encode())
        return [name for name, is_ours in tables if not is_ours]
