"""What was recorded by an instant does not change afterwards."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from eventsourcing.persistence import StoredEvent

from service.db import connect
from service.store.postgres import PostgresStore
from tests.integration.store.test_faults import locked_log, wait_for_waiters


def noted(stream: str) -> StoredEvent:
    return StoredEvent(stream, 1, "Noted.v1", b"{}")


def test_an_instant_after_the_last_event_waits_for_the_append_that_is_under_way(
    database_url: str, store: PostgresStore
) -> None:
    """The append has its time and is not committed: without waiting, the answer would miss it now and hold it later."""
    store.append([noted("a")])
    with connect(database_url) as writer, ThreadPoolExecutor(1) as pool:
        with writer.transaction():
            writer.execute("SELECT pg_advisory_xact_lock(7310271027)")
            row = writer.execute(
                "INSERT INTO log.events VALUES (2, 'b', 1, 'Noted.v1', '{}', clock_timestamp()) RETURNING recorded_at"
            ).fetchone()
            assert row is not None
            asking = pool.submit(store.position_at, row[0])
            wait_for_waiters(writer, 1)
        assert asking.result() == 2


def test_an_instant_before_the_last_event_waits_for_nobody(database_url: str, store: PostgresStore) -> None:
    for name in ("a", "b"):
        store.append([noted(name)])
    first = store.recorded_at(1)
    assert first is not None
    with locked_log(database_url):
        assert store.position_at(first) == 1
