"""The line that is logged of each request, and what names the request in every line that is logged meanwhile.

Nothing that was sent is in them but ids of the right form: of the address the template, no query, no header, no body.
"""

from __future__ import annotations

import logging
import re
from typing import NamedTuple
from uuid import uuid4

from structlog.contextvars import bind_contextvars, clear_contextvars

REQUEST_ID = "X-Request-Id"
TRACE_PARENT = "traceparent"
UNKNOWN_ROUTE = "unknown"
"""What stands for all addresses at which there is nothing."""
PROBES = frozenset(("/healthz", "/readyz"))
"""What machines ask each few seconds: only what is wrong with them is worth a line."""
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_ID = re.compile("[A-Za-z0-9._-]{1,128}")
# W3C Trace Context: version, trace, parent, flags; a later version may say more behind them.
_PARENT = re.compile(
    "(?:00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
    "|(?!00|ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?)"
)
_log = logging.getLogger(__name__)


class Answered(NamedTuple):
    """A request that was answered. `route` is the template of its address, `key` the id of the key that let it in."""

    method: str
    route: str
    status: int
    seconds: float
    bytes: int
    key: str | None = None

    def __str__(self) -> str:
        """For a person."""
        return f"{self.method} {self.route} {self.status}, {self.bytes} bytes in {self.seconds * 1000:.1f} ms"


def begin(request_id: str, trace: str | None = None) -> str:
    """From now on all lines of this thread, or task, name a request. Gives its id: the one it has, or a new one."""
    clear_contextvars()
    own = request_id if _ID.fullmatch(request_id) else uuid4().hex
    bind_contextvars(request_id=own)
    if trace is not None:
        bind_contextvars(trace_id=trace)
    return own


def end(answered: Answered) -> None:
    """Logs the request; lines after it name none."""
    if answered.route not in PROBES or answered.status != 200:
        _log.info(answered)
    clear_contextvars()


def tell_nothing() -> None:
    """No line is logged of requests from now on."""
    _log.setLevel(logging.WARNING)


def known_method(method: str) -> str:
    """The method, or what stands for all that are none."""
    return method if method in _METHODS else "other"


def trace_of(parent: str) -> str | None:
    """The trace that a `traceparent` names; None for one that is none."""
    found = _PARENT.fullmatch(parent) if parent else None
    return None if found is None else found[1] or found[2]
