"""Leading through an outage of the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pytest

from service.db import Connection, Database
from service.errors import StoreUnavailable
from service.leading import Leader

OUTAGE = 60.0
POOL_TIMEOUT = 1.0


class Away:
    """A database that is away for a minute of the leader's time, and counts how long after it somebody came."""

    def __init__(self) -> None:
        self.time = 0.0

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        if self.time >= OUTAGE:
            raise KeyboardInterrupt
        self.time += POOL_TIMEOUT
        raise StoreUnavailable
        yield


def test_after_a_long_outage_a_leader_is_back_within_five_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    away = Away()
    leader = Leader(cast(Database, away), "work")

    def wait(seconds: float) -> bool:
        away.time += seconds
        return False

    monkeypatch.setattr(leader.stopped, "wait", wait)
    with pytest.raises(KeyboardInterrupt):
        leader.run(lambda connection: None)
    assert away.time - OUTAGE <= 5.0
