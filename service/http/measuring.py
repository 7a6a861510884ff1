"""How long every answer takes and what is logged of it, by the template of its address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from time import perf_counter
from typing import cast

from flask import Flask, Response, g, request

from service import metrics, request_log, tracing
from service.request_log import REQUEST_ID, TRACE_PARENT, UNKNOWN_ROUTE, Answered, known_method

_BODILESS = (204, 304)


def register(app: Flask) -> None:
    """Measures the application. Registered first, it times what the guards do too, and sees the answer last."""
    app.before_request(_start)
    app.after_request(_observe)


def _start() -> None:
    """Names the request, by its own id or a new one, and begins its span."""
    g.started = perf_counter()
    headers = request.headers
    parent = headers.get(TRACE_PARENT, "")
    g.span = span = tracing.whole(f"{known_method(request.method)} {_route()}", parent).__enter__()
    g.request_id = request_log.begin(headers.get(REQUEST_ID, ""), span.trace_id or request_log.trace_of(parent))


def _observe(response: Response) -> Response:
    started, key, span = g.started, g.get("key"), g.span
    route, method, status = _route(), known_method(request.method), response.status_code
    metrics.observe_request(perf_counter() - started, route, method, status)
    sent = _Sent(response, method)

    def tell() -> None:  # without the answer, which keeps this: who leaves it open would else wait for the collector
        span.note(**{"http.request.method": method, "http.route": route})
        span.note(**{"http.response.status_code": status})
        span.__exit__(None, None, None)
        request_log.end(Answered(method, route, status, perf_counter() - started, sent.size, key))

    if response.direct_passthrough:  # a file, which the server sends by itself and tells nobody of its end
        tell()
    else:
        response.call_on_close(tell)
    return response


def _route() -> str:
    return request.url_rule.rule if request.url_rule else UNKNOWN_ROUTE


class _Sent:
    """How many bytes of the body of an answer are sent: known beforehand, else counted as they go."""

    def __init__(self, response: Response, method: str) -> None:
        self.size = 0
        if method == "HEAD" or response.status_code in _BODILESS:
            return
        if response.direct_passthrough:
            self.size = response.content_length or 0
        elif response.is_sequence:
            self.size = sum(map(len, response.response))
        else:
            response.response = cast(Iterable[bytes], self._counted(response.response))

    def _counted(self, parts: Iterable[str | bytes]) -> Iterator[str | bytes]:
        try:
            for part in parts:
                self.size += len(part)
                yield part
        finally:
            if hasattr(parts, "close"):
                parts.close()
