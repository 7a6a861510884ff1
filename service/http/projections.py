"""How far the projections are, and their rebuilds."""

from __future__ import annotations

from flask import Response

from service.http.api import Resource
from service.http.context import timeline
from service.http.demands import needs
from service.http.jsons import json_answer
from service.keys.scopes import STATE_READ

RESOURCE = Resource(
    "projections", "The tables that questions are answered from.", reads=needs(STATE_READ), is_current=True
)


@RESOURCE.get("/v1/projections", "Projections", refused=())
def read_projections() -> Response:
    """How far each projection is, what it holds back, and the last rebuild of it with rate and time left."""
    return json_answer({"projections": [status.plain() for status in timeline().projections()]})
