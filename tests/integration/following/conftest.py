"""A leader, served over HTTP, and a follower on a database of its own that takes over when it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from service.app import create_app
from service.bootstrap import Services, build, follower, log_keeper, projections
from service.cli.demo import FIVE_ARTICLES, LATER_REPORTS, load_sample
from service.db import connect
from service.following.follower import Follower
from service.settings import Settings
from service.tree.keeper import Keeper
from service.tree.notes import Signer
from tests.conftest import Servers
from tests.recorded import ME, draft_of
from tests.serving import serving

SIGNER = Signer("example.org/log", bytes(range(32)))
TABLES = {
    "events": "position, stream, version, topic, state, recorded_at",
    "keys": "kind, key, stream",
    "links": "kind, target, source",
    "texts": "reference, scope, salt, digest, content, content_sha256",
    "tiles": "level, tile, hashes",
    "checkpoints": "number, size, root, key, note, position",
    "checkpoint_keys": "number, key",
    "tree": "size, origin, key",
    "epoch": "epoch",
}
"""All that a follower has in common with its leader."""


def nobody_else() -> None:
    """A follower that is alone asks nobody whether it may go on."""


@dataclass
class Site:
    """A service on a database of its own, at an address."""

    url: str
    base: str
    services: Services

    def log(self, *tables: str) -> dict[str, list[Any]]:
        """Every row of tables of the log."""
        with connect(self.url) as connection:
            asked = {table: f"SELECT {TABLES[table]} FROM log.{table}".encode() for table in tables or TABLES}  # noqa: S608
            return {table: sorted(connection.execute(query).fetchall(), key=str) for table, query in asked.items()}

    def execute(self, statement: str, *values: object) -> list[Any]:
        """Does something as the owner of the server."""
        with connect(self.url) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        """What the service answers."""
        client = create_app(self.services.timeline, self.services.settings).test_client()
        answer = client.get(path, headers=headers)
        return answer.status_code, answer.data

    def record(self, *records: dict[str, Any]) -> None:
        self.services.timeline.record([draft_of(record) for record in records], recorder=ME)

    def keep(self) -> None:
        """Takes everything into the tree, and signs a checkpoint of it."""
        settings = replace(Settings(), log_key=SIGNER.secret(), log_origin=SIGNER.verifier.name)
        with log_keeper(settings, self.url) as (keeper, _):
            _sign(keeper)

    def catch_up(self) -> None:
        """Has the read side take in everything."""
        with projections(Settings(), self.url) as projectors:
            projectors.catch_up()


def _sign(keeper: Keeper) -> None:
    keeper.introduce()
    keeper.catch_up()
    keeper.sign()
    keeper.catch_up()


class Sites:
    """Makes sites, which last as long as the test."""

    def __init__(self, servers: Servers, keep: ExitStack) -> None:
        self._servers = servers
        self._keep = keep

    def new(self, template: str | None = None, **settings: Any) -> Site:
        url = self._servers.copy(template) if template else self._servers.migrated(18)
        self._keep.callback(self._servers.drop, url)
        return self.on(url, **settings)

    def on(self, url: str, **settings: Any) -> Site:
        """A site on a database that is there."""
        chosen = replace(Settings(database_url=url), **settings)
        services = build(chosen, url)
        self._keep.callback(services.close)
        app = create_app(
            services.timeline, chosen, services.importer, services.subscriptions, overview=services.overview
        )
        return Site(url, self._keep.enter_context(serving(app)), services)

    def follower(self, leader: str, **settings: Any) -> Site:
        """A site that has not taken over anything yet."""
        site = self.new(follow=leader, **settings)
        with following(site) as made:
            made.begin()
        return site


@contextmanager
def following(site: Site) -> Iterator[Follower]:
    with follower(site.services.settings, site.url) as (made, _):
        yield made


def take_over(site: Site) -> None:
    """Takes over all that the leader has now."""
    with following(site) as made:
        made.follow(nobody_else)


@pytest.fixture
def sites(servers: Servers) -> Iterator[Sites]:
    with ExitStack() as keep:
        yield Sites(servers, keep)


def sample_signed(servers: Servers) -> str:
    """The URL of a new database with the sample, in which the log tells of two checkpoints."""
    url = servers.migrated(18)
    load_sample(Settings(), url, (FIVE_ARTICLES,))
    settings = replace(Settings(), log_key=SIGNER.secret(), log_origin=SIGNER.verifier.name)

    with log_keeper(settings, url) as (keeper, _):
        _sign(keeper)
    load_sample(Settings(), url, (LATER_REPORTS,))
    with log_keeper(settings, url) as (keeper, _):
        _sign(keeper)
    with projections(Settings(), url) as projectors:
        projectors.catch_up()
    return url


@pytest.fixture(scope="session")
def sample_with_checkpoints(servers: Servers) -> str:
    """A database with the sample, in which the log tells of two checkpoints."""
    return sample_signed(servers)


@pytest.fixture
def leader(sites: Sites, sample_with_checkpoints: str) -> Site:
    """A leader that holds the sample."""
    return sites.new(sample_with_checkpoints)
