"""A bare Flask route: one indexed query, and the bytes that it gives."""

from __future__ import annotations

import os
from typing import Any

import psycopg
from flask import Flask, Response, request
from psycopg_pool import ConnectionPool

from benchmarks.contestants.task import perform
from benchmarks.load import once
from benchmarks.questions import pages
from service.cores import keep_to_one_core

TABLE = 'CREATE TABLE answers (address text COLLATE "C" PRIMARY KEY, body bytea NOT NULL)'
ENTER = "INSERT INTO answers VALUES (%s, %b)"
READ = "SELECT body FROM answers WHERE address = %s::text"


def create_app(url: str, connections: int) -> Flask:
    """The application on its database."""
    app = Flask("bare")
    pool = ConnectionPool(url, min_size=1, max_size=connections, kwargs={"autocommit": True}, open=True)

    @app.get("/v1/entities/<id>/state")
    def read_state(id: str) -> Response:
        with pool.connection() as connection, connection.cursor(binary=True) as cursor:
            cursor.execute(READ, (f"{id}?{request.query_string.decode()}",), prepare=True)
            (body,) = cursor.fetchone() or (b"",)
        return Response(body, content_type="application/json")

    return app


def fill(url: str, answers: str) -> dict[str, Any]:
    """The answers of ours, by address."""
    found = pages(answers)

    def work() -> None:
        with psycopg.connect(url) as connection:
            connection.execute(TABLE)
            rows = [(address.removeprefix("/v1/entities/").replace("/state?", "?"), body) for address, body in found]
            connection.cursor().executemany(ENTER, rows)

    return once(len(found), work)


def serve() -> Flask:
    """What gunicorn calls in its worker: kept to one core at a time, as the workers of ours are."""
    keep_to_one_core()
    return create_app(os.environ["DATABASE_URL"], int(os.environ["FRENEMIES_POOL_SIZE"]))


if __name__ == "__main__":
    perform({"fill": fill})
