"""The body and the query of a request, checked against a shape."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import request
from werkzeug.exceptions import ClientDisconnected

from service.http.context import limits
from service.http.errors import BodyStalled, TooLarge, UnsupportedMedia
from service.http.parameters import once, parsed
from service.intake import strict_json
from service.intake.fields import Shape
from service.intake.schemas import load

JSON = "application/json"
PLAIN = "text/plain; charset=utf-8"


def read_json(most_bytes: int) -> Any:
    """The data of the body. UnsupportedMedia, TooLarge (also without a length), MalformedJson or Invalid."""
    demand_media(JSON)
    return strict_json.parse(_raw(most_bytes), limits().json_depth)


def read_body(shape: type[Shape], most_bytes: int) -> dict[str, Any]:
    """The fields of the body."""
    return load(shape, read_json(most_bytes))


def read_body_if_any(shape: type[Shape], most_bytes: int) -> dict[str, Any]:
    """As `read_body`; nothing at all counts as an empty object."""
    return load(shape, read_json(most_bytes) if _raw(most_bytes) else {})


def read_query(shape: type[Shape], partial: bool = False) -> dict[str, Any]:
    """The parameters of the query, each at most once. BadQuery with every fault; if partial, none is needed."""
    return parsed(shape, once(request.args.to_dict(flat=False)), partial)


@contextmanager
def while_it_comes() -> Iterator[None]:
    """For reading the body: BodyStalled where it comes too slowly."""
    try:
        yield
    except ClientDisconnected as error:
        if isinstance(error.__context__, TimeoutError):
            raise BodyStalled(f"a body has {limits().body_seconds:g} seconds") from None
        raise


def demand_media(media: str) -> None:
    """UnsupportedMedia unless the body is sent as this, in UTF-8 and not compressed."""
    coding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if coding != "identity":
        raise UnsupportedMedia("a compressed body is not taken; send it without Content-Encoding")
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != media or charset not in ("utf-8", "utf8"):
        raise UnsupportedMedia(f"the body is taken as {media} in UTF-8")


def _raw(most_bytes: int) -> bytes:
    """The body as it came, read once."""
    # One more than allowed: a longer body without a length is cut off there without a word.
    request.max_content_length = most_bytes + 1
    with while_it_comes():
        raw = request.get_data()
    if len(raw) > most_bytes:
        raise TooLarge(f"the body has at most {most_bytes} bytes")
    return raw
