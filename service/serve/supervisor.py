"""The supervisor: prepares the database, keeps web server and projectors running, and ends them."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic

import structlog

from service.bootstrap import demand_followable, demand_readable, demand_signing_key, has_keys, signing_key
from service.cores import ALLOWED
from service.errors import ServiceError
from service.jetstream.bootstrap import demand_streams
from service.projections.catalog import PROJECTIONS
from service.projections.projection import Projection
from service.serve import projector, webhooks
from service.serve.address import base_url, demand_guard, listen
from service.serve.child import Child
from service.serve.database import embedded_folder, open_database
from service.serve.durability import demand_durable
from service.serve.feeding import Feeding, feeding
from service.serve.following import following_child, settle
from service.serve.health import Health, health
from service.serve.metering import Metering, metering
from service.serve.preparing import prepared
from service.serve.rating import rating
from service.serve.relay import relay_child
from service.serve.server import serve_web
from service.serve.signals import Signals
from service.settings import Settings
from service.slots import FOLDER

READY_WITHIN = 60.0
END_WITHIN = 10.0
_POLL_READY = 0.1
_OWN = ("MIGRATE_URL", "GUNICORN_CMD_ARGS", FOLDER)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Size:
    """How many processes answer requests, with how many threads each."""

    workers: int = 2
    threads: int = 8


class NeverReady(ServiceError):
    """The service did not become ready."""


def serve(
    settings: Settings,
    size: Size,
    *,
    on_ready: Callable[[str], None],
    load: Callable[[str], None] | None = None,
    link: socket.socket | None = None,
) -> None:
    """Runs the service until a signal ends it.

    `load` gets the URL of the prepared database before requests are answered, `on_ready` the address once they are.
    NotGuarded, PortTaken, KeepsFailing and the errors of the database say why it does not run.
    """
    demand_signing_key(settings)
    demand_streams(settings)
    demand_followable(settings)
    demand_readable(settings)
    with Signals() as signals, link or listen(settings.host, settings.port) as link, open_database(settings) as url:
        demand_durable(settings, url)
        report = prepared(settings, url)
        _log.info("database prepared", applied=list(report.applied), roles=report.roles)
        demand_guard(settings, lambda: has_keys(settings, url))
        settle(settings, url, signals)
        if load is not None:
            load(url)
        # Of a log that is followed, the leader signs the checkpoints.
        key = signing_key(settings, url, embedded_folder(settings)) if settings.follow is None else None
        settings = replace(settings, log_key=key)
        with (
            metering(settings) as meter,
            feeding(settings, link.getsockname()[1]) as feed,
            rating() as rates,
            _children(settings, size, url, link, meter, feed, rates) as children,
        ):
            _run(children, signals, base_url(link), on_ready)


def _run(children: list[Child], signals: Signals, base: str, on_ready: Callable[[str], None]) -> None:
    deadline = monotonic() + READY_WITHIN
    announced = False
    while not signals.stopping:
        pause = min([child.tend() for child in children])
        if not announced:
            found = health(base)
            announced = found is Health.READY
            if announced:
                on_ready(base)
            elif found is Health.CATCHING_UP:
                deadline = monotonic() + READY_WITHIN
            elif monotonic() > deadline:
                raise NeverReady(f"{base} did not answer for {READY_WITHIN:.0f} seconds, or not reach its database.")
            pause = _POLL_READY
        signals.wait(pause)
    _log.info("ending")


@contextmanager
def _children(
    settings: Settings,
    size: Size,
    url: str,
    link: socket.socket,
    meter: Metering | None,
    feed: Feeding | None,
    rates: Mapping[str, str],
) -> Iterator[list[Child]]:
    plain = _environment(settings, size, url) | dict(rates)
    environment = plain | (meter.told_to_children() if meter else {}) | (feed.told_to_children() if feed else {})
    children = [
        *(_projector(one, environment, settings) for one in PROJECTIONS),
        _sender(environment) if settings.follow is None else following_child(environment, settings),
        *([relay_child(environment, settings)] if settings.relay else []),
        Child("web", partial(serve_web, link, size.workers, size.threads), environment, files=[link.fileno()]),
        *([feed.child(environment)] if feed else []),
        *([meter.child(plain)] if meter else []),
    ]
    try:
        yield children
    finally:
        deadline = monotonic() + END_WITHIN
        for child in children:
            child.ask_to_end()
        for child in children:
            child.end(deadline)


def _projector(chosen: Projection, environment: Mapping[str, str], settings: Settings) -> Child:
    """With the key that signs checkpoints in its environment only where the tree is kept."""
    own = {**environment, "FRENEMIES_LOG_KEY": settings.log_key or ""} if projector.keeps_tree(chosen) else environment
    return Child(f"projector-{chosen.name}", partial(projector.main, chosen), own)


def _sender(environment: Mapping[str, str]) -> Child:
    return Child("webhooks", webhooks.main, environment)


def _environment(settings: Settings, size: Size, url: str) -> dict[str, str]:
    """What the children read: our own environment, with the settings of the command line written over it."""
    own = {name: value for name, value in os.environ.items() if name not in _OWN}
    given = {
        "DATABASE_URL": url,
        "READ_DATABASE_URL": settings.read_url or "",
        "FRENEMIES_HOST": settings.host,
        "FRENEMIES_PORT": str(settings.port),
        "FRENEMIES_ADMIN_KEY": settings.admin_key or "",
        "FRENEMIES_LOGIN_SECRET": settings.login_secret or secrets.token_hex(32),
        "FRENEMIES_LOG_KEY": "",
        "FRENEMIES_FOLLOW": settings.follow or "",
        "FRENEMIES_FOLLOW_KEY": "",
        "FRENEMIES_FOLLOW_THROUGH": "",
        "FRENEMIES_RELAY": "",
        "FRENEMIES_FOLLOW_VERIFIER": " ".join(settings.follow_verifiers),
        "FRENEMIES_LOG_REQUESTS": str(settings.log_requests),
        "FRENEMIES_WEBHOOKS_LOOPBACK": str(settings.webhooks_loopback),
        "FRENEMIES_POOL_SIZE": str(max(settings.pool_size, size.threads)),
        # More workers than cores cannot be kept to one each without some of them going short.
        "FRENEMIES_ONE_CORE": str(settings.one_core and size.workers <= len(ALLOWED)),
    }
    return own | given
