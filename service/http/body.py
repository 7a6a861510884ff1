"""The body and the query of a request, checked against a shape."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask import request

from service.http.context import limits
from service.http.errors import BadQuery, TooLarge, UnsupportedMedia
from service.intake import strict_json
from service.intake.errors import Fault, Misshapen
from service.intake.fields import Shape
from service.intake.schemas import load

JSON = "application/json"


def read_json(most_bytes: int) -> Any:
    """The data of the body. UnsupportedMedia, TooLarge (also without a length), MalformedJson or Invalid."""
    demand_media(JSON)
    # One more than allowed: a longer body without a length is cut off there without a word.
    request.max_content_length = most_bytes + 1
    raw = request.get_data()
    if len(raw) > most_bytes:
        raise TooLarge(f"the body has at most {most_bytes} bytes")
    return strict_json.parse(raw, limits().json_depth)


def read_body(shape: type[Shape], most_bytes: int) -> dict[str, Any]:
    """The fields of the body."""
    return load(shape, read_json(most_bytes))


def read_query(shape: type[Shape], partial: bool = False) -> dict[str, Any]:
    """The parameters of the query, each at most once. BadQuery with every fault; if partial, none is needed."""
    given = request.args.to_dict(flat=False)
    twice = [Fault(f"/{name}", "Given more than once.") for name, values in given.items() if len(values) > 1]
    if twice:
        raise BadQuery(twice[0].detail, twice[0].pointer, twice)
    return parsed(shape, {name: values[0] for name, values in given.items()}, partial)


def parsed(shape: type[Shape], given: Mapping[str, str], partial: bool = False) -> dict[str, Any]:
    """What parameters mean. BadQuery with every fault; if partial, none is needed."""
    try:
        return dict(_loaded(shape, tuple(given.items()), partial))
    except Misshapen as error:
        raise BadQuery(error.detail, error.pointer, error.faults) from None


@lru_cache(500)
def _loaded(shape: type[Shape], given: tuple[tuple[str, str], ...], partial: bool) -> dict[str, Any]:
    """The same question comes over and over again."""
    return load(shape, dict(given), partial)


def demand_media(media: str) -> None:
    """UnsupportedMedia unless the body is sent as this, in UTF-8 and not compressed."""
    coding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if coding != "identity":
        raise UnsupportedMedia("a compressed body is not taken; send it without Content-Encoding")
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != media or charset not in ("utf-8", "utf8"):
        raise UnsupportedMedia(f"the body is taken as {media} in UTF-8")
