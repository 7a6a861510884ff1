"""`frenemies changes`: what is different about one entity at two points of a clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
from rich.text import Text

from service.cli import options, tables
from service.cli.options import Place, without_empty
from service.cli.output import cell, print_json, print_line, print_table
from service.cli.source import ask_all, open_source

_MOST_CAUSES = 4
_DATED = ("when", "since", "until", "due")
_DONE = {
    "ClaimCorrected": "corrected",
    "ClaimRetracted": "retracted",
    "ClaimReinstated": "reinstated",
    "ClaimRefAdded": "named",
    "ClaimRedated": "redated",
    "ArticleCorrected": "corrected",
    "EntityUnmerged": "undone",
}
"""What an event did to the record that it names, where that is more than recording it."""


@click.command("changes")
@click.argument("entity")
@click.option("--from", "first", required=True, metavar="POINT", help="The first day, or log position or instant.")
@click.option("--to", "last", required=True, metavar="POINT", help="The second; it may be the earlier one.")
@click.option(
    "--axis",
    metavar="CLOCK",
    help="The clock along which they lie: as_of, published_by or recorded_by.  [default: as_of]",
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most so many changes.  [default: all]")
@options.take_clocks
@options.JSON
@options.take_place(url=True)
def command(
    entity: str,
    first: str,
    last: str,
    axis: str | None,
    limit: int | None,
    clocks: dict[str, str],
    as_json: bool,
    place: Place,
) -> None:
    """Show what is different about ENTITY at two points of one clock, and which claims did it.

    \b
    frenemies changes red-hat --from 2014-01-01 --to 2015-01-01
    frenemies changes red-hat --axis published_by --from 2014-11-03 --to 2014-11-04 --as-of 2014-12-31
    """
    chosen = without_empty(**{"from": first, "to": last, "axis": axis})
    with open_source(place) as source:
        answer = ask_all(source, "changes", limit, "entities", entity, "changes", **clocks, **chosen)
    if as_json:
        print_json(answer)
    else:
        _print(answer)


def _print(answer: Any) -> None:
    entity = answer["entity"]
    print_line(Text.assemble(cell(entity["name"] or entity["id"], "bold"), cell(f"  {entity['kind']} {entity['id']}")))
    first, last = (_point(answer["points"][end], answer["axis"]) for end in ("from", "to"))
    print_line(cell(f"along {answer['axis']} from {first} to {last}", "dim"))
    tables.print_clocks(answer)
    if not answer["changes"]:
        print_line("Nothing is different.")
    print_table(
        "Changes",
        ("what", "from", "to", "changed", "because of"),
        [
            [
                what(change, answer["refs"]),
                brief(change["before"]),
                brief(change["after"]),
                changed(change),
                _because(change, answer["refs"]),
            ]
            for change in answer["changes"]
        ],
    )


def _point(clocks: Any, axis: str) -> str:
    told = clocks[axis]
    return str(told["position"] if axis == "recorded_by" else told)


def what(change: Any, refs: Mapping[str, str]) -> str:
    """What a change is about."""
    item, kind = change["after"] or change["before"], change["kind"]
    match kind:
        case "relation" | "position":
            return tables.relation_name(item)
        case "vote":
            moves = item["moves"]
            return f"vote of {item['body']}: {tables.relation_name(moves) if moves else item['motion'] or ''}"
        case "stance":
            return f"stance  {tables.voice(item['speaker'])} > {item['about']}"
        case "profile":
            return f"profile  {item['name']}"
        case "market_fact":
            return f"figure  {tables.shown(item['measure'])}"
        case "round":
            return f"round  {item['round']}"
        case "predecessor" | "successor":
            return f"{kind}  {item['entity']}"
        case "excluded":
            return f"excluded  {tables.name(item['claim'], refs)}"
        case "conflict":
            return f"conflict  {' - '.join(tables.asserter(side['asserted_by']) for side in item['sides'])}"
    return str(kind)


def brief(item: Any) -> str:
    """An item in short: what it says, and its dates."""
    if item is None:
        return "-"
    value = next((item[name] for name in ("status", "stance", "value", "why", "id") if item.get(name) is not None), "")
    said = [f"not {value}" if item.get("negated") else str(value), tables.shown(item.get("wording"))]
    dates = [f"{name} {tables.date(item[name])}" for name in _DATED if item.get(name)]
    return ", ".join(filter(None, [*said, *dates]))


def changed(change: Any) -> str:
    """The fields that differ, without those that only list who says it."""
    if change["before"] is None or change["after"] is None:
        return "gone" if change["after"] is None else "new"
    told = [name for name in change["changed"] if name not in ("asserted_by", "claims")]
    return ", ".join(told or change["changed"])


def _because(change: Any, refs: Mapping[str, str]) -> str:
    newest = [cause(item, refs) for item in change["cause"][-_MOST_CAUSES:]]
    more = change["cause_count"] - len(newest)
    return " ".join(newest) + (f" +{more}" if more else "")


def cause(did: Any, refs: Mapping[str, str]) -> str:
    """A record that did it, and what was done to it."""
    name, done = tables.name(did["id"], refs), _DONE.get(did["type"].partition(".")[0])
    named = name if did["kind"] == "claim" else f"{did['kind']} {name}"
    return f"{named} ({done})" if done else named
