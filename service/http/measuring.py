"""How long every answer takes and what is logged of it, by the template of its address."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, nullcontext
from time import perf_counter
from typing import cast

from flask import Flask, Response, g, request

from service import metrics, request_log
from service.request_log import UNKNOWN_ROUTE, Answered

OTHER_METHOD = "other"
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_BODILESS = (204, 304)


def register(app: Flask) -> None:
    """Measures the application. Registered first, it times what the guards do too, and sees the answer last."""
    app.before_request(_start)
    app.after_request(_observe)


def _start() -> None:
    g.started = perf_counter()


def _observe(response: Response) -> Response:
    started, key = g.started, g.get("key")
    route = request.url_rule.rule if request.url_rule else UNKNOWN_ROUTE
    method = request.method if request.method in _METHODS else OTHER_METHOD
    metrics.observe_request(perf_counter() - started, route, method, response.status_code)
    sent = _Sent(response, method)

    def tell() -> None:
        request_log.end(Answered(method, route, response.status_code, perf_counter() - started, sent.size, key))

    if response.direct_passthrough:  # a file, which the server sends by itself and tells nobody of its end
        tell()
    else:
        response.call_on_close(tell)
    return response


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
        with closing(parts) if isinstance(parts, Generator) else nullcontext():
            for part in parts:
                self.size += len(part)
                yield part
