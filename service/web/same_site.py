"""Forms are taken from our own pages only: a browser sends its key with what other sites make it send, too."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request

from service.http.errors import FromOtherSite
from service.web.blueprint import PAGES

_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
_OWN = frozenset(("same-origin", "none"))
"""What a browser says of a request that one of our pages makes, or the reader."""


@PAGES.before_request
def refuse_other_sites() -> None:
    """FromOtherSite for a form that a browser sends for a page of another site. What is no browser says nothing."""
    if request.method in _SAFE:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    is_own = site in _OWN if site is not None else origin is None or _host(origin) == request.host.lower()
    if not is_own:
        raise FromOtherSite("this form was not sent by a page of this service; open the page and fill it in there")


def _host(origin: str) -> str:
    """Host and port of an origin; empty for one that is kept secret (`null`) or is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
