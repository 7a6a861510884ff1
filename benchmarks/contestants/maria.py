"""MariaDB: one table with system versioning and an application-time period, which holds what relations are.

Each relation is entered under both of its ends, so that all that is asked for lies together in the primary key.
"""

from __future__ import annotations

import itertools
import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import _mysql_connector  # type: ignore[import-not-found]  # noqa: F401  # found by the next import only once it is loaded
from mysql.connector.connection_cext import CMySQLConnection  # type: ignore[import-not-found]

from benchmarks.contestants.task import perform
from benchmarks.load import callers, once
from benchmarks.periods import Row, rows
from benchmarks.questions import LIMIT, Question, Told, demand_same, load

TABLE = """
CREATE TABLE told (
    entity     varchar(64)   NOT NULL,
    relation   varchar(24)   NOT NULL,
    subject    varchar(64)   NOT NULL,
    object     varchar(64)   NOT NULL,
    valid_from date          NOT NULL,
    valid_to   date          NOT NULL,
    fact       varchar(1000) NOT NULL,
    row_start  timestamp(6)  GENERATED ALWAYS AS ROW START,
    row_end    timestamp(6)  GENERATED ALWAYS AS ROW END,
    PERIOD FOR SYSTEM_TIME (row_start, row_end),
    PERIOD FOR valid_time (valid_from, valid_to),
    PRIMARY KEY (entity, relation, subject, object, valid_time WITHOUT OVERLAPS)
) CHARACTER SET ascii COLLATE ascii_bin WITH SYSTEM VERSIONING
"""
COLUMNS = "entity, relation, subject, object, valid_from, valid_to, fact, row_start, row_end"
ENTER = f"LOAD DATA LOCAL INFILE %s INTO TABLE told FIELDS ESCAPED BY '' ({COLUMNS})"
READ = """
SELECT relation, subject, object, fact FROM told FOR SYSTEM_TIME AS OF TIMESTAMP %s
WHERE entity = %s AND valid_from <= %s AND valid_to > %s
ORDER BY relation, subject, object LIMIT %s
"""
BEGINNING = datetime(2020, 1, 1)  # noqa: DTZ001
ALWAYS = "2038-01-19 03:14:07.999999"
"""The end of what is still so."""
PART = 500_000


def fill(socket: str, database: str, told: str) -> dict[str, Any]:
    """All versions of all pieces, each from the instant of its position to that of the next, as history is loaded."""
    connection = _connect(socket, "")
    cursor = connection.cursor()
    cursor.execute(f"CREATE DATABASE {database}")
    cursor.execute(f"USE {database}")
    cursor.execute(TABLE)
    cursor.execute("SET system_versioning_insert_history = ON")
    lines = map(_line, rows(Path(told)))
    count = 0

    def work() -> None:
        nonlocal count
        with tempfile.TemporaryDirectory(dir=Path(told).parent) as folder:
            file = Path(folder) / "part.tsv"
            while part := list(itertools.islice(lines, PART)):
                file.write_text("".join(part), encoding="ascii")
                cursor.execute(ENTER, (str(file),))
                count += cursor.rowcount
        cursor.execute("ANALYZE TABLE told")
        cursor.fetchall()

    measured = once(1, work)
    return measured | {"count": count, "rate": count / measured["seconds"]}


def check(socket: str, database: str, asked: str) -> None:
    """ValueError unless each answer is that of ours."""
    connection = _connect(socket, database)  # a cursor alone does not keep it open
    cursor = connection.cursor(prepared=True)
    for question in load(asked):
        demand_same(question, _answer(cursor, _parameters(question)))


def as_of(socket: str, database: str, asked: str, kind: str, seconds: float, warm_up: float) -> dict[str, Any]:
    """One question after the other."""
    wanted = [_parameters(question) for question in load(asked, kind)]
    connection = _connect(socket, database)
    cursor = connection.cursor(prepared=True)
    return callers(1, seconds, warm_up, lambda _: lambda index: _answer(cursor, wanted[index % len(wanted)]))


def _answer(cursor: Any, parameters: tuple[Any, ...]) -> list[Told]:
    cursor.execute(READ, parameters)
    found: list[Told] = cursor.fetchall()
    return found


def _parameters(question: Question) -> tuple[Any, ...]:
    day = date.fromordinal(question.day).isoformat()
    return _instant(question.position), question.entity, day, day, LIMIT


def _line(row: Row) -> str:
    end = ALWAYS if row.until_position is None else _instant(row.until_position)
    days = (_date(row.since), _date(row.until))
    return "\t".join((row.entity, *row.key, *days, row.fact, _instant(row.position), end)) + "\n"


def _date(day: int) -> str:
    return date.fromordinal(min(max(day, 1), date.max.toordinal())).isoformat()


def _instant(position: int) -> str:
    """Each position has an instant of its own."""
    return (BEGINNING + timedelta(milliseconds=position)).isoformat(" ", "microseconds")


def _connect(socket: str, database: str) -> Any:
    connection = CMySQLConnection(
        unix_socket=socket, user="root", autocommit=True, allow_local_infile=True, collation="utf8mb4_general_ci",
        **({"database": database} if database else {}),
    )  # fmt: skip
    connection.time_zone = "+00:00"
    return connection


if __name__ == "__main__":
    perform({"fill": fill, "check": check, "as_of": as_of})
