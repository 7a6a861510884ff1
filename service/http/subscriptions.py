"""Subscriptions: who gets which events, how far that is, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, request

from service.feeds.cursor import BadCursor
from service.feeds.events import TYPE_PREFIX
from service.hooks.outbox import FAILED, LEASED, WAITING, attempt
from service.hooks.subscriptions import Delivery, Kept, Subscription
from service.http.api import Resource
from service.http.context import own_id, own_position, owner, subscriptions
from service.http.demands import needs
from service.http.errors import BadPath
from service.http.jsons import json_answer
from service.http.paging import linked
from service.http.plain import Answer
from service.http.query import Paging
from service.http.subscription_shapes import (
    ENDS,
    DeliveriesQuery,
    RewindBody,
    RotateBody,
    SubscriptionBody,
    SubscriptionChanges,
)
from service.keys.scopes import HOOKS_MANAGE

RESOURCE = Resource(
    "subscriptions",
    "Events sent to an address as they come (docs/webhooks.md), or leased by workers (docs/pull.md).",
    reads=needs(HOOKS_MANAGE),
    writes=needs(HOOKS_MANAGE),
    is_current=True,
)
_ONE = "/v1/subscriptions/<id>"


@RESOURCE.manage(
    "POST",
    "/v1/subscriptions",
    "SubscriptionWithSecret",
    body=SubscriptionBody,
    done=201,
    refused=(409, 410),
    by_uuid=False,
)
def create_subscription(body: dict[str, Any]) -> Response:
    """Have events sent to an address, or let workers lease them, from now on or from an earlier one on.

    The secret of a webhook is told this once.
    """
    kept = subscriptions().create(owner(), **body)
    return json_answer(_with_secret(kept), 201, headers={"Location": f"/v1/subscriptions/{kept.subscription.id}"})


@RESOURCE.get("/v1/subscriptions", "Subscriptions", query=Paging, refused=(), cached=False)
def list_subscriptions(query: dict[str, Any]) -> Response:
    """The subscriptions of the key, in the order of their ids."""
    page = subscriptions().some(owner(), _after_id(query.get("cursor")), query["limit"])
    return _page("subscriptions", [_told(one) for one in page.items], page.after)


@RESOURCE.get(_ONE, "Subscription", by_uuid=True, cached=False)
def read_subscription(id: str) -> Response:
    """Who gets which events, and how far that is."""
    return json_answer(_told(subscriptions().find(owner(), _id(id))))


@RESOURCE.manage("PATCH", _ONE, "Subscription", body=SubscriptionChanges)
def change_subscription(id: str, body: dict[str, Any]) -> Response:
    """Change where events are sent, from now on, or which ones, of those that were not taken yet."""
    return json_answer(_told(subscriptions().change(owner(), _id(id), body)))


@RESOURCE.manage("DELETE", _ONE, None, done=204)
def delete_subscription(id: str) -> Response:
    """End it, with what is kept of it."""
    subscriptions().delete(owner(), _id(id))
    return Response(status=204)


@RESOURCE.manage("POST", f"{_ONE}/pause", "Subscription")
def pause_subscription(id: str) -> Response:
    """Send or lease nothing until it is resumed; what is under way at this moment may still arrive, and be settled."""
    return json_answer(_told(subscriptions().pause(owner(), _id(id))))


@RESOURCE.manage("POST", f"{_ONE}/resume", "Subscription")
def resume_subscription(id: str) -> Response:
    """Go on where it was, also when the receiver had disabled it."""
    return json_answer(_told(subscriptions().resume(owner(), _id(id))))


@RESOURCE.manage("POST", f"{_ONE}/rewind", "Subscription", body=RewindBody, refused=(404, 410))
def rewind_subscription(id: str, body: dict[str, Any]) -> Response:
    """Send the events after one again, with the same ids; what was pending is dropped."""
    return json_answer(_told(subscriptions().rewind(owner(), _id(id), body["after"])))


@RESOURCE.manage(
    "POST", f"{_ONE}/rotate", "SubscriptionWithSecret", body=RotateBody, needs_body=False, refused=(404, 409)
)
def rotate_secret(id: str, body: dict[str, Any]) -> Response:
    """A new secret, told this once. The one before signs as well for 24 hours, unless the old ones are to end."""
    return json_answer(_with_secret(subscriptions().rotate(owner(), _id(id), ends_old=body["old"] == ENDS)))


@RESOURCE.manage("POST", f"{_ONE}/test", "SubscriptionTest", refused=(404, 409))
def test_subscription(id: str) -> Response:
    """Send one signed event that is in no feed, wait up to four seconds, and tell what came of it."""
    event, at, answer = subscriptions().test(owner(), _id(id))
    return json_answer({"id": event, "attempt": attempt(at, answer)})


@RESOURCE.get(f"{_ONE}/deliveries", "Deliveries", query=DeliveriesQuery, by_uuid=True, cached=False)
def list_deliveries(id: str, query: dict[str, Any]) -> Response:
    """What came of its events, the newest event first. Of the delivered ones the newest 1,000 are kept."""
    before = _before(query.get("cursor"))
    page = subscriptions().deliveries(owner(), _id(id), query.get("state"), before, query["limit"])
    return _page("deliveries", _deliveries(page.items), page.after)


@RESOURCE.manage("POST", f"{_ONE}/deliveries/<position>/replay", "Replayed", refused=(404, 409))
def replay_delivery(id: str, position: str) -> Response:
    """Try an event now: a parked one as if it had never been tried, a failed one before its next attempt is due."""
    return json_answer({"replayed": subscriptions().replay(owner(), _id(id), own_position(position))})


@RESOURCE.manage("POST", f"{_ONE}/replay", "Replayed")
def replay_deliveries(id: str) -> Response:
    """Try all parked and all failed events now."""
    return json_answer({"replayed": subscriptions().replay(owner(), _id(id))})


def _id(text: str) -> UUID:
    return UUID(own_id(text))


def _after_id(cursor: str | None) -> UUID | None:
    try:
        return None if cursor is None else UUID(cursor)
    except ValueError:
        raise _no_cursor() from None


def _before(cursor: str | None) -> int | None:
    try:
        return None if cursor is None else own_position(cursor)
    except BadPath:
        raise _no_cursor() from None


def _no_cursor() -> BadCursor:
    return BadCursor("this is not a cursor of this list", "cursor")


def _page(name: str, told: list[Answer], after: str | None) -> Response:
    following = None
    if after is not None:
        following = f"{request.path}?{urlencode({**request.args.to_dict(), 'cursor': after})}"
    return linked(json_answer({name: told, "next": following}), following)


def _told(one: Subscription) -> Answer:
    return {
        "id": one.id,
        "mode": one.mode,
        "url": one.url,
        "description": one.description,
        "types": None if one.topics is None else [TYPE_PREFIX + topic for topic in one.topics],
        "entities": one.entities,
        "state": one.state,
        "reason": one.reason,
        "position": one.position,
        "cursor": subscriptions().cursor_of(one.position),
        "pending": one.pending,
        "leased": one.leased,
        "parked": one.parked,
        "created_at": one.created_at,
    }


def _with_secret(kept: Kept) -> Answer:
    return {**_told(kept.subscription), "secret": kept.secret}


def _deliveries(found: Sequence[Delivery]) -> list[Answer]:
    return [
        {
            "id": subscriptions().cursor_of(one.position),
            "position": one.position,
            "state": one.state,
            "tries": one.tries,
            "due": one.due if one.state in (WAITING, FAILED, LEASED) else None,
            "attempts": one.attempts,
        }
        for one in found
    ]
