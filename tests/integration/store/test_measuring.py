"""Appends are counted by what came of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from unittest.mock import ANY

import pytest

from service import metrics
from service.bootstrap import vitals_reader
from service.db import Database
from service.errors import DeadlineExceeded, OutcomeUnknown, RequestMismatch, StoreUnavailable, StreamConflict
from service.projections.indexing import INDEX
from service.projections.projection import schema_of
from service.projections.vitals import TableVitals
from service.settings import DatabaseSettings
from service.store.postgres import PostgresStore
from service.store.protocol import Request
from tests.integration.store.checker import work_events
from tests.integration.store.faults import locked_log, run, wait_for_waiters
from tests.integration.store.proxy import Proxy

Grown = Callable[..., float]


@pytest.fixture
def postgres_major() -> int:
    return 18


@pytest.fixture
def grown() -> Grown:
    """By how much a number has grown since the test began."""
    before: dict[tuple[str, str], float] = {}

    def value(name: str, outcome: str) -> float:
        labels = {"outcome": outcome} if outcome else {}
        return metrics.REGISTRY.get_sample_value(name, labels) or 0.0

    names = [(f"frenemies_append_seconds_{part}", outcome) for part in ("count", "sum") for outcome in metrics.OUTCOMES]
    others = ["events_appended_total", "flush_seconds_count", "flush_callers_count", "flush_callers_sum"]
    for name, outcome in [*names, *((f"frenemies_{other}", "") for other in others)]:
        before[name, outcome] = value(name, outcome)
    return lambda name, outcome="": value(name, outcome) - before[name, outcome]


def outcomes(grown: Grown) -> dict[str, float]:
    counts = {outcome: grown("frenemies_append_seconds_count", outcome) for outcome in metrics.OUTCOMES}
    return {outcome: count for outcome, count in counts.items() if count}


def test_appends_are_counted_by_outcome(store: PostgresStore, grown: Grown) -> None:
    request = Request("key", "hash", "{}")
    store.append(work_events(1, 3), request=request)
    store.append(work_events(1, 3), request=request)
    with pytest.raises(StreamConflict):
        store.append(work_events(1, 1))
    with pytest.raises(RequestMismatch):
        store.append(work_events(2, 1), request=Request("key", "other", "{}"))
    assert outcomes(grown) == {"done": 1, "replayed": 1, "conflict": 1, "refused": 1}
    assert grown("frenemies_events_appended_total") == 3


def test_appends_that_wait_too_long_and_those_without_a_server_are_told_apart(database_url: str, grown: Grown) -> None:
    hasty = DatabaseSettings(database_url, lock_timeout=0.1)
    with Database(hasty) as database, locked_log(database_url), pytest.raises(DeadlineExceeded):
        PostgresStore(database).append(work_events(1, 1))
    gone = DatabaseSettings("postgresql://postgres@127.0.0.1:1/none", pool_timeout=0.1)
    with Database(gone) as database, pytest.raises(StoreUnavailable):
        PostgresStore(database).append(work_events(1, 1))
    assert outcomes(grown) == {"timeout": 1, "unavailable": 1}
    assert grown("frenemies_append_seconds_sum", "timeout") >= 0.1
    assert grown("frenemies_events_appended_total") == 0


@pytest.mark.limit(name="settle_timeout")
def test_an_append_whose_outcome_stays_unknown_is_counted_as_that(database_url: str, grown: Grown) -> None:
    with Proxy(database_url) as proxy:
        hasty = DatabaseSettings(proxy.url, statement_timeout=1, settle_timeout=0)
        proxy.lose_replies(1_000)
        with Database(hasty) as database, pytest.raises(OutcomeUnknown):
            PostgresStore(database).append(work_events(1, 1))
    assert outcomes(grown) == {"unknown": 1}


def test_callers_that_share_a_flush_are_counted(database_url: str, store: PostgresStore, grown: Grown) -> None:
    with ThreadPoolExecutor(6) as pool:
        with locked_log(database_url) as holder:
            first = pool.submit(store.append, work_events(0, 1))
            wait_for_waiters(holder, 1)
            others = [pool.submit(store.append, work_events(work, 1)) for work in range(1, 6)]
            wait_for_company(store, 5)
        assert {future.result().count for future in [first, *others]} == {1}
    assert grown("frenemies_flush_seconds_count") == grown("frenemies_flush_callers_count") == 2
    assert grown("frenemies_flush_callers_sum") == 6
    assert grown("frenemies_events_appended_total") == 6


@pytest.mark.slow
def test_tables_that_are_not_there_hide_nothing_else(database_url: str, store: PostgresStore) -> None:
    store.append(work_events(1, 2))
    with closing(vitals_reader(database_url)) as reader:
        assert reader.read().projections[0].tables == TableVitals(0, 2, ANY, 0, is_built=True)
        run(database_url, f"DROP SCHEMA {schema_of(INDEX)} CASCADE")
        vitals = reader.read()
    assert (vitals.log.head, vitals.projections[0].tables) == (2, None)


def wait_for_company(store: PostgresStore, count: int) -> None:
    """Returns when that many callers wait to be taken along."""
    pause = threading.Event()
    for _ in range(5_000):
        if len(store._grouping._waiting) == count:
            return
        pause.wait(0.001)
    raise AssertionError("nobody waits")
