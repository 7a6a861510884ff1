"""The feed process on a database with a few events."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from service.store.postgres import PostgresStore
from service.store.protocol import Appended
from tests.feeding import FeedProcess, feeding
from tests.integration.store.checker import work_events


@pytest.fixture
def tell(store: PostgresStore) -> Callable[..., Appended]:
    """Appends so many events, in a stream of their own."""
    numbers = iter(range(1, 1_000_000))
    return lambda count=1: store.append(work_events(next(numbers), count))


@pytest.fixture
def process(database_url: str) -> Iterator[FeedProcess]:
    """The feed process on an empty log; no key is needed."""
    with feeding(database_url) as process:
        yield process
