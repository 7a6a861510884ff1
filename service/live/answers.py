"""Answers of the feed process: their headers, and problems (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
import structlog

from events.errors import DomainError
from service import metrics
from service.errors import ServiceError
from service.http import security, statuses
from service.live.asking import Request
from service.live.links import Send
from service.live.sending import Sending

JSON = "application/json"
ALWAYS: Mapping[str, str] = {
    **security.ALWAYS,
    security.POLICY: security.NOTHING,
    "Vary": "Accept, Origin",
    "Cache-Control": "no-store",
}
_METHOD, _TAKEN = ("method-not-allowed", "The address does not take this method."), "GET, HEAD"
_log = structlog.get_logger(__name__)


async def begin(send: Send, status: int, media: str, headers: Mapping[str, str]) -> None:
    """Sends status and headers; those given count more than those of every answer."""
    written = {**ALWAYS, "Content-Type": media, **headers}
    await send({"type": "http.response.start", "status": status, "headers": _encoded(tuple(written.items()))})


async def answer(send: Send, body: bytes, media: str, headers: Mapping[str, str], status: int = 200) -> None:
    """Sends a whole answer."""
    await begin(send, status, media, {**headers, "Content-Length": str(len(body))})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def refuse(send: Sending, request: Request, error: Exception, headers: Mapping[str, str]) -> None:
    """Sends the problem of an error; one that nobody foresaw is logged, and tells nothing of the inside."""
    status, code, title, detail, more = _told(error)
    if status >= 500:
        _log.warning("not served", error=str(error), path=request.path, exc_info=status == 500)
    told = statuses.told(status, code, title, detail, request.path, send.request_id, **more)
    given = {**statuses.headers_of(status, more), **headers}
    await answer(send, msgspec.json.encode(told), statuses.PROBLEM_JSON, given, status)


async def refuse_method(send: Sending, request: Request) -> None:
    """Sends the problem of a method that no address here takes."""
    told = statuses.told(405, *_METHOD, f"It takes {_TAKEN}.", request.path, send.request_id)
    await answer(send, msgspec.json.encode(told), statuses.PROBLEM_JSON, {"Allow": _TAKEN}, 405)


@lru_cache(100)
def _encoded(headers: tuple[tuple[str, str], ...]) -> list[tuple[bytes, bytes]]:
    """Thousands of streams share their headers, which the server keeps as long as they last."""
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]


def _told(error: Exception) -> tuple[int, str, str, str, dict[str, Any]]:
    if isinstance(error, DomainError):
        metrics.observe_refusal(error.code)
        status = statuses.status_of(type(error))
        return status, error.code, error.title, error.detail, statuses.more_of(error)
    if isinstance(error, ServiceError) and statuses.status_of(type(error)) != 500:
        status = statuses.status_of(type(error))
        return status, statuses.code_of(type(error)), error.title, statuses.detail_of(error), {}
    return 500, "internal-error", "Something went wrong inside the service.", "", {}
