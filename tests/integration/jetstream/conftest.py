"""A NATS server of its own for a test, and relays of a log that run beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread

import pytest

from service.cli.demo import FIVE_ARTICLES, load_sample
from service.feeds.events import EventWriter
from service.jetstream.bootstrap import relay
from service.serve.loops import Loop
from service.settings import Settings
from tests.conftest import Servers
from tests.integration.following.conftest import Site, Sites
from tests.jetstreams import NatsServer, nats_server


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[NatsServer]:
    with nats_server(tmp_path) as server:
        yield server


@pytest.fixture
def sites(servers: Servers) -> Iterator[Sites]:
    with ExitStack() as keep:
        yield Sites(servers, keep)


@pytest.fixture
def leader(sites: Sites) -> Site:
    """A log that holds the sample, with texts, and a checkpoint; no relay runs yet."""
    site = sites.new()
    load_sample(Settings(), site.url, (FIVE_ARTICLES,))
    site.keep()
    return site


@contextmanager
def relaying(url: str, nats: str, **settings: object) -> Iterator[None]:
    """A relay of the log in a database, as a thread, for the time of the block."""
    given = Settings(database_url=url, relay=nats, **settings)  # type: ignore[arg-type]
    with relay(given, url) as (_, runner), running(runner):
        yield


@contextmanager
def running(loop: Loop) -> Iterator[None]:
    """A loop as a thread."""
    thread = Thread(target=loop.run, daemon=True)
    thread.start()
    yield
    loop.stop()
    thread.join(20)
    assert not thread.is_alive()


def feed_of(site: Site) -> list[bytes]:
    """Every event as the feed tells it."""
    feed = site.services.timeline.feed
    epoch = feed.epoch()
    return EventWriter(epoch).events(feed.following(epoch, 0, 1_000_000))


def is_in(nats: NatsServer, site: Site) -> bool:
    """Whether a stream is as long as the log of a site."""
    stream = nats.stream()
    return stream is not None and stream.state.last_seq == site.services.timeline.feed.head()
