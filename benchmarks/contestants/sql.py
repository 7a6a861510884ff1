"""What speaks to PostgreSQL directly: message-db by its functions, and the plain INSERT that is the limit."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import psycopg

from benchmarks import samples
from benchmarks.contestants.task import perform
from benchmarks.load import callers, once

PAGE = 1_000
PREPARED = 2_000
TABLE = """
CREATE TABLE events (
    position    bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream      text        NOT NULL,
    version     integer     NOT NULL,
    topic       text        NOT NULL,
    state       bytea       NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (stream, version)
)
"""
INSERT = "INSERT INTO events (stream, version, topic, state) VALUES (%b, 1, 'Claimed', %b)"
WRITE = "SELECT write_message(%s::varchar, %s::varchar, 'Claimed'::varchar, %s::jsonb, NULL::jsonb, -1::bigint)"
FILL = """
SELECT count(write_message(gen_random_uuid()::varchar, ('claim-' || gen_random_uuid())::varchar, 'Claimed'::varchar,
    (%(prepared)s::jsonb[])[1 + number %% cardinality(%(prepared)s::jsonb[])], NULL::jsonb, -1::bigint))
FROM generate_series(%(first)s::integer, %(last)s::integer) AS number
"""
PART = 10_000
READ = "SELECT * FROM get_category_messages('claim'::varchar, %s::bigint, %s::bigint)"


def insert(url: str, count: int, seconds: float, warm_up: float) -> dict[str, Any]:
    """One INSERT per call and no more: no order, no check, no notification. Each caller has a connection."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLE)
    prepared = [_data(number).encode() for number in range(PREPARED)]

    def start(_: int) -> Callable[[int], object]:
        cursor = psycopg.connect(url, autocommit=True).cursor()
        return lambda index: cursor.execute(INSERT, (f"claim-{uuid4()}", prepared[index % PREPARED]), prepare=True)

    return callers(count, seconds, warm_up, start)


def write_message(url: str, count: int, seconds: float, warm_up: float) -> dict[str, Any]:
    """message-db: one message of a new stream per call, all in one category. Each caller has a connection."""
    prepared = [_data(number) for number in range(PREPARED)]

    def start(_: int) -> Callable[[int], object]:
        cursor = _message_store(url).cursor()
        return lambda index: cursor.execute(
            WRITE, (str(uuid4()), f"claim-{uuid4()}", prepared[index % PREPARED]), prepare=True
        )

    return callers(count, seconds, warm_up, start)


def fill_messages(url: str, claims: int) -> dict[str, Any]:
    """message-db: so many messages, written by its own function; after each part its plans are made anew."""
    with _message_store(url) as connection:
        prepared = [_data(number) for number in range(PREPARED)]

        def work() -> None:
            for first in range(1, claims + 1, PART):
                last = min(first + PART - 1, claims)
                connection.execute(FILL, {"prepared": prepared, "first": first, "last": last})
                connection.execute("ANALYZE messages")
                connection.execute("DISCARD PLANS")

        return once(claims, work)


def read_messages(url: str) -> dict[str, Any]:
    """message-db: a whole category in order, page by page, as text."""
    with _message_store(url) as connection:
        row = connection.execute("SELECT max(global_position) FROM messages").fetchone()
        head = int(row[0]) if row else 0

        def work() -> None:
            position = 1
            while position <= head:
                page = connection.execute(READ, (position, PAGE), prepare=True).fetchall()
                position = page[-1][4] + 1

        return once(head, work)


def _message_store(url: str) -> psycopg.Connection[Any]:
    return psycopg.connect(url, autocommit=True, options="-c search_path=message_store,public")


def _data(number: int) -> str:
    return json.dumps(samples.payload(number), separators=(",", ":"))


if __name__ == "__main__":
    perform(
        {
            "insert": insert,
            "write_message": write_message,
            "fill_messages": fill_messages,
            "read_messages": read_messages,
        }
    )
