"""A network as a table (RFC 4180): one relation a row, the point of the clocks in columns of its own."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from service.exports.chapters import Answer, Chapter
from service.exports.flat import Cell, Row, clocks_row, relation_row

COLUMNS = (
    "relation", "subject", "subject_name", "subject_kind", "object", "object_name", "object_kind", "directed",
    "status", "contested",
    "since", "since_earliest", "since_latest", "until", "until_earliest", "until_latest",
    "due", "due_earliest", "due_latest",
    "supported_on", "claim_count", "asserted_by", "attributes",
    "as_of", "published_by", "according_to", "position", "recorded_at",
)  # fmt: skip
_FORMULA = re.compile("'*[=+\\-@\uff1d\uff0b\uff0d\uff20\t\r\n]")
"""How a text begins that a spreadsheet could take for a formula, and what was marked as none before."""


class _Echo:
    """Gives back what is written, so that a row can be had as text."""

    def write(self, text: str) -> str:
        return text


def lines(chapters: Iterable[Chapter], clocks: Answer) -> Iterator[bytes]:
    """The header, then a row for each relation."""
    writer = csv.DictWriter(_Echo(), COLUMNS, lineterminator="\r\n")
    point = clocks_row(clocks)
    yield _encoded(writer.writeheader())
    for chapter in chapters:
        nodes = {node["id"]: node for node in chapter.nodes}
        for relation in chapter.relations:
            row = relation_row(relation) | _ends(relation, nodes) | _attributes(relation) | point
            yield _encoded(writer.writerow({name: _cell(value) for name, value in row.items()}))


def harmless(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet could take it for a formula.

    One apostrophe is added to what has some before such a beginning already, so that taking one away undoes it.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def _ends(relation: Answer, nodes: dict[str, Answer]) -> Row:
    row: Row = {}
    for end in ("subject", "object"):
        node = nodes[relation[end]]
        row |= {end: node["id"], f"{end}_name": node["name"], f"{end}_kind": node["kind"]}
    return row


def _attributes(relation: Answer) -> Row:
    found = relation["attributes"]
    return {"attributes": msgspec.json.encode(found).decode() if found else None}


def _cell(value: Cell) -> str | int:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return harmless(value) if isinstance(value, str) else value


def _encoded(written: Any) -> bytes:
    return str(written).encode()
