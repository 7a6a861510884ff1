"""Errors as answers of the application (see `service.http.statuses`)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import msgspec
import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from events.errors import DomainError
from service import metrics
from service.errors import ReadOnly, ServiceError
from service.http import statuses
from service.http.context import request_id
from service.http.statuses import PROBLEM_JSON, code_of, detail_of, more_of, status_of

_OF_HTTP: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        400: ("bad-request", "The request cannot be understood."),
        404: ("not-found", "There is nothing at this address."),
        405: ("method-not-allowed", "The address does not take this method."),
        413: ("too-large", "The request brings more than the service takes at once."),
    }
)
_log = structlog.get_logger(__name__)


def register(app: Flask) -> None:
    """Lets the application answer every error with a problem."""
    app.register_error_handler(DomainError, _refusal)
    app.register_error_handler(ServiceError, _failure)
    app.register_error_handler(HTTPException, http_problem)
    app.register_error_handler(Exception, _accident)


def problem(status: int, code: str, title: str, detail: str = "", **more: Any) -> Response:
    """A problem as an answer."""
    told = statuses.told(status, code, title, detail, request.path, request_id(), **more)
    return Response(msgspec.json.encode(told), status, statuses.headers_of(status, more), content_type=PROBLEM_JSON)


def refusal_of(error: DomainError | ServiceError) -> Response:
    """The problem of an error as an answer; what is no refusal of the domain is logged."""
    return _failure(error) if isinstance(error, ServiceError) else _refusal(error)


def told(error: ServiceError) -> msgspec.Raw:
    """The problem of a failure, for an answer that has begun already."""
    return msgspec.Raw(_failure(error).get_data())


def _refusal(error: DomainError) -> Response:
    metrics.observe_refusal(error.code)
    return problem(status_of(type(error)), error.code, error.title, error.detail, **more_of(error))


def _failure(error: ServiceError) -> Response:
    status = status_of(type(error))
    if status == 500:
        return _accident(error)
    if status > 500:
        _log.warning("not served", error=str(error), path=request.path)
    if isinstance(error, ReadOnly):
        return _elsewhere(error, status)
    return problem(status, code_of(type(error)), error.title, detail_of(error))


def _elsewhere(error: ReadOnly, status: int) -> Response:
    """Where to record what cannot be recorded here: at the same address of the leader (RFC 5023, 11.1)."""
    answer = problem(status, code_of(type(error)), error.title, detail_of(error), leader=error.leader)
    answer.headers.add("Link", f'<{error.leader}{quote(request.path)}>; rel="edit"')
    return answer


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
    _log.error("unexpected error", path=request.path, exc_info=error)
    return problem(500, "internal-error", "Something went wrong inside the service.")
