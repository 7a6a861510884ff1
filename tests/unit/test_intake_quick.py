"""The short way to a draft gives what the long one gives, or leaves it to the long one."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from importlib import resources
from typing import Any

import pytest

from events.errors import DomainError
from service.intake.quick import UNKNOWN, longest_text, quick_draft
from service.intake.records import LINES, draft_of, read_line
from service.intake.strict_json import parse
from service.timeline.drafts import ClaimDraft, Draft

CLAIM: dict[str, Any] = {
    "record": "claim",
    "ref": "a-1",
    "article": "https://example.org/a",
    "type": "investment",
    "participants": [{"role": "investor", "entity": "red-hat"}, {"role": "investee", "entity": "mirantis"}],
    "attributes": {"amount": 1},
    "asserted_by": {"kind": "speaker", "agent": ["ann"], "affiliation": ["red-hat"], "chain": ["author"]},
    "modality": "done",
    "polarity": "positive",
    "time": {"kind": "instant", "edtf": "2013", "expression": "last year", "anchor": "2014", "rule": "years_before(1)"},
    "evidence": {"summary": "s", "position": {"start": 0, "end": 9}, "quote": {"exact": "q", "prefix": None}},
}
ENTITY: dict[str, Any] = {
    "record": "entity", "id": "red-hat", "kind": "company", "name": "Red Hat", "aliases": ["RHT"],
    "identifiers": {"wikidata": "Q485593"},
}  # fmt: skip
ARTICLE: dict[str, Any] = {
    "record": "article", "url": "https://example.org/a", "title": "A", "publisher": "p", "authors": ["Ann"],
    "language": "en", "published": "2014-11-04", "text": None,
}  # fmt: skip
LEFT_OUT = object()
STRANGE: list[Any] = [
    None, True, 0, -1, 2**31, 2**31 - 1, 2**70, Decimal("1.5"), "", "x", "é" * 201, "x" * 2_001, "é" * 1_100,
    "x" * 65_537, [], {}, [None], ["x"], ["x"] * 51, ["x"] * 201, {"x": "y"}, {"x": None},
    {"start": 0}, {"role": "a", "entity": "b"}, [{"role": "a", "entity": "b"}] * 51,
    {str(n): "x" for n in range(201)}, {"start": -1, "end": 2**31},
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something can be put into a record, or taken out of it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        yield (*path, step)
        yield from places(inner, (*path, step))
    if isinstance(value, dict):
        yield (*path, "more")
        yield (*path, "insists")


def changed(record: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    made = copy.deepcopy(record)
    holder: Any = made
    for step in path[:-1]:
        holder = holder[step]
    if value is not LEFT_OUT:
        holder[path[-1]] = value
    elif isinstance(holder, list) or path[-1] in holder:
        del holder[path[-1]]
    return made


def outcome(read: Callable[[], Draft]) -> Draft | tuple[type, str, str]:
    try:
        return read()
    except DomainError as error:
        return type(error), error.pointer, error.detail


def test_the_usual_records_go_the_short_way() -> None:
    for record in (CLAIM, ENTITY, ARTICLE):
        fields = {name: value for name, value in record.items() if name != "record"}
        assert quick_draft(LINES[record["record"]].draft, fields, 1_000) == draft_of(record)
        assert quick_draft(LINES[record["record"]].draft, fields, UNKNOWN) is None


def test_the_sample_reads_the_same_either_way() -> None:
    for file in ("five_articles.ndjson", "later_reports.ndjson"):
        for line in resources.files("service.sample").joinpath(file).read_bytes().splitlines():
            assert read_line(line) == draft_of(parse(line))


@pytest.mark.parametrize("record", [CLAIM, ENTITY, ARTICLE], ids=lambda record: str(record["record"]))
def test_what_is_strange_is_taken_or_refused_as_the_long_way_says(record: dict[str, Any]) -> None:
    paths = [path for path in places(record) if path != ("record",)]
    variants = [changed(record, path, value) for path in paths for value in [*STRANGE, LEFT_OUT]]
    taken = 0
    for made in variants:
        raw = json.dumps(made, default=float, ensure_ascii=False).encode()
        found = outcome(lambda raw=raw: read_line(raw))  # type: ignore[misc]
        assert found == outcome(lambda raw=raw: draft_of(parse(raw)))  # type: ignore[misc]
        taken += not isinstance(found, tuple)
    assert 0 < taken < len(variants)


def test_the_longest_text_is_never_underestimated() -> None:
    assert longest_text(b'{"a": "b"}') == 10
    many = json.dumps({"claims": ["x" * 1_000] * 100}).encode()
    assert longest_text(many) == 1_000
    hidden = json.dumps({"a": '"' * 70_000}).encode()
    assert longest_text(hidden) == len(hidden)
    long = json.dumps({"claims": ["x" * 1_000] * 100 + ["é" * 40_000]}, ensure_ascii=False).encode()
    assert longest_text(long) == 80_000


def test_something_that_is_no_object_is_left_to_the_long_way() -> None:
    assert quick_draft(ClaimDraft, ["x"], 10) is None
