"""Whether the service runs, and how far it is."""

from __future__ import annotations

from dataclasses import asdict
from math import inf
from typing import Any

from flask import Response

from service.http.api import Resource
from service.http.context import surroundings, timeline
from service.http.demands import OPEN
from service.http.jsons import json_answer
from service.http.problems import problem
from service.http.query import ReadinessQuery
from service.replica.standing import Standing

_TITLE = "Questions cannot be answered now."
RESOURCE = Resource("running", "Whether the service runs.", reads=OPEN, is_current=True)


@RESOURCE.get("/healthz", "Health", refused=())
def read_health() -> Response:
    """Whether the process answers."""
    return json_answer({"status": "ok"})


@RESOURCE.get("/readyz", "Readiness", query=ReadinessQuery, refused=())
def read_readiness(query: dict[str, Any]) -> Response:
    """Whether questions can be answered; 503 when not, or when a follower is behind by more than `max_lag` seconds.

    So it is where questions are answered from a replica of the database that is behind by more than that.
    """
    readiness = timeline().readiness()
    following = readiness.following
    standing = _standing()
    told = {
        "following": following.plain() if following else None,
        "replica": standing.plain() if standing else None,
    }
    if not readiness.ready:
        return problem(503, "not-ready", _TITLE, readiness.reason, **told)
    most = query.get("max_lag", inf)
    if following is not None and most < inf and following.is_later_than(most):
        return problem(503, "not-ready", _TITLE, following.lateness, **told)
    ready_lag = surroundings().settings.ready_lag
    longest = min(most, inf if ready_lag is None else ready_lag)
    if standing is not None and standing.follows and standing.lag_seconds > longest:
        return problem(503, "not-ready", _TITLE, standing.lateness, **told)
    return json_answer(asdict(readiness) | told)


def _standing() -> Standing | None:
    replicated = surroundings().replicated
    return None if replicated is None else replicated.standing()
