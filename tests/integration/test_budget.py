"""The time of a question in the database: a statement that would outlast it is broken off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from select import select
from time import monotonic

import pytest
from psycopg.rows import scalar_row

from service import budget
from service.bootstrap import build
from service.budget import Budget, Turns
from service.db import Database
from service.errors import OutOfTime, StoreUnavailable
from service.settings import DatabaseSettings, Settings
from tests.integration.store.proxy import Proxy

SLEEP = "SELECT pg_sleep(30)"
LIMIT = "SELECT current_setting('statement_timeout')"


@contextmanager
def request_of(seconds: float) -> Iterator[None]:
    """A request that has so many seconds."""
    budget.begin(Budget(seconds, Turns(1, 1_000)))
    try:
        yield
    finally:
        budget.end()


@pytest.fixture
def single(database_url: str) -> Iterator[Database]:
    """A pool of one connection."""
    with Database(DatabaseSettings(database_url, pool_size=1)) as database:
        yield database


@pytest.mark.limit(name="request_deadline")
def test_a_statement_ends_with_its_request_and_the_connection_is_as_before(single: Database) -> None:
    assert single.read(LIMIT, {}, scalar_row) == ["3s"]
    begun = monotonic()
    with request_of(0.3), pytest.raises(OutOfTime, match=r"It has 0\.3 seconds"):
        single.read(SLEEP, {}, scalar_row)
    assert 0.3 <= monotonic() - begun < 3
    assert single.read(LIMIT, {}, scalar_row) == ["3s"]


def test_a_request_without_time_asks_nothing(single: Database) -> None:
    with request_of(0.0), single.connection(), pytest.raises(OutOfTime):
        # The only connection is in use: it would wait for a second if it asked.
        single.read("SELECT 1", {}, scalar_row)


@pytest.mark.limit(name="statement_timeout")
def test_a_statement_that_takes_too_long_is_told_as_a_question_that_does(database_url: str) -> None:
    with Database(DatabaseSettings(database_url, statement_timeout=0.2)) as database:
        with request_of(5.0), pytest.raises(OutOfTime, match="smaller limit"):
            database.read(SLEEP, {}, scalar_row)
        assert database.read("SELECT 1", {}, scalar_row) == [1]


def test_a_server_that_says_nothing_costs_no_more_than_the_request_has(database_url: str) -> None:
    with Proxy(database_url) as proxy, Database(DatabaseSettings(proxy.url, pool_size=2)) as database:
        assert database.read("SELECT 1", {}, scalar_row) == [1]
        proxy.freeze(only_present=True)
        begun = monotonic()
        with request_of(0.5), pytest.raises(StoreUnavailable):
            database.read("SELECT 1", {}, scalar_row)
        assert monotonic() - begun < 5
        assert database.read("SELECT 1", {}, scalar_row) == [1]


@pytest.mark.limit(name="idle_in_transaction_timeout")
@pytest.mark.limit(name="statement_timeout")
def test_the_role_of_the_web_has_its_limits_in_the_database(database_url: str) -> None:
    services = build(Settings(), database_url)
    names = ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout", "role")
    asked = "SELECT current_setting(name) FROM unnest(%(names)s::text[]) AS given(name)"
    try:
        assert services.database.read(asked, {"names": list(names)}, scalar_row) == ["3s", "2s", "2s", "frenemies_api"]
    finally:
        services.close()


@pytest.mark.limit(name="idle_in_transaction_timeout")
def test_a_transaction_that_waits_for_us_is_ended_by_the_server(database_url: str) -> None:
    settings = DatabaseSettings(database_url, pool_size=1, idle_in_transaction_timeout=0.1)
    with Database(settings) as database:
        with pytest.raises(StoreUnavailable), database.transaction() as connection:
            connection.execute("SELECT 1")
            # The server says that it ends it: there is something to read.
            assert select([connection.fileno()], [], [], 5)[0]
            connection.execute("SELECT 1")
        assert database.read("SELECT 1", {}, scalar_row) == [1]
