"""A relation as one row of plain values, which tables and attributes of graphs share."""

from __future__ import annotations

from typing import TypeAlias

from events.vocabulary import SYMMETRIC
from service.exports.chapters import Answer

Cell: TypeAlias = str | int | bool | None
Row: TypeAlias = dict[str, Cell]


def relation_row(relation: Answer) -> Row:
    """What a relation is on the day, without its ends. Dates are told as EDTF and as their earliest and latest day."""
    return {
        "relation": relation["relation"],
        "directed": relation["relation"] not in SYMMETRIC,
        "status": relation["status"],
        "contested": relation["contested"],
        **_dates("since", relation["since"]),
        **_dates("until", relation["until"]),
        **_dates("due", relation["due"]),
        "supported_on": relation["supported_on"],
        "claim_count": relation["claim_count"],
        "asserted_by": ";".join(dict.fromkeys(map(_voice, relation["asserted_by"]))),
    }


def clocks_row(clocks: Answer) -> Row:
    """The point of the clocks."""
    return {
        "as_of": clocks["as_of"],
        "published_by": clocks["published_by"],
        "according_to": clocks["according_to"],
        **clocks["recorded_by"],
    }


def _dates(name: str, when: Answer | None) -> Row:
    told = when or {"edtf": None, "earliest": None, "latest": None}
    return {name: told["edtf"], f"{name}_earliest": told["earliest"], f"{name}_latest": told["latest"]}


def _voice(by: Answer) -> str:
    """Who says it, in short: the entities, else the kind of voice."""
    voices: list[str] = by["affiliation"] or by["agent"]
    return ",".join(voices) or by["asserter"].partition(":")[0]
