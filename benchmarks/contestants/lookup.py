"""The cheapest lookup that returns as many rows of the same size: one table, read by its key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg

from benchmarks.contestants.task import perform
from benchmarks.load import callers, once
from benchmarks.questions import Question, load

TABLE = 'CREATE TABLE lookup (entity text COLLATE "C", n integer, body text NOT NULL, PRIMARY KEY (entity, n))'
ENTER = "COPY lookup (entity, n, body) FROM STDIN (FORMAT binary)"
READ = "SELECT body FROM lookup WHERE entity = %s::text ORDER BY n"
OTHERS, USUAL_SIZE = 10, 600
"""What is entered for everybody who is not asked for: so many rows of so many bytes."""


def fill(url: str, asked: str, companies: int) -> dict[str, Any]:
    """The rows of each question, as long as those of the answer of ours, among those of all others, in order."""
    rows = sorted([*_asked(load(asked)), *_others(companies)])

    def work() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(TABLE)
            with connection.cursor() as cursor, cursor.copy(ENTER) as copy:
                copy.set_types(["text", "int4", "text"])
                for entity, n, size in rows:
                    copy.write_row((entity, n, "x" * size))

    return once(len(rows), work)


def as_of(url: str, asked: str, kind: str, seconds: float, warm_up: float) -> dict[str, Any]:
    """One lookup after the other."""
    wanted = [_name(question) for question in load(asked, kind)]

    def start(_: int) -> Any:
        cursor = psycopg.connect(url, autocommit=True).cursor(binary=True)
        return lambda index: cursor.execute(READ, (wanted[index % len(wanted)],), prepare=True).fetchall()

    return callers(1, seconds, warm_up, start)


def _name(question: Question) -> str:
    return f"{question.entity}/{question.day}/{question.position}"


def _asked(questions: list[Question]) -> Iterator[tuple[str, int, int]]:
    answers = {_name(question): question.sizes for question in questions}
    for name, sizes in answers.items():
        yield from ((name, n, size) for n, size in enumerate(sizes))


def _others(companies: int) -> Iterator[tuple[str, int, int]]:
    for number in range(1, companies + 1):
        yield from ((f"company-{number}", n, USUAL_SIZE) for n in range(OTHERS))


if __name__ == "__main__":
    perform({"fill": fill, "as_of": as_of})
