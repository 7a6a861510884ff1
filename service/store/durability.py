"""Whether a server keeps what it acknowledges when it crashes."""

from __future__ import annotations

from psycopg.rows import scalar_row

from service.db import connect
from service.failures import translated
from service.sql import load_queries

_QUERIES = load_queries("log")


def switched_off(url: str) -> list[str]:
    """The settings that have to be on for it, and are off for who connects there."""
    with connect(url) as connection, translated(), connection.cursor(row_factory=scalar_row) as cursor:
        found: list[str] = cursor.execute(_QUERIES["switched_off"]).fetchall()
        return found
