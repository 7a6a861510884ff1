"""The schema of the data of belief changes: the shapes of the answers that they are told in, by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from service.feeds.beliefs import TOPIC
from service.feeds.events import SCHEMAS as ADDRESS
from service.http.answers import SCHEMAS
from service.http.belief_shapes import BELIEF_SCHEMAS
from service.http.change_shapes import CHANGE_SCHEMAS
from service.http.shapes import Json

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ROOT = "BeliefChange"
_OURS, _OWN = "#/components/schemas/", "#/$defs/"


@lru_cache(1)
def belief_schema() -> Json:
    """A schema of JSON Schema 2020-12."""
    shapes = SCHEMAS | CHANGE_SCHEMAS | BELIEF_SCHEMAS
    needed, found = [_ROOT], dict[str, Json]()
    while needed:
        name = needed.pop()
        if name not in found:
            found[name] = shapes[name]
            needed += _named(shapes[name])
    defs = {name: _own(found[name]) for name in sorted(found)}
    return {"$schema": _DIALECT, "$id": ADDRESS + TOPIC, "$ref": _OWN + _ROOT, "$defs": defs}


def _named(shape: Any) -> Iterator[str]:
    """The names of the shapes that one refers to."""
    if isinstance(shape, list):
        for item in shape:
            yield from _named(item)
    elif isinstance(shape, dict):
        for name, value in shape.items():
            if name == "$ref":
                yield value.removeprefix(_OURS)
            else:
                yield from _named(value)


def _own(shape: Any) -> Any:
    """The shape, referring to others beside it."""
    if isinstance(shape, list):
        return [_own(item) for item in shape]
    if not isinstance(shape, dict):
        return shape
    return {name: value.replace(_OURS, _OWN) if name == "$ref" else _own(value) for name, value in shape.items()}
