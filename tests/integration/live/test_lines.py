"""What is logged, and counted, of those who listen."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from service.store.protocol import Appended
from tests.feeding import feeding, wait_until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
KEY = {"Authorization": "Bearer canary-key"}


def requests(written: str) -> list[dict[str, Any]]:
    """The lines of requests, in the order of their addresses and statuses."""
    lines = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
    return sorted((line for line in lines if line["event"] == "request"), key=lambda line: str(line["status"]))


@pytest.mark.slow
def test_each_answer_is_named_and_counted_and_logged_when_it_is_over(
    database_url: str, tell: Callable[..., Appended], capfd: pytest.CaptureFixture[str]
) -> None:
    with feeding(database_url, FRENEMIES_ADMIN_KEY="canary-key", FRENEMIES_LOG_REQUESTS="1") as process:
        tell(3)
        parent = f"00-{TRACE}-00f067aa0ba902b7-01"
        with process.listen(**KEY, X_Request_Id="mine-1", traceparent=parent) as listener:
            listener.until(lambda one: len(one.positions) == 3)
            assert listener.headers["x-request-id"] == "mine-1"
            refusal = process.get("ticket=canary", X_Request_Id="a b")
            assert (refusal.status, refusal.headers["x-request-id"]) == (401, refusal.json["request_id"])
            assert refusal.json["request_id"] != "a b"
            assert process.get(path="/canary", **KEY).status == 404
            tell()
            listener.until(lambda one: len(one.positions) == 4)
            wait_until(lambda: process.counted("frenemies_feed_events_total") == 4)
            assert process.counted("frenemies_feed_position") == 4
            assert process.counted("frenemies_streams_limit") == 1_000
            before = process.counted("frenemies_feed_answers_total")
        assert process.get(path="/healthz", X_Request_Id="probe").headers["x-request-id"] == "probe"
        wait_until(lambda: process.counted("frenemies_feed_answers_total") == before + 2)
        assert process.counted("frenemies_process_starts_total") == 1
    stream, refused, unknown = requests(capfd.readouterr().err)
    assert (stream["route"], stream["status"], stream["key"]) == ("/v1/feed", 200, "admin")
    assert (stream["request_id"], stream["trace_id"]) == ("mine-1", TRACE)
    assert stream["bytes"] > 1_000 and stream["seconds"] > 0
    assert (refused["route"], refused["status"], refused["key"]) == ("/v1/feed", 401, None)
    assert (unknown["route"], unknown["status"], unknown["key"]) == ("unknown", 404, "admin")
    assert "canary" not in str([stream, refused, unknown])
