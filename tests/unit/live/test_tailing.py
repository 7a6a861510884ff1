"""The one reader that follows the log for all, and the hub that they share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Event
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import StoredEvent

from service.db import Database
from service.errors import StoreUnavailable
from service.feeds.question import Question
from service.http.errors import TooManyStreams
from service.live import hub as hub_module
from service.live import tailing as module
from service.live.hub import Hub
from service.live.log_source import LogSource
from service.projections.whole import NoIndex
from service.settings import DatabaseSettings, Limits
from service.store.memory import MemoryStore
from service.store.protocol import StoredRecord
from service.timeline.feed import ALL, Feed, Wanted
from tests.unit.live.live import run


class Flaky(MemoryStore):
    """A store that fails as it is told to, and may be replaced by another log."""

    def __init__(self) -> None:
        super().__init__()
        self.failing: list[Exception] = []

    def read_log(
        self, after: int, limit: int, until: int | None = None, *, of: UUID | None = None
    ) -> list[StoredRecord]:
        self._fail()
        return super().read_log(after, limit, until, of=of)

    def head(self) -> int:
        self._fail()
        return super().head()

    def replace(self) -> None:
        self._epoch = uuid4()

    def tell(self, count: int = 1) -> None:
        version = self._version("entity-ant")
        state = b'{"name":"Ant","since":"2016","recorder":{"key":"tester"}}'
        self.append([StoredEvent("entity-ant", version + n, "EntityRenamed.v1", state) for n in range(1, count + 1)])

    def _fail(self) -> None:
        if self.failing:
            raise self.failing.pop(0)


class Silent:
    """Never says that something was appended."""

    def __init__(self) -> None:
        self._closed = Event()

    def wait(self, timeout: float) -> bool:
        self._closed.wait(timeout)
        return False

    def close(self) -> None:
        self._closed.set()


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Flaky:
    monkeypatch.setattr(module, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(hub_module, "POLL_SECONDS", 0.02)
    return Flaky()


def feed_of(store: MemoryStore) -> Feed:
    return Feed(store, NoIndex(Database(DatabaseSettings(""))))


def with_hub(store: MemoryStore, work: Callable[[Hub], Any], limits: Limits | None = None) -> None:
    async def begun() -> None:
        hub = Hub(feed_of(store), Silent, limits or Limits())
        await hub.start()
        try:
            await work(hub)
        finally:
            hub.end()
            hub.close()

    run(begun)


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


def kept(hub: Hub) -> Sequence[int]:
    return [one.position for one in hub.tail._kept]


def test_it_begins_at_the_end_and_takes_in_what_comes_without_ever_being_told(store: Flaky) -> None:
    store.tell(7)

    async def work(hub: Hub) -> None:
        assert (hub.tail.start, hub.tail.front.position) == (7, 7)
        for _ in range(3):
            store.tell(600)  # more than are read at once
        await until(lambda: hub.tail.front.position == 1_807)
        assert kept(hub) == list(range(8, 1_808))

    with_hub(store, work)


@pytest.mark.parametrize("error", [StoreUnavailable("It is away."), RuntimeError("nobody thought of it")])
def test_what_fails_is_tried_again(store: Flaky, error: Exception) -> None:
    async def work(hub: Hub) -> None:
        for _ in range(3):
            store.failing.append(error)
            store.tell()
        await until(lambda: hub.tail.front.position == 3)
        assert kept(hub) == [1, 2, 3] and not store.failing

    with_hub(store, work)


def test_a_hub_that_finds_no_database_begins_when_there_is_one(store: Flaky) -> None:
    store.tell(2)
    store.failing += [StoreUnavailable("It is away.")] * 3

    async def work(hub: Hub) -> None:
        with pytest.raises(StoreUnavailable):
            _ = hub.tail
        await until(lambda: _has_tail(hub))
        store.tell()
        await until(lambda: hub.tail.front.position == 3)

    with_hub(store, work)


def _has_tail(hub: Hub) -> bool:
    with suppress(StoreUnavailable):
        return hub.tail is not None
    return False


def test_when_the_log_is_replaced_everybody_is_let_go_and_it_begins_anew(store: Flaky) -> None:
    store.tell(2)

    async def work(hub: Hub) -> None:
        first, before = hub.tail, store.epoch()
        store.replace()
        await until(lambda: first.front.is_closed)
        await until(lambda: hub.tail is not first)
        assert hub.tail.epoch == store.epoch() != before
        store.tell()
        await until(lambda: hub.tail.front.position == 3)
        assert first.front.position == 2 and not hub.tail.front.is_closed

    with_hub(store, work)


def test_what_is_read_of_another_log_is_not_told_with_the_cursors_of_this_one(store: Flaky) -> None:
    store.tell(2)

    async def work(hub: Hub) -> None:
        source = LogSource(hub.feed, hub.tail, Question(0, ALL, None, False))
        assert [one.place for one in source.read(0).events] == [1, 2]
        store.replace()
        with pytest.raises(StoreUnavailable):
            source.read(0)

    with_hub(store, work)


def test_whom_events_concern_is_found_out_as_long_as_somebody_asks(store: Flaky) -> None:
    async def work(hub: Hub) -> None:
        async def told(position: int) -> frozenset[str] | None:
            store.tell()
            await until(lambda: hub.tail.front.position == position)
            return hub.tail._kept[-1].entities

        assert await told(1) is None
        with hub.telling_whom(True), hub.telling_whom(False):
            assert await told(2) == {"ant"}
        assert await told(3) is None
        source = LogSource(hub.feed, hub.tail, Question(0, Wanted(entities=frozenset(("ant",))), None, False))
        assert source.at_hand(0) is None
        assert [one.place for one in source.read(0).events] == [1, 2, 3]

    with_hub(store, work)


@pytest.fixture
def few() -> Limits:
    return Limits(streams=3, streams_a_key=2)


def test_there_are_only_so_many_turns_and_they_come_back(store: Flaky, few: Limits) -> None:
    async def work(hub: Hub) -> None:
        for _ in range(3):
            with hub.turn("admin"), hub.turn("admin"):
                with pytest.raises(TooManyStreams, match="one key"), hub.turn("admin"):
                    raise AssertionError
                with hub.turn(None), pytest.raises(TooManyStreams, match="at once"), hub.turn(None):
                    raise AssertionError
        with hub.turn(None), hub.turn(None), hub.turn(None):
            pass

    with_hub(store, work, few)


def test_a_hub_that_ends_closes_its_front_and_its_thread(store: Flaky) -> None:
    async def work(hub: Hub) -> None:
        hub.end()
        assert hub.tail.front.is_closed
        thread = hub._tailing._thread if hub._tailing else None
        assert thread is not None
        await until(lambda: not thread.is_alive())

    with_hub(store, work)
