"""How long every answer takes, counted by the template of its address."""

from __future__ import annotations

from time import perf_counter

from flask import Flask, Response, g, request

from service import metrics

UNKNOWN_ROUTE = "unknown"
OTHER_METHOD = "other"
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


def register(app: Flask) -> None:
    """Measures the application. Registered first, it times what the guards do too."""
    app.before_request(_start)
    app.after_request(_observe)


def _start() -> None:
    g.started = perf_counter()


def _observe(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else UNKNOWN_ROUTE
    method = request.method if request.method in _METHODS else OTHER_METHOD
    metrics.observe_request(perf_counter() - g.started, route, method, response.status_code)
    return response
