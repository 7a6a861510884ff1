"""What ours asks its database for a page of relations: the beliefs at a position, as they are stored."""

from __future__ import annotations

from typing import Any

import psycopg

from benchmarks.contestants.task import perform
from benchmarks.load import callers
from benchmarks.questions import LIMIT, Question, load
from events.matters import RANKS, RELATION
from service.projections.beliefs import FIRST
from service.projections.projection import schema_of
from service.projections.schemas import statements_of
from service.projections.states import STATES
from service.sql import load_queries

LISTED = load_queries("beliefs")["listed"]
MATTER = "CASE WHEN n = 0 THEN matter ELSE md5(n || matter::text)::uuid END"
ENTITY = "entity || CASE WHEN n = 0 THEN '' ELSE '-copy-' || n END"
COPIED = {"beliefs": f"{MATTER}, since, kind, body", "places": f"{ENTITY}, rank, name, {MATTER}, kind, since"}
"""The tables that are asked, with their columns in a copy; names as `benchmarks.questions.copy_name` gives them."""


class Kept:
    """The beliefs in a database, over one connection."""

    def __init__(self, url: str) -> None:
        connection = psycopg.connect(url, autocommit=True, options=f"-c search_path={schema_of(STATES)}")
        self._cursor = connection.cursor(binary=True)

    def rows(self, question: Question) -> list[bytes]:
        """The beliefs about at most as many relations as an answer has, whatever they say of the day."""
        asked = {
            "entity": question.entity, "rank": FIRST.rank, "name": FIRST.name, "ranks": [RANKS[RELATION]],
            "position": question.position, "limit": LIMIT,
        }  # fmt: skip
        return [body for *_, body in self._cursor.execute(LISTED, asked, prepare=True).fetchall()]


def as_of(url: str, asked: str, kind: str, seconds: float, warm_up: float) -> dict[str, Any]:
    """One question after the other."""
    wanted = load(asked, kind)

    def start(_: int) -> Any:
        kept = Kept(url)
        return lambda index: kept.rows(wanted[index % len(wanted)])

    return callers(1, seconds, warm_up, start)


def multiply(url: str, copies: int) -> None:
    """Puts copies of the beliefs and their places beside them, in the order in which a log would have brought them."""
    with psycopg.connect(url, autocommit=True, options=f"-c search_path={schema_of(STATES)}") as connection:
        for table, columns in COPIED.items():
            connection.execute(f"ALTER TABLE {table} RENAME TO original")
            connection.execute(f"CREATE TABLE {table} (LIKE original)")
            copied = (
                f"SELECT {columns} FROM original CROSS JOIN generate_series(0, {copies - 1}) AS n ORDER BY since, n"  # noqa: S608
            )
            connection.execute(f"INSERT INTO {table} {copied}")
            connection.execute("DROP TABLE original")
        for statement in statements_of(STATES.indexes):
            connection.execute(statement)


if __name__ == "__main__":
    perform({"as_of": as_of, "multiply": multiply})
