"""Errors to answers: one table, one form (RFC 9457). No web framework: the feed process answers by it as well."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from events.errors import Conflict, DomainError, Invalid, StaleVersion, Unknown
from service.errors import (
    AppendRefused,
    DeadlineExceeded,
    OutcomeUnknown,
    OutOfTime,
    QueryTooExpensive,
    ReadOnly,
    ReadSideBehind,
    RequestMismatch,
    ServiceError,
    StoreFull,
    StoreUnavailable,
    TooManyQuestions,
    Unstorable,
)
from service.feeds.cursor import BadCursor, OtherEpoch
from service.hooks.errors import TooManyTests
from service.http.errors import (
    BadHeader,
    BodyBroken,
    BodyStalled,
    FromOtherSite,
    MalformedUrl,
    NoFeedProcess,
    TooLarge,
    TooManyImports,
    TooManyReplays,
    TooManyStreams,
    UnsupportedMedia,
    UrlTooLong,
)
from service.intake.errors import MalformedJson, Misshapen
from service.keys.errors import Forbidden, NotAuthorized
from service.rates.errors import QuotaExceeded
from service.timeline.tokens import BadToken, TokenOfOtherEpoch
from service.transfer.refusals import ImportRefused, ImportRunning, UnknownImport

PROBLEM_JSON = "application/problem+json"
TYPE_PREFIX = "urn:frenemies:problem:"

STATUSES: Mapping[type[Exception], int] = MappingProxyType(
    {
        MalformedJson: 400,
        MalformedUrl: 400,
        BadHeader: 400,
        BodyBroken: 400,
        BadCursor: 400,
        BadToken: 400,
        NotAuthorized: 401,
        Forbidden: 403,
        FromOtherSite: 403,
        ReadOnly: 403,
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
        TooManyQuestions: 503,
        QuotaExceeded: 429,
        TooManyTests: 503,
        TooManyImports: 503,
        TooManyReplays: 503,
        TooManyStreams: 503,
        NoFeedProcess: 503,
        ReadSideBehind: 503,
        StoreUnavailable: 503,
        OutcomeUnknown: 503,
        DeadlineExceeded: 503,
        StoreFull: 507,
    }
)
"""The status of each refusal; of an error that is not named, that of its nearest ancestor. All others are 500."""

_BEARER = 'Bearer realm="frenemies"'
_HEADERS: Mapping[int, Mapping[str, str]] = MappingProxyType(
    {
        401: {"WWW-Authenticate": _BEARER},
        503: {"Retry-After": "1"},
    }
)
_TELLING = (ReadOnly, RequestMismatch, ReadSideBehind, QueryTooExpensive, TooManyQuestions, OutOfTime)
"""Failures whose detail is meant for the client; that of all others may tell of the inside."""


def code_of(error: type[Exception]) -> str:
    """The stable name of an error: its own, or that of its class."""
    named = next(cls for cls in error.__mro__ if not cls.__name__.startswith("_"))
    return str(getattr(named, "code", "") or re.sub("(?<=[a-z])(?=[A-Z])", "-", named.__name__).lower())


def status_of(error: type[Exception]) -> int:
    """The status of an error."""
    return next((STATUSES[cls] for cls in error.__mro__ if cls in STATUSES), 500)


def told(status: int, code: str, title: str, detail: str, path: str, request_id: str, **more: Any) -> dict[str, Any]:
    """A problem as plain data."""
    return {
        "type": TYPE_PREFIX + code,
        "title": title,
        "status": status,
        "detail": detail or title,
        "instance": path,
        "request_id": request_id,
        **more,
    }


def headers_of(status: int, told: Mapping[str, Any]) -> dict[str, str]:
    """What a problem says in its headers."""
    if status == 403 and "scope" in told:
        return {"WWW-Authenticate": f'{_BEARER}, error="insufficient_scope", scope="{told["scope"]}"'}
    if status == 429 and "retry_after" in told:
        return {"Retry-After": str(told["retry_after"])}
    resync = {"Link": f'<{told["resync"]}>; rel="start"'} if "resync" in told else {}
    return {**_HEADERS.get(status, {}), **resync}


def more_of(error: DomainError) -> dict[str, Any]:
    """What a refusal tells besides: what is wrong, the scopes that a key lacks, when to ask again, where to begin."""
    if isinstance(error, Forbidden):
        return {"scope": " ".join(error.missing)}
    if isinstance(error, QuotaExceeded):
        return {"retry_after": error.spent.retry_after}
    faults = list(_faults(error)) if status_of(type(error)) != 404 else []
    more: dict[str, Any] = {"errors": faults} if faults else {}
    return more | {"resync": error.resync} if isinstance(error, OtherEpoch) else more


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


def detail_of(error: DomainError | ServiceError) -> str:
    """What may be told about a refusal: of what failed outside of the domain mostly nothing but its title."""
    return error.detail if isinstance(error, (DomainError, *_TELLING)) else ""
