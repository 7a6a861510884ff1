"""The words of which shapes are made, as schemas of OpenAPI 3.1."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
FLAG: Json = {"type": "boolean"}
COUNT: Json = {"type": "integer", "minimum": 0}
NUMBER: Json = {"type": "number", "minimum": 0}
INSTANT: Json = {"type": "string", "format": "date-time"}
DAY: Json = {"type": "string", "format": "date"}
UUID: Json = {"type": "string", "format": "uuid"}
ANYTHING: Json = {}


def ref(name: str) -> Json:
    """The shape of that name."""
    return {"$ref": f"#/components/schemas/{name}"}


def obj(description: str, /, **properties: Json) -> Json:
    """An object that has all these properties."""
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": sorted(properties),
    }


def items(of: Json, description: str = "") -> Json:
    """A list."""
    made = {"type": "array", "items": of}
    return made | {"description": description} if description else made


def mapping(of: Json, description: str = "") -> Json:
    """An object with any keys."""
    made = {"type": "object", "additionalProperties": of}
    return made | {"description": description} if description else made


def maybe(shape: Json) -> Json:
    """The shape, or null."""
    if isinstance(shape.get("type"), str) and "enum" not in shape:
        return shape | {"type": [shape["type"], "null"]}
    return {"anyOf": [shape, {"type": "null"}]}


def one_of(*words: str) -> Json:
    """One of these words."""
    return {"type": "string", "enum": list(words)}
