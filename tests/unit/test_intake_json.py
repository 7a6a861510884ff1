"""JSON without its loopholes."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.errors import Invalid
from service.intake.errors import MalformedJson, Place
from service.intake.strict_json import locate, parse, without_mark

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(plain, st.booleans())
def test_what_is_plain_json_is_read_as_it_is(data: Any, ascii_only: bool) -> None:
    assert parse(json.dumps(data, ensure_ascii=ascii_only).encode()) == data


@given(st.binary(max_size=60) | st.text('[]{}",:\\u0123eE.-+ \n', max_size=60).map(str.encode))
def test_anything_else_is_refused_and_nothing_breaks(raw: bytes) -> None:
    try:
        data = parse(raw)
    except (MalformedJson, Invalid):
        return
    assert json.loads(raw) == data or any(char in raw for char in b".eE")


@given(plain)
def test_every_value_is_found_by_its_pointer(data: Any) -> None:
    raw = json.dumps(data, indent=1).encode()
    for pointer, value in _pointers(data, ""):
        place = locate(raw, pointer)
        assert place is not None
        assert json.JSONDecoder().raw_decode(raw.decode(), len(raw[: place.offset].decode()))[0] == value


def _pointers(data: Any, pointer: str) -> list[tuple[str, Any]]:
    found = [(pointer, data)]
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, value in pairs:
        escaped = str(step).replace("~", "~0").replace("/", "~1")
        found += _pointers(value, f"{pointer}/{escaped}")
    return found


def test_numbers_are_whole_or_decimal() -> None:
    data = parse(b"[1, -0, 1.10, 1e3, 0.1]")
    assert data == [1, 0, Decimal("1.10"), Decimal("1E+3"), Decimal("0.1")]
    assert [type(number) for number in data] == [int, int, Decimal, Decimal, Decimal]


@pytest.mark.parametrize("deepest", [1, 2, 32])
def test_depth_is_counted_outside_of_texts(deepest: int) -> None:
    inside = json.dumps('["{[\\"' * 50).encode()
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        assert parse(opening * deepest + inside + closing * deepest, deepest)
        with pytest.raises(MalformedJson, match="nested deeper"):
            parse(opening * (deepest + 1) + inside + closing * (deepest + 1), deepest)
    assert parse(b"[" + b"[]," * 100 + b"[]]", 2)


@pytest.mark.case(number=59)
@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 2_000_000,
        b"[]" * 1_000_000,
        b"[}" * 1_000_000,
        b'"' + b'\\"' * 1_000_000,
        b'["' + b"\\" * 1_999_999,
        b"[" + b'"",' * 700_000,
        b"{" * 31 + b"[]" * 1_000_000,
        b"1" * 2_000_000,
        b"[" + b"1e5," * 400_000,
        b" " * 2_000_000 + b"x",
        b"\\u0000" * 300_000,
    ],
    ids=lambda raw: f"{raw[:6]!r}..{raw[-4:]!r}",
)
def test_case_59_no_document_takes_long(raw: bytes) -> None:
    """ReDoS text on every validator: linear, no nested quantifiers (the time is for 2 MB and a slow machine)"""
    started = time.monotonic()
    with pytest.raises((MalformedJson, Invalid)):
        parse(raw)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("raw", [b'{"a": "b', b'{"a": "\x01"}', b'{"a" 1}', b"{'a': 1}"])
def test_the_place_is_told_once(raw: bytes) -> None:
    with pytest.raises(MalformedJson) as refused:
        parse(raw)
    assert " at at " not in refused.value.detail and "starting" not in refused.value.detail
    assert refused.value.detail.count(" at line 1, column ") == 1


def test_places_count_bytes_lines_and_characters() -> None:
    with pytest.raises(MalformedJson) as caught:
        parse('{"é": 1,\n "ü" 2}'.encode())
    assert caught.value.place == Place(offset=16, line=2, column=6)
    assert caught.value.at("/x").pointer == "/x"


def test_a_place_around_is_found_where_the_pointer_leads_nowhere() -> None:
    raw = b'{"a": [1, {"b": 2}]}'
    assert locate(raw, "/a/1/missing") == Place(10, 1, 11)
    assert locate(raw, "/a/7") == Place(6, 1, 7)
    assert locate(raw, "") == Place(0, 1, 1)


def test_one_mark_is_stripped() -> None:
    mark = b"\xef\xbb\xbf"
    assert without_mark(mark + b"{}") == b"{}"
    with pytest.raises(MalformedJson, match="byte order mark"):
        parse(without_mark(mark + mark + b"{}"))
