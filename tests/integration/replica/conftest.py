"""A service that reads from a replica, and the projectors beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from service import metrics
from service.app import create_app
from service.bootstrap import Services, build
from service.replica.standing import State
from service.settings import Limits, Settings
from tests.feeding import wait_until
from tests.projecting import projecting
from tests.replicas import Pair, replicating

PATIENT = Limits(request_deadline=30.0)
ANT = {"kind": "company", "name": "Ant"}


class Site:
    """A service on a database that has a replica."""

    def __init__(self, pair: Pair, url: str, settings: Settings, services: Services) -> None:
        self.pair = pair
        self.url = url
        self.services = services
        self.replicated = services.replicated
        self.replica_url = settings.read_url or ""
        self.app = create_app(
            services.timeline, settings, services.importer, services.subscriptions, services.keys, services.replicated,
            services.overview,
        )  # fmt: skip
        self._http = self.app.test_client()

    def get(self, path: str, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._http.get(path, headers=named)

    def register(self, name: str) -> int:
        """Registers an entity, and gives the position of that."""
        told = self._http.put(f"/v1/entities/{name}", json=ANT | {"name": name.title()})
        assert told.status_code == 201, told.json
        return int(told.json["position"])

    def listed(self) -> list[str]:
        """The entities that a search tells of, as a client sees it without asking for any position."""
        return [found["id"] for found in self.get("/v1/entities?limit=200").json["entities"]]

    def until(self, state: State) -> None:
        """Waits until the replica is known to stand so."""
        assert self.replicated is not None
        wait_until(lambda: self.replicated.standing().state is state, why=f"it is {self.replicated.standing()}")

    def caught_up(self, position: int) -> None:
        """Waits until the read side has come to a position, on the primary and on the replica."""
        self.caught_up_itself(position)
        self.pair.catch_up()

    def caught_up_itself(self, position: int) -> None:
        """The same, without the replica."""
        self.services.timeline.clocks(min_position=position)

    @property
    def schema(self) -> str:
        """Where the tables are that the read side keeps first."""
        return self.services.database.schema

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Fails unless the replica answers some of what others ask during the block."""
        before = _counts()
        yield
        assert _counts()[metrics.ANSWERED] > before[metrics.ANSWERED]

    @contextmanager
    def counted(self, **outcomes: int) -> Iterator[None]:
        """Fails unless so many questions came to these ends during the block, and no others."""
        before = _counts()
        yield
        grown = {name: value - before[name] for name, value in _counts().items()}
        assert {name: value for name, value in grown.items() if value} == outcomes


def _counts() -> dict[str, int]:
    outcomes = metrics.ANSWERED, metrics.MOVED, metrics.PASSED
    return {outcome: int(metrics.QUESTIONS.labels(outcome)._value.get()) for outcome in outcomes}


NewSite = Callable[..., Site]


@pytest.fixture(scope="session")
def pair() -> Iterator[Pair]:
    """A primary and its replica, for all tests that leave them as they are."""
    with replicating() as made:
        yield made


@pytest.fixture
def own_pair() -> Iterator[Pair]:
    """A primary and its replica, for a test that harms them."""
    with replicating() as made:
        yield made


@pytest.fixture
def new_site() -> Iterator[NewSite]:
    """Makes services on databases of their own, which read from a replica that is current."""
    with ExitStack() as keep:

        def make(
            pair: Pair,
            read_url: str | None = None,
            state: State = State.CURRENT,
            url: str | None = None,
            **settings: Any,
        ) -> Site:
            url, there = (url, read_url) if url else pair.database()
            chosen = replace(Settings(database_url=url, read_url=read_url or there, limits=PATIENT), **settings)
            keep.enter_context(projecting(url, replace(chosen, read_url=None)))
            services = build(chosen, url)
            keep.callback(services.close)
            site = Site(pair, url, chosen, services)
            services.timeline.clocks()
            site.until(state)
            return site

        yield make


@pytest.fixture
def site(pair: Pair, new_site: NewSite) -> Site:
    return new_site(pair)
