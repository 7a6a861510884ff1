"""What happens to every request before its handler, and to every answer after it."""

from __future__ import annotations

import re
from uuid import uuid4

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import NotFound

from service.errors import ReadOnly
from service.http.admission import PAGES, READING, admit
from service.http.context import surroundings
from service.http.demands import demanded
from service.http.elsewhere import feed_origin
from service.http.errors import MalformedUrl, UrlTooLong
from service.rates.spent import Spent

LONGEST_URL = 8_000
"""Of path and query, below what the web server in front cuts off."""
REQUEST_ID = "X-Request-Id"
_REQUEST_ID = re.compile("[A-Za-z0-9._-]{1,128}")
_CONTROL = re.compile("[\x00-\x1f\x7f]")
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src {connect}; img-src 'self' blob:;"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def register(app: Flask) -> None:
    """Guards the application."""
    app.before_request(_name_request)
    app.before_request(_check_url)
    app.before_request(_check_key)
    app.before_request(_check_writable)
    app.after_request(_finish)


def _name_request() -> None:
    given = request.headers.get(REQUEST_ID, "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex


def _check_url() -> None:
    path, query = request.environ.get("PATH_INFO", ""), request.environ.get("QUERY_STRING", "")
    if len(path) + len(query) > LONGEST_URL:
        raise UrlTooLong(f"path and query have at most {LONGEST_URL} bytes")
    if _CONTROL.search(path):
        raise MalformedUrl("a path holds no control characters")
    # gunicorn makes one slash of two at the beginning; there is one address for one thing.
    if request.environ.get("RAW_URI", "").startswith("//"):
        raise NotFound


def _check_key() -> None:
    """Lets in who may do what is asked for. What is open needs no key, and is not counted."""
    demand = demanded(current_app, request)
    if not demand.is_open:
        admit(demand)


def _check_writable() -> None:
    """A follower is there to be read: all else is for its leader. To log in and out, which is open, records nothing."""
    leader = surroundings().settings.follow
    is_reading = request.method in (*READING, "OPTIONS") or demanded(current_app, request).is_open
    if leader is not None and not is_reading:
        raise ReadOnly(leader)


def _finish(response: Response) -> Response:
    response.headers.extend(_SECURITY)
    response.headers["Content-Security-Policy"] = _POLICY.format(connect=_reached())
    response.headers[REQUEST_ID] = str(g.get("request_id", ""))
    response.headers.setdefault("Cache-Control", "no-store")
    spent: Spent | None = g.get("spent")
    if spent is not None:
        response.headers.update(spent.headers)
    return response


def _reached() -> str:
    """What the scripts of an answer may connect to: those of a page also follow the feed of another process."""
    origin = feed_origin() if request.blueprint == PAGES else None
    return "'self'" if origin is None else f"'self' {origin}"
