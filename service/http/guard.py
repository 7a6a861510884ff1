"""What happens to every request before its handler, and to every answer after it."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64
from uuid import uuid4

from flask import Flask, Response, g, request
from werkzeug.exceptions import NotFound

from service.errors import ReadOnly
from service.feeds.forms import EVENT_STREAM
from service.http import security
from service.http.context import surroundings
from service.http.elsewhere import feed_origin
from service.http.errors import MalformedUrl, NotAuthorized, UrlTooLong
from service.http.keys import bearer, is_key, not_let_in

LONGEST_URL = 8_000
"""Of path and query, below what the web server in front cuts off."""
REQUEST_ID = "X-Request-Id"
_REQUEST_ID = re.compile("[A-Za-z0-9._-]{1,128}")
_CONTROL = re.compile("[\x00-\x1f\x7f]")
_OPEN = frozenset(("/healthz", "/readyz", "/docs", "/openapi.yaml", "/openapi.json", "/asyncapi.yaml"))
_PAGES = "pages"
"""The blueprint of the pages."""
_READING = ("GET", "HEAD")
_BASIC = 'Basic realm="frenemies", charset="UTF-8"'


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
    """Everything but health, documentation and style needs the key, once there is one."""
    key = surroundings().settings.admin_key
    if key is None or request.path in _OPEN or request.path.startswith("/static/"):
        return
    if not is_key(_given_key(), key):
        raise NotAuthorized(not_let_in("Authorization" in request.headers))


def _check_writable() -> None:
    """A follower is there to be read: all else is for its leader."""
    leader = surroundings().settings.follow
    if leader is not None and request.method not in (*_READING, "OPTIONS"):
        raise ReadOnly(leader)


def _given_key() -> bytes:
    """The key in the header. A browser can only ask for a password: it may send it as one to the pages, and to read."""
    header = request.headers.get("Authorization", "")
    key = bearer(header)
    if key is not None:
        return key
    scheme, _, given = header.partition(" ")
    if scheme.lower() == "basic" and (request.blueprint == _PAGES or request.method in _READING):
        try:
            return b64decode(given, validate=True).partition(b":")[2]
        except (NotBase64, ValueError):
            return b""
    return b""


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
