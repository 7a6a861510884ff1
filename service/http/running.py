"""Whether the service runs, and how far it is."""

from __future__ import annotations

from dataclasses import asdict
from math import inf
from typing import Any

from flask import Response

from service.http.api import Resource
from service.http.context import timeline
from service.http.demands import OPEN
from service.http.jsons import json_answer
from service.http.problems import problem
from service.http.query import ReadinessQuery

_TITLE = "Questions cannot be answered now."
RESOURCE = Resource("running", "Whether the service runs.", reads=OPEN)


@RESOURCE.get("/healthz", "Health", refused=())
def read_health() -> Response:
    """Whether the process answers."""
    return json_answer({"status": "ok"})


@RESOURCE.get("/readyz", "Readiness", query=ReadinessQuery, refused=())
def read_readiness(query: dict[str, Any]) -> Response:
    """Whether questions can be answered; 503 when not, or when a follower is behind by more than `max_lag` seconds."""
    readiness = timeline().readiness()
    following = readiness.following
    told = following.plain() if following else None
    if not readiness.ready:
        return problem(503, "not-ready", _TITLE, readiness.reason, following=told)
    if following is not None and following.lag_seconds > query.get("max_lag", inf):
        return problem(503, "not-ready", _TITLE, following.lateness, following=told)
    return json_answer(asdict(readiness) | {"following": told})
