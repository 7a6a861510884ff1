"""Pulling: workers lease events of a subscription, and say what came of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from flask import Response

from service.hooks.leasing import Leases, Nack
from service.http.api import Resource
from service.http.context import own_id, owner, subscriptions
from service.http.demands import needs
from service.http.jsons import json_answer
from service.http.subscription_shapes import ExtendBody, HeldBody, LeaseBody, NackBody
from service.keys.scopes import HOOKS_MANAGE

RESOURCE = Resource(
    "leases",
    "Pulling: several workers share the events of a subscription (docs/pull.md).",
    writes=needs(HOOKS_MANAGE),
)
_ONE = "/v1/subscriptions/<id>"
_REFUSED = (404, 409)
_ABOUT_IDS = (404, 409, 410)


@RESOURCE.manage("POST", f"{_ONE}/lease", "Lease", body=LeaseBody, needs_body=False, refused=_REFUSED)
def lease_events(id: str, body: dict[str, Any]) -> Response:
    """Take events to work on. Nobody else gets them, or what has to come after them, until the lease ends."""
    found = _leases().lease(owner(), _id(id), body["max"], body["seconds"], body["wait"])
    told = [{"attempt": one.attempt, "event": msgspec.Raw(one.event)} for one in found.deliveries]
    return json_answer({"lease": found.id, "seconds": body["seconds"], "deliveries": told})


@RESOURCE.manage("POST", f"{_ONE}/ack", "Settled", body=HeldBody, refused=_ABOUT_IDS)
def ack_events(id: str, body: dict[str, Any]) -> Response:
    """Say that events are done. Their successors can be leased then. Again is no harm."""
    return json_answer(_leases().ack(owner(), _id(id), body["lease"], body["ids"]))


@RESOURCE.manage("POST", f"{_ONE}/nack", "Settled", body=NackBody, refused=_ABOUT_IDS)
def nack_events(id: str, body: dict[str, Any]) -> Response:
    """Give events back: to be tried again later, parked at once, skipped, or leased as if nobody had had them.

    The tenth failed attempt parks an event.
    """
    after = None if body["after"] is None else timedelta(seconds=body["after"])
    nack = Nack(body["action"], after, body["reason"])
    return json_answer(_leases().nack(owner(), _id(id), body["lease"], body["ids"], nack))


@RESOURCE.manage("POST", f"{_ONE}/extend", "Extended", body=ExtendBody, refused=_ABOUT_IDS)
def extend_lease(id: str, body: dict[str, Any]) -> Response:
    """Keep events for longer.

    Also where the lease ran out, and nobody else has them yet, nor another event about the same.
    """
    until = _leases().extend(owner(), _id(id), body["lease"], body["ids"], body["seconds"])
    return json_answer({"until": until})


def _leases() -> Leases:
    return subscriptions().leases


def _id(text: str) -> UUID:
    return UUID(own_id(text))
