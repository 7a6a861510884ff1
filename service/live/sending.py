"""One answer of the feed process: named after its request, counted, and logged when it is over."""

from __future__ import annotations

from collections.abc import Collection, Coroutine, Mapping
from time import perf_counter
from types import TracebackType
from typing import Any, Self

from service import metrics, request_log
from service.live.asking import Request
from service.live.links import Send
from service.request_log import REQUEST_ID, TRACE_PARENT, Answered, known_method, trace_of

_GONE = 499
"""What is logged of a client that left before an answer began."""


class Sending:
    """The way to a client for one answer, for the time of the block. It is called like that of ASGI.

    `key`: the id of the key that let the client in, once that is known.
    """

    __slots__ = ("_begun", "_headers", "_method", "_route", "_send", "_size", "_status", "key", "request_id")

    def __init__(self, send: Send, request: Request, known: Collection[str]) -> None:
        """`known` are the addresses there are: no other one is logged, nor counted."""
        self._send = send
        self._method = known_method(request.method)
        self._route = request.path if request.path in known else request_log.UNKNOWN_ROUTE
        self._headers: Mapping[str, str] = request.headers
        self._begun = perf_counter()
        self._status = _GONE
        self._size = 0
        self.key: str | None = None
        self.request_id = ""

    def __enter__(self) -> Self:
        headers = self._headers
        self.request_id = request_log.begin(
            headers.get(REQUEST_ID.lower(), ""), trace_of(headers.get(TRACE_PARENT, ""))
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        metrics.FEED_ANSWERS.labels(self._route, str(self._status)).inc()
        seconds = perf_counter() - self._begun
        request_log.end(Answered(self._method, self._route, self._status, seconds, self._size, self.key))

    def __call__(self, message: dict[str, Any]) -> Coroutine[Any, Any, None]:
        """Sends a part; the first one gets the id of the request, and to HEAD nothing of the body is sent."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            message["headers"] = [*message["headers"], (REQUEST_ID.lower().encode(), self.request_id.encode())]
        elif self._method == "HEAD":
            message["body"] = b""
        else:
            self._size += len(message["body"])
        return self._send(message)
