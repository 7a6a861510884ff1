"""What can be done to the database of a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from service.db import Connection, connect

LOCK = "PERFORM pg_advisory_xact_lock(7310271027);"
HEAD = "before := coalesce(before, 0);"
LAST_STEP = "IF cardinality(request_keys) > 0 THEN\n        INSERT"
OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def run(url: str, *statements: str) -> None:
    """Has a superuser run statements."""
    with connect(url) as connection:
        for statement in statements:
            connection.execute(statement)


def rewrite(url: str, function: str, *changes: tuple[str, str]) -> None:
    """Puts another text in places of a function, in this test's database."""
    with connect(url) as connection:
        row = connection.execute("SELECT pg_get_functiondef(%s::regproc)", [function]).fetchone()
        assert row is not None
        text = row[0]
        for before, after in changes:
            assert text.count(before) == 1, before
            text = text.replace(before, after)
        connection.execute(text)


def unlocked(url: str, *changes: tuple[str, str]) -> None:
    """Appends take no lock."""
    rewrite(url, "log.append_all", (LOCK, ""), *changes)
    rewrite(url, "log.append", (LOCK, ""))


@contextmanager
def locked_log(url: str) -> Iterator[Connection]:
    """Somebody else holds the lock of the log."""
    with connect(url) as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(7310271027)")
        yield connection


def wait_for_waiters(connection: Connection, count: int) -> None:
    """Returns when that many backends of this database wait for an advisory lock."""
    for _ in range(5_000):
        row = connection.execute(f"SELECT count(*) {OTHERS} AND wait_event = 'advisory'").fetchone()
        if row == (count,):
            return
        connection.execute("SELECT pg_stat_clear_snapshot(), pg_sleep(0.001)")
    raise AssertionError("nobody waits")


def terminate_others(connection: Connection, which: str = "") -> int:
    """Ends the other sessions of this database, or `which` of them, and gives how many."""
    return len(connection.execute(f"SELECT pg_terminate_backend(pid, 5000) {OTHERS} {which}").fetchall())
