"""Whether it is one of our own pages that has a browser send a request, or another site."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request

_OWN = frozenset(("same-origin", "none"))
"""What a browser says of a request that one of our pages makes, or the reader."""


def is_from_here() -> bool:
    """Whether a page of this service, or the reader, made the request. What is no browser says nothing of that."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    return site in _OWN if site is not None else origin is None or _host(origin) == request.host.lower()


def _host(origin: str) -> str:
    """Host and port of an origin; empty for one that is kept secret (`null`) or is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
