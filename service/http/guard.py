"""What happens to every request before its handler, and to every answer after it."""

from __future__ import annotations

import re

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import NotFound

from service.errors import ReadOnly
from service.feeds.forms import EVENT_STREAM
from service.http import security
from service.http.context import surroundings
from service.http.demands import demanded
from service.http.elsewhere import feed_origin
from service.http.errors import MalformedUrl, UrlTooLong
from service.http.keys import bearer, password
from service.request_log import REQUEST_ID

LONGEST_URL = 8_000
"""Of path and query, below what the web server in front cuts off."""
_CONTROL = re.compile("[\x00-\x1f\x7f]")
_PAGES = "pages"
"""The blueprint of the pages."""
_READING = ("GET", "HEAD")
_BASIC = 'Basic realm="frenemies", charset="UTF-8"'


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
    """Lets in who holds a key that allows what is asked for: `holder` tells who that is. What is open needs none."""
    demand = demanded(current_app, request)
    if not demand.is_open:
        g.holder = surroundings().keys.holder(_given_key())
        g.key = g.holder.id
        g.holder.demand(*demand.scopes)


def _check_writable() -> None:
    """A follower is there to be read: all else is for its leader."""
    leader = surroundings().settings.follow
    if leader is not None and request.method not in (*_READING, "OPTIONS"):
        raise ReadOnly(leader)


def _given_key() -> bytes | None:
    """What is shown in the header; None where there is none.

    A browser can only ask for a password: it may send the key as one to the pages, and to read.
    """
    header = request.headers.get("Authorization")
    if header is None:
        return None
    is_for_browsers = request.blueprint == _PAGES or request.method in _READING
    given = bearer(header)
    if given is None and is_for_browsers:
        given = password(header)
    return given or b""


def _finish(response: Response) -> Response:
    response.headers.update(security.ALWAYS)
    is_page = request.blueprint == _PAGES
    response.headers[security.POLICY] = security.policy_of_page(feed_origin()) if is_page else security.NOTHING
    response.headers[REQUEST_ID] = str(g.get("request_id", ""))
    response.headers.setdefault("Cache-Control", "no-store")
    if response.status_code == 401:
        _ask_for_password(response)
    return response


def _ask_for_password(response: Response) -> None:
    """What a browser is told that has no key. Of a stream, which a page opens, it sends the password that it has."""
    if request.blueprint == _PAGES:
        response.headers["WWW-Authenticate"] = _BASIC
    elif EVENT_STREAM in request.headers.get("Accept", ""):
        response.headers.add("WWW-Authenticate", _BASIC)
