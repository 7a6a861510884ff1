"""How far the projections are, and their rebuilds."""

from __future__ import annotations

from flask import Response

from service.http.api import Resource
from service.http.context import timeline
from service.http.jsons import json_answer

RESOURCE = Resource("projections", "The tables that questions are answered from.")


@RESOURCE.get("/v1/projections", "Projections", refused=())
def read_projections() -> Response:
    """How far each projection is, what it holds back, and the last rebuild of it with rate and time left."""
    return json_answer({"projections": [status.plain() for status in timeline().projections()]})
