"""Entity tags, and how long answers may be kept."""

from __future__ import annotations

import hashlib

from flask import Response, g, request

from service.keys.scopes import LOCAL_ID, Holder

IF_NONE_MATCH = "If-None-Match"
YEAR = 365 * 24 * 60 * 60
_NOT_OF_304 = ("Content-Type", "Content-Length")


def conditional(response: Response) -> Response:
    """The answer with a strong entity tag and how long it may be kept; 304 when the client has it already.

    Only what is found (200) gets them, and not what is sent while it is made. An answer at a point that is closed never
    changes; all others have to be asked for again, which costs nothing when they are the same.
    """
    if response.status_code != 200 or response.is_streamed:
        return response
    response.headers["Cache-Control"] = _lifetime()
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32])
    if request.if_none_match.contains_weak(response.get_etag()[0] or ""):
        response.set_data(b"")
        response.status_code = 304
        for name in _NOT_OF_304:
            response.headers.pop(name, None)
    return response


def close() -> None:
    """Says that nothing can ever change the present answer."""
    g.is_closed = True


def _lifetime() -> str:
    holder: Holder | None = g.get("holder")
    is_guarded = holder is not None and holder.id != LOCAL_ID
    pin = g.get("pin")
    if g.get("is_closed") or (pin is not None and pin.is_closed):
        return f"{'private' if is_guarded else 'public'}, max-age={YEAR}, immutable"
    return "private, no-cache" if is_guarded else "no-cache"
