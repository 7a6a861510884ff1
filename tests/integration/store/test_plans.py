"""How the server finds events, also before it knows anything about the table."""

from __future__ import annotations

from typing import Any

import pytest

from service.db import connect
from service.sql import load_queries

FILL = """
    INSERT INTO log.events
    SELECT n, 'claim-' || gen_random_uuid(), 1, 'Noted.v1', convert_to(repeat('x', 700), 'UTF8'), now()
    FROM generate_series(1, 60000) AS n
"""
DEEP = """
    INSERT INTO log.events
    SELECT n, 'claim-7', n, 'ClaimCorrected.v1', convert_to('{"reason":"because of ' || n || '"}', 'UTF8'), now()
    FROM generate_series(1, 60000) AS n
"""
NO_END = 2**63 - 1


@pytest.mark.parametrize("is_analysed", [False, True])
@pytest.mark.parametrize(
    ("query", "params"),
    [
        ("read_stream", {"stream": "claim-7", "after": 0, "until": NO_END, "limit": None}),
        ("read_streams", {"streams": [f"claim-{n}" for n in range(1, 50)], "until": NO_END}),
        ("read_recent", {"streams": [f"claim-{n}" for n in range(1, 50)], "form": 1}),
    ],
)
def test_streams_are_found_by_the_index_of_streams(
    database_url: str, query: str, params: dict[str, Any], is_analysed: bool
) -> None:
    with connect(database_url) as connection:
        connection.execute(FILL)
        if is_analysed:
            connection.execute("ANALYZE log.events")
        rows = connection.execute("EXPLAIN " + load_queries("log")[query], params).fetchall()
    plan = "\n".join(row[0] for row in rows)
    assert "events_stream_version" in plan
    assert "events_pkey" not in plan
    assert "Seq Scan" not in plan


@pytest.mark.parametrize("is_analysed", [False, True])
def test_amendments_are_found_by_the_index_of_their_marks(database_url: str, is_analysed: bool) -> None:
    with connect(database_url) as connection:
        connection.execute(DEEP)
        if is_analysed:
            connection.execute("ANALYZE log.events")
        about = {"stream": "claim-7", "mark": "because of 7", "until": 60_000}
        rows = connection.execute("EXPLAIN " + load_queries("log")["read_marked"], about).fetchall()
    plan = "\n".join(row[0] for row in rows)
    assert "Index Scan using events_marks" in plan or "Bitmap Index Scan on events_marks" in plan
    assert "Filter: (mark_of" not in plan
