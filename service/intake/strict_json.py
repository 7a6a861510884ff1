"""JSON without its loopholes: one meaning for every document that is taken, a refusal with the place for all others.

Refused as malformed: anything but UTF-8, a byte order mark, deep nesting, keys given twice, NaN and Infinity, numbers
out of all proportion. Refused as invalid: text that cannot be stored, objects that the store would take for its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from events.errors import Invalid
from service.intake.errors import MalformedJson, Place

DEEPEST = 32
_LONGEST_NUMBER = 100
_LARGEST_EXPONENT = 308
_RESERVED = {"_type_", "_data_"}
_BOM = b"\xef\xbb\xbf"
_TEXT = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NO_BRACKET = re.compile(r"[^\[\]{}]++")
_OPENING = re.compile(r"[\[{]*")
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse(raw: bytes, deepest: int = DEEPEST) -> Any:
    """The data of a document; numbers are int or Decimal. MalformedJson or Invalid when it is not taken."""
    text = _decoded(raw)
    _refuse_depth(text, deepest)
    data = _parsed(text)
    if "\\u" in text or "_type_" in text:
        _refuse_hostile(data, "")
    return data


def without_mark(raw: bytes) -> bytes:
    """The document without one byte order mark at its beginning, as editors write it into files."""
    return raw.removeprefix(_BOM)


def locate(raw: bytes, pointer: str) -> Place | None:
    """The place of the value that a JSON Pointer names, or of the nearest one around it; for a well-formed document."""
    text = raw.decode()
    index = _skip(text, 0)
    for step in pointer.split("/")[1:]:
        found = _member(text, index, step.replace("~1", "/").replace("~0", "~"))
        if found is None:
            break
        index = found
    return Place.in_text(text, index) if index < len(text) else None


def _decoded(raw: bytes) -> str:
    if not raw.strip():
        raise MalformedJson("the document is empty", place=Place(0, 1, 1))
    if raw.startswith(_BOM):
        raise MalformedJson("a byte order mark is not part of JSON", place=Place(0, 1, 1))
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        place = Place.in_text(raw[: error.start].decode(), len(raw[: error.start].decode()))
        raise MalformedJson(f"byte {error.start} is not UTF-8", place=place) from None
    nul = text.find("\0")
    if nul >= 0:
        place = Place.in_text(text, nul)
        raise Invalid(f"the character NUL at line {place.line}, column {place.column} cannot be stored")
    return text


def _refuse_depth(text: str, deepest: int) -> None:
    """Before parsing, so that no parser has to survive it; in time that grows with the length only.

    Each round takes the innermost pairs of brackets away. What is nested deeper than that is left with a pair, and
    what never closes begins with all that it opens.
    """
    if text.count("[") + text.count("{") <= deepest:
        return
    left = _NO_BRACKET.sub("", _TEXT.sub("", text))
    for _ in range(deepest):
        left = left.replace("[]", "").replace("{}", "")
    opening = _OPENING.match(left)
    if "[]" in left or "{}" in left or (opening and len(opening[0]) > deepest):
        raise MalformedJson(f"the document is nested deeper than {deepest} levels")


def _parsed(text: str) -> Any:
    try:
        return json.loads(
            text, object_pairs_hook=_object, parse_int=_whole, parse_float=_decimal, parse_constant=_constant
        )
    except json.JSONDecodeError as error:
        place = Place.in_text(text, error.pos)
        wrong = error.msg.removesuffix(" at").removesuffix(" starting")
        detail = f"{wrong} at line {place.line}, column {place.column} (byte {place.offset})"
        raise MalformedJson(detail, place=place) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise MalformedJson(f"the key {twice!r} is given twice in one object")
    return made


def _whole(text: str) -> int:
    _refuse_length(text)
    return int(text)


def _decimal(text: str) -> Decimal:
    _refuse_length(text)
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("Infinity")
    if not number.is_finite() or (number and abs(number.adjusted()) > _LARGEST_EXPONENT):
        raise MalformedJson(f"the number {text} is out of all proportion")
    return number


def _refuse_length(text: str) -> None:
    if len(text) > _LONGEST_NUMBER:
        raise MalformedJson(f"a number of {len(text)} characters is too long")


def _constant(text: str) -> NoReturn:
    raise MalformedJson(f"{text} is not a number of JSON")


def _refuse_hostile(data: Any, pointer: str) -> None:
    """Text that cannot be stored, also in keys, and objects that look like the store's own encoding of values."""
    if isinstance(data, str):
        _refuse_text(data, pointer)
    elif isinstance(data, dict):
        if set(data) == _RESERVED:
            raise Invalid("an object of exactly _type_ and _data_ is reserved", pointer)
        for key, value in data.items():
            _refuse_text(key, pointer)
            _refuse_hostile(value, f"{pointer}/{escaped(key)}")
    elif isinstance(data, list):
        for index, value in enumerate(data):
            _refuse_hostile(value, f"{pointer}/{index}")


def _refuse_text(text: str, pointer: str) -> None:
    if "\0" in text or _SURROGATE.search(text):
        raise Invalid("text may not contain the character NUL or half of a surrogate pair", pointer)


def escaped(step: str) -> str:
    """A key as a step of a JSON Pointer (RFC 6901)."""
    return step.replace("~", "~0").replace("/", "~1")


def _skip(text: str, index: int) -> int:
    while index < len(text) and text[index] in " \t\n\r":
        index += 1
    return index


def _member(text: str, index: int, step: str) -> int | None:
    """Where the value of a key, or the item of an index, begins in the object or array that begins at `index`."""
    if text[index : index + 1] not in ("{", "["):
        return None
    return next((start for name, start in _members(text, index) if name == step), None)


def _members(text: str, index: int) -> Iterator[tuple[str, int]]:
    decoder, is_object, count = json.JSONDecoder(), text[index] == "{", 0
    index = _skip(text, index + 1)
    while index < len(text) and text[index] not in "}]":
        name = str(count)
        if is_object:
            name, index = decoder.raw_decode(text, index)
            index = _skip(text, _skip(text, index) + 1)
        yield name, index
        index = _skip(text, decoder.raw_decode(text, index)[1])
        index = _skip(text, index + 1) if text[index : index + 1] == "," else index
        count += 1
