"""Whether the service runs, and how far it is."""

from __future__ import annotations

from dataclasses import asdict

from flask import Response

from service.http.api import Resource
from service.http.context import timeline
from service.http.plain import json_answer
from service.http.problems import problem

RESOURCE = Resource("running", "Whether the service runs.")


@RESOURCE.get("/healthz", "Health", refused=())
def read_health() -> Response:
    """Whether the process answers."""
    return json_answer({"status": "ok"})


@RESOURCE.get("/readyz", "Readiness", refused=())
def read_readiness() -> Response:
    """Whether questions can be answered; 503 when not."""
    readiness = timeline().readiness()
    if not readiness.ready:
        return problem(503, "not-ready", "Questions cannot be answered now.", readiness.reason)
    return json_answer(asdict(readiness))
