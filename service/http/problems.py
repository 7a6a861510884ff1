"""Errors to answers: one table, one form (RFC 9457)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import msgspec
import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from events.errors import Conflict, DomainError, Invalid, StaleVersion, Unknown
from service.errors import (
    AppendRefused,
    DeadlineExceeded,
    OutcomeUnknown,
    QueryTooExpensive,
    ReadSideBehind,
    RequestMismatch,
    ServiceError,
    StoreFull,
    StoreUnavailable,
    Unstorable,
)
from service.feeds.cursor import BadCursor, OtherEpoch
from service.http.context import request_id
from service.http.errors import (
    BadHeader,
    BodyStalled,
    FromOtherSite,
    MalformedUrl,
    NotAuthorized,
    TooLarge,
    TooManyImports,
    UnsupportedMedia,
    UrlTooLong,
)
from service.intake.errors import MalformedJson, Misshapen
from service.timeline.tokens import BadToken, TokenOfOtherEpoch
from service.transfer.refusals import ImportRefused, ImportRunning, UnknownImport

PROBLEM_JSON = "application/problem+json"
TYPE_PREFIX = "urn:frenemies:problem:"

STATUSES: Mapping[type[Exception], int] = MappingProxyType(
    {
        MalformedJson: 400,
        MalformedUrl: 400,
        BadHeader: 400,
        BadCursor: 400,
        BadToken: 400,
        NotAuthorized: 401,
        FromOtherSite: 403,
        BodyStalled: 408,
        Unknown: 404,
        UnknownImport: 404,
        Conflict: 409,
        AppendRefused: 409,
        OtherEpoch: 410,
        TokenOfOtherEpoch: 410,
        ImportRunning: 409,
        StaleVersion: 412,
        TooLarge: 413,
        UrlTooLong: 414,
        UnsupportedMedia: 415,
        Invalid: 422,
        RequestMismatch: 422,
        Unstorable: 422,
        QueryTooExpensive: 422,
        ImportRefused: 422,
        TooManyImports: 503,
        ReadSideBehind: 503,
        StoreUnavailable: 503,
        OutcomeUnknown: 503,
        DeadlineExceeded: 503,
        StoreFull: 507,
    }
)
"""The status of each refusal; of an error that is not named, that of its nearest ancestor. All others are 500."""

_OF_HTTP: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        400: ("bad-request", "The request cannot be understood."),
        404: ("not-found", "There is nothing at this address."),
        405: ("method-not-allowed", "The address does not take this method."),
        413: ("too-large", "The request brings more than the service takes at once."),
    }
)
_HEADERS: Mapping[int, Mapping[str, str]] = MappingProxyType(
    {
        401: {"WWW-Authenticate": 'Bearer realm="frenemies"'},
        410: {"Link": '</v1/feed>; rel="start"'},
        503: {"Retry-After": "1"},
    }
)
_TELLING = (RequestMismatch, ReadSideBehind, QueryTooExpensive)
"""Failures whose detail is meant for the client; that of all others may tell of the inside."""

_log = structlog.get_logger(__name__)


def register(app: Flask) -> None:
    """Lets the application answer every error with a problem."""
    app.register_error_handler(DomainError, _refusal)
    app.register_error_handler(ServiceError, _failure)
    app.register_error_handler(HTTPException, http_problem)
    app.register_error_handler(Exception, _accident)


def code_of(error: type[Exception]) -> str:
    """The stable name of an error: its own, or that of its class."""
    named = next(cls for cls in error.__mro__ if not cls.__name__.startswith("_"))
    return str(getattr(named, "code", "") or re.sub("(?<=[a-z])(?=[A-Z])", "-", named.__name__).lower())


def status_of(error: type[Exception]) -> int:
    """The status of an error."""
    return next((STATUSES[cls] for cls in error.__mro__ if cls in STATUSES), 500)


def problem(status: int, code: str, title: str, detail: str = "", **more: Any) -> Response:
    """A problem as an answer."""
    told = {
        "type": TYPE_PREFIX + code,
        "title": title,
        "status": status,
        "detail": detail or title,
        "instance": request.path,
        "request_id": request_id(),
        **more,
    }
    return Response(msgspec.json.encode(told), status, _HEADERS.get(status), content_type=PROBLEM_JSON)


def refusal_of(error: DomainError | ServiceError) -> Response:
    """The problem of an error as an answer; what is no refusal of the domain is logged."""
    return _failure(error) if isinstance(error, ServiceError) else _refusal(error)


def told(error: ServiceError) -> msgspec.Raw:
    """The problem of a failure, for an answer that has begun already."""
    return msgspec.Raw(_failure(error).get_data())


def _refusal(error: DomainError) -> Response:
    status = status_of(type(error))
    faults = list(_faults(error)) if status != 404 else []
    more: dict[str, Any] = {"errors": faults} if faults else {}
    if isinstance(error, OtherEpoch):
        more["resync"] = "/v1/feed"
    return problem(status, error.code, error.title, error.detail, **more)


def _faults(error: DomainError) -> Iterator[dict[str, Any]]:
    """Each thing that is wrong: where, as a pointer into that part of the request, and what."""
    for pointer, detail in getattr(error, "faults", None) or [(error.pointer, error.detail)]:
        is_name = bool(pointer) and not pointer.startswith("/")
        part = getattr(error, "part", "query" if is_name else "body")
        fault: dict[str, Any] = {"in": part, "pointer": f"/{pointer}" if is_name else pointer, "detail": detail}
        if isinstance(error, MalformedJson) and error.place is not None:
            fault |= error.place._asdict()
        if pointer or isinstance(error, MalformedJson | Misshapen):
            yield fault


def _failure(error: ServiceError) -> Response:
    status = status_of(type(error))
    if status == 500:
        return _accident(error)
    if status > 500:
        _log.warning("not served", error=str(error), path=request.path, request_id=request_id())
    return problem(status, code_of(type(error)), error.title, detail_of(error))


def detail_of(error: DomainError | ServiceError) -> str:
    """What may be told about a refusal: of what failed outside of the domain mostly nothing but its title."""
    return error.detail if isinstance(error, (DomainError, *_TELLING)) else ""


def http_problem(error: HTTPException) -> Response:
    """The framework's own refusals."""
    status = error.code or 500
    code, title = _OF_HTTP.get(status, (f"http-{status}", error.name))
    answer = problem(status, code, title)
    for name, value in error.get_headers():
        if name == "Allow":
            answer.headers[name] = value
    return answer


def _accident(error: Exception) -> Response:
    _log.error("unexpected error", path=request.path, request_id=request_id(), exc_info=error)
    return problem(500, "internal-error", "Something went wrong inside the service.")
