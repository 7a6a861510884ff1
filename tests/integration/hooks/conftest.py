"""A log, a receiver, subscriptions, and a sender whose clock stands still until it is moved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from time import monotonic
from uuid import UUID

import pytest

from service.bootstrap import Services, build
from service.db import SENDER_ROLE, Database, connect
from service.hooks.guarding import Guard
from service.hooks.outbox import Outbox
from service.hooks.sender import Bounds, Sender
from service.hooks.sending import Transport
from service.hooks.subscriptions import Delivery, Kept, Subscriptions
from service.projections.whole import NoIndex
from service.settings import DatabaseSettings, Settings
from service.store.postgres import PostgresStore
from service.timeline.feed import Feed
from tests.integration.tree.conftest import Kept as KeptLog
from tests.sink import Sink, sink

ME = "me"
DEADLINE = 30.0


class VirtualClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **time: float) -> None:
        self.now += timedelta(**time)


class Rig:
    """Everything, on one database. Nothing happens by itself: `run` sends what is due."""

    def __init__(self, services: Services, database: Database, receiver: Sink) -> None:
        self.services = services
        self.sink = receiver
        self.clock = VirtualClock()
        self.hooks: Subscriptions = services.subscriptions
        self.hooks._clock = self.clock
        self.log = KeptLog(PostgresStore(services.database), database, None)  # type: ignore[arg-type]
        self._database = database
        self._senders: list[Sender] = []
        self.sender = self.new_sender()

    def new_sender(self, bounds: Bounds | None = None, transport: Transport | None = None) -> Sender:
        store = PostgresStore(self._database)
        feed = Feed(store, NoIndex(self._database))
        made = Sender(
            Outbox(self._database), store, feed, transport or Transport(Guard(loopback=True)), bounds,
            clock=self.clock, random=lambda: 0.5,
        )  # fmt: skip
        self._senders.append(made)
        return made

    def close(self) -> None:
        for sender in self._senders:
            sender.close()

    def subscribe(self, **wish: object) -> Kept:
        return self.hooks.create(ME, **({"url": self.sink.url, "after": "start"} | wish))  # type: ignore[arg-type]

    def run(self, sender: Sender | None = None) -> None:
        """Takes and sends until nothing more is due at this moment."""
        chosen = sender or self.sender
        until = monotonic() + DEADLINE
        while True:
            rest = chosen.step()
            if chosen.is_idle and rest > 0 and chosen.step() > 0 and chosen.is_idle:
                return
            assert monotonic() < until, "it does not come to rest"
            chosen.woken.wait(0.05)
            chosen.woken.clear()

    def sql(self, statement: str) -> None:
        """What no user of the service could do."""
        with connect(self.services.url) as connection:
            connection.execute(statement)

    def deliveries(self, name: UUID, state: str | None = None) -> list[Delivery]:
        return list(self.hooks.deliveries(ME, name, state, None, 200).items)


@contextmanager
def rig_on(url: str) -> Iterator[Rig]:
    settings = Settings(database_url=url, webhooks_loopback=True, pool_timeout=5.0)
    services = build(settings, url)
    own = DatabaseSettings(url, pool_size=12, pool_timeout=5.0)
    with Database(own, role=SENDER_ROLE, name="frenemies-sender") as database, sink() as receiver:
        made = Rig(services, database, receiver)
        yield made
        made.close()
        services.close()


@pytest.fixture
def rig(database_url: str) -> Iterator[Rig]:
    with rig_on(database_url) as made:
        yield made
