"""Followers of this service: each says by itself how far it is (docs/following.md)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from events.errors import DomainError
from events.text import clean_name
from service.feeds.question import cursor_position
from service.http.api import Resource
from service.http.context import holder, overview, own_id, timeline
from service.http.demands import needs
from service.http.operator_shapes import FollowerBody
from service.keys.scopes import FEED_READ

RESOURCE = Resource(
    "followers", "Services that follow this one (docs/following.md).", writes=needs(FEED_READ, records=False)
)


@RESOURCE.manage("PUT", "/v1/log/followers/<id>", None, body=FollowerBody, done=204, refused=(410,))
def hear_of_follower(id: str, body: dict[str, Any]) -> Response:
    """Say how far a follower is, as each does every few seconds; an operator sees it. It is forgotten after a day."""
    name = UUID(own_id(id))
    called, position = clean_name(body["name"], "/name"), _position(body["cursor"])
    overview().followers.hear(name, called, holder().id, position)
    return Response(status=204)


def _position(cursor: str) -> int:
    try:
        return cursor_position(cursor, timeline().feed, timeline().recent_epoch())
    except DomainError as error:
        raise type(error)(error.detail, "/cursor") from None
