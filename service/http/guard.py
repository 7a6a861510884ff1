"""What happens to every request before its handler, and to every answer after it."""

from __future__ import annotations

import re

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import NotFound

from service.errors import ReadOnly
from service.http import security
from service.http.admission import PAGES, READING, admit
from service.http.context import surroundings
from service.http.demands import demanded
from service.http.elsewhere import feed_origin
from service.http.errors import MalformedUrl, UrlTooLong
from service.rates.spent import Spent
from service.request_log import REQUEST_ID

LONGEST_URL = 8_000
"""Of path and query, below what the web server in front cuts off."""
_CONTROL = re.compile("[\x00-\x1f\x7f]")


def register(app: Flask) -> None:
    """Guards the application."""
    app.before_request(_check_url)
    app.before_request(_check_key)
    app.before_request(_check_writable)
    app.after_request(_finish)


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
    """A follower is there to be read: all else is for its leader, but what records nothing, as logging in and out."""
    leader, demand = surroundings().settings.follow, demanded(current_app, request)
    is_reading = request.method in (*READING, "OPTIONS") or demand.is_open or not demand.records
    if leader is not None and not is_reading:
        raise ReadOnly(leader)


def _finish(response: Response) -> Response:
    response.headers.update(security.ALWAYS)
    is_page = request.blueprint == PAGES
    response.headers[security.POLICY] = security.policy_of_page(feed_origin()) if is_page else security.NOTHING
    response.headers[REQUEST_ID] = str(g.get("request_id", ""))
    response.headers.setdefault("Cache-Control", "no-store")
    spent: Spent | None = g.get("spent")
    if spent is not None:
        response.headers.update(spent.headers)
    return response
