"""Parts of answers as cells of tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.text import Text

from events.vocabulary import SYMMETRIC
from service.cli.output import cell, print_line, print_table, status_cell

_MOST_CLAIMS = 4
_SILENT = ("not_held", "unknown")
Item = Mapping[str, Any]


def print_clocks(answer: Item) -> None:
    """Which point of the clocks the answer is about, and which entity answers for one that was merged."""
    clocks = answer["clocks"]
    recorded = clocks["recorded_by"]
    said = [f"as of {clocks['as_of']}"]
    if clocks["published_by"]:
        said.append(f"published by {clocks['published_by']}")
    if clocks["according_to"]:
        said.append(f"according to {clocks['according_to']}")
    said.append(f"recorded by position {recorded['position']}")
    print_line(cell(", ".join(said), "dim"))
    for notice in answer.get("notices", ()):
        print_line(cell(f"{notice['asked']} was merged: this is the answer for {notice['answered']}"))


def relation_name(relation: Item) -> str:
    """A relation with its ends: `>` from the subject to the object, `-` where it has no direction."""
    sign = "-" if relation["relation"] in SYMMETRIC else ">"
    return f"{relation['relation']}  {relation['subject']} {sign} {relation['object']}"


def print_relations(title: str, relations: Sequence[Item], refs: Mapping[str, str], *, all_parts: bool) -> None:
    """Relations with their parts; on demand also parts that do not hold or of which nothing is known."""
    rows: list[list[Text | str]] = []
    for relation in relations:
        rows.append([cell(relation_name(relation)), *_standing(relation, refs)])
        parts = [part for part in relation["parts"] if all_parts or part["status"] not in _SILENT]
        rows += [[cell(f"  {_scope(part)}"), *_standing(part, refs)] for part in parts]
    print_table(title, ("relation", "status", "since", "until", "due", "says", "claims"), rows)


def print_conflicts(conflicts: Iterable[Item], refs: Mapping[str, str]) -> None:
    """Who contradicts whom, each side a row."""
    rows = []
    for conflict in conflicts:
        what = conflict["aspect"] or "as a whole"
        for side in conflict["sides"]:
            rows.append([what, conflict["why"], asserter(side["asserted_by"]), side["value"], claims(side, refs)])
            what = ""
    print_table("Contested", ("aspect", "why", "says", "what", "claims"), [_texts(row) for row in rows])


def print_excluded(excluded: Iterable[Item], refs: Mapping[str, str]) -> None:
    """Claims that do not count."""
    rows = [[name(item["claim"], refs), item["why"], name(item["by"], refs)] for item in excluded]
    print_table("Does not count", ("claim", "why", "by"), [_texts(row) for row in rows])


def date(bounds: Item | None) -> str:
    """A date in EDTF; empty where there is none."""
    return str((bounds or {"edtf": ""})["edtf"])


def asserter(said: Item) -> str:
    """Who says it, in short: the voices, else the asserter's key."""
    return ", ".join(said["affiliation"] or said["agent"]) or voice(said["asserter"])


def voice(key: str) -> str:
    """The key of an asserter without the id of the article in it: `author`, `headline`."""
    return key.partition(":")[0]


def says(item: Item) -> str:
    """All who say it."""
    return "; ".join(dict.fromkeys(map(asserter, item["asserted_by"])))


def name(claim: str | None, refs: Mapping[str, str]) -> str:
    """A claim by its ref, where it has one."""
    return "" if claim is None else refs.get(claim, claim)


def claims(item: Item, refs: Mapping[str, str]) -> str:
    """The claims behind an item, by ref; the first few of many."""
    listed = item["claims"]
    count = item.get("claim_count", len(listed))
    shown = " ".join(name(claim, refs) for claim in listed[:_MOST_CLAIMS])
    return f"{shown} +{count - _MOST_CLAIMS}" if count > _MOST_CLAIMS else shown


def shown(value: Any) -> str:
    """A value of an attribute."""
    return "" if value is None else str(value)


def _standing(item: Item, refs: Mapping[str, str]) -> list[Text | str]:
    dates = [date(item[field]) for field in ("since", "until", "due")]
    return [status_cell(item["status"]), *dates, says(item), claims(item, refs)]


def _scope(part: Item) -> str:
    return ", ".join(f"{key}: {value}" for key, value in part["scope"].items())


def _texts(row: Sequence[Any]) -> list[Text | str]:
    return [shown(value) for value in row]
