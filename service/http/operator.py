"""What an operator is shown: how everything stands, and what of it needs looking at."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Response

from service.hooks.overseeing import Overseen
from service.http.api import Resource
from service.http.context import overview
from service.http.demands import needs
from service.http.jsons import json_answer
from service.http.plain import Answer
from service.keys.scopes import ADMIN
from service.overview.overview import HooksSeen, LogSeen, ProjectionSeen
from service.overview.reports import reports

Found = TypeVar("Found")
RESOURCE = Resource("operator", "How everything stands, for who runs the service.", reads=needs(ADMIN), is_current=True)


@RESOURCE.get("/v1/operator", "Operator", refused=(), cached=False)
def read_operator() -> Response:
    """How log, projections, followers, subscriptions and keys stand: all that the operator page shows."""
    return json_answer(operator_answer())


def operator_answer() -> Answer:
    """How everything stands, as data."""
    seen = overview().look()
    return {
        "at": datetime.now(UTC),
        "version": version("frenemies"),
        "unknown": seen.unknown,
        "log": _if_there(seen.log, _log),
        "database": _if_there(seen.database, asdict),
        "projections": _if_there(seen.projections, lambda found: [_projection(one) for one in found]),
        "following": _if_there(seen.following, lambda found: found.plain() | {"halted": found.is_halted}),
        "replica": _if_there(seen.replica, lambda standing: standing.plain()),
        "followers": _if_there(seen.followers, lambda found: found.plain(asdict)),
        "subscriptions": _if_there(seen.subscriptions, _subscriptions),
        "keys": _if_there(seen.keys, lambda found: found.plain(asdict)),
        "reports": reports(),
    }


def _if_there(found: Found | None, tell: Callable[[Found], Any]) -> Any:
    return None if found is None else tell(found)


def _log(log: LogSeen) -> Answer:
    head = log.head
    return {
        "head": head.position,
        "epoch": head.epoch,
        "uncovered": head.uncovered,
        "unsigned_seconds": log.unsigned,
        "checkpoint": _if_there(
            head.root, lambda root: {"size": head.size, "root": b64encode(root).decode(), "signed_at": head.signed_at}
        ),
        "restores": [one.plain() for one in log.restores],
    }


def _projection(found: ProjectionSeen) -> Answer:
    return found.status.plain() | {"parked_streams": [asdict(one) for one in found.parked]}


def _subscriptions(hooks: HooksSeen) -> Answer:
    def tell(one: Overseen) -> Answer:
        parked = [
            {"position": event.position, "tries": event.tries, "last": event.last}
            for event in hooks.given_up
            if event.subscription == one.id
        ]
        told = asdict(one)
        url = told.pop("url")
        return told | {"host": None if url is None else urlsplit(url).netloc, "parked_deliveries": parked}

    return hooks.subscriptions.plain(tell)
