"""`frenemies network`, `path` and `frenemies`: all relations on a day, a way through them, and pairs at odds."""

from __future__ import annotations

import sys
from typing import Any

import click

from service.cli import options, tables
from service.cli.options import Place, without_empty
from service.cli.output import print_json, print_line, print_table, status_cell
from service.cli.source import ask, ask_all, copy, open_source
from service.exports.media import NETWORK_FORMATS


@click.command("network")
@click.option("--center", metavar="ENTITY", help="Only the neighbourhood of this entity.")
@click.option("--depth", metavar="N", help="So many relations away from the center, 1 to 3.  [default: 1]")
@click.option("--entities", metavar="A,B,...", help="Only relations among these entities.")
@options.take_filters
@options.take_clocks
@options.JSON
@options.take_format(NETWORK_FORMATS)
@options.take_place(url=True)
def network(
    center: str | None,
    depth: str | None,
    entities: str | None,
    filters: dict[str, str],
    clocks: dict[str, str],
    as_json: bool,
    media: str | None,
    place: Place,
) -> None:
    """Show all relations on a day, those around an entity, or those among some.

    \b
    frenemies network --as-of 2014-11-04
    frenemies network --center mirantis --depth 2 --as-of 2014-11-04
    frenemies network --entities red-hat,mirantis,vmware --as-of 2014-11-04
    frenemies network --as-of 2014-11-04 --format graphml > network.graphml
    """
    chosen = without_empty(center=center, depth=depth, entities=entities) | filters
    with open_source(place) as source:
        if media is not None:
            copy(source, media, sys.stdout.buffer, "network", **clocks, **chosen)
            return
        answer = ask_all(source, "edges", None, "network", **clocks, **chosen)
    if as_json:
        print_json(answer)
        return
    tables.print_clocks(answer)
    print_line(f"{_count(answer['nodes'], 'entity', 'entities')}, {_count(answer['edges'], 'relation', 'relations')}")
    tables.print_relations("", answer["edges"], answer["refs"], all_parts="include" in filters)


@click.command("path")
@click.argument("start", metavar="FROM")
@click.argument("goal", metavar="TO")
@options.take_filters
@options.take_clocks
@options.JSON
@options.take_place(url=True)
def path(
    start: str,
    goal: str,
    filters: dict[str, str],
    clocks: dict[str, str],
    as_json: bool,
    place: Place,
) -> None:
    """Show the shortest way from one entity to another on a day, through at most six relations.

    \b
    frenemies path mirantis microsoft --as-of 2015-12-01
    """
    ends = {"from": start, "to": goal}
    with open_source(place) as source:
        answer = ask(source, "path", **ends, **clocks, **filters)
    if as_json:
        print_json(answer)
        return
    tables.print_clocks(answer)
    if not answer["found"]:
        print_line(f"No way of at most six relations leads from {answer['from']} to {answer['to']} on this day.")
        return
    print_line(" - ".join([answer["from"], *(step["to"] for step in answer["steps"])]))
    tables.print_relations("", answer["edges"], answer["refs"], all_parts="include" in filters)


@click.command("frenemies")
@click.option("--entity", metavar="ENTITY", help="Only pairs with this entity in them.")
@options.take_clocks
@options.JSON
@options.take_place(url=True)
def frenemies(entity: str | None, clocks: dict[str, str], as_json: bool, place: Place) -> None:
    """Show who cooperates and is at odds with whom at the same time, and why.

    \b
    frenemies frenemies --as-of 2014-11-04
    """
    with open_source(place) as source:
        answer = ask_all(source, "pairs", None, "frenemies", **clocks, **without_empty(entity=entity))
    if as_json:
        print_json(answer)
        return
    tables.print_clocks(answer)
    if not answer["pairs"]:
        print_line("Nobody is known to cooperate with somebody and to oppose them on this day.")
    for pair in answer["pairs"]:
        _print_pair(pair, answer["refs"])


def _print_pair(pair: Any, refs: dict[str, str]) -> None:
    oppose = pair["oppose"]
    both = [("cooperate", item) for item in pair["cooperate"]["relations"]]
    both += [("oppose", item) for item in oppose["relations"]]
    rows = [[side, tables.relation_name(item), *_standing(item, item["since"], refs)] for side, item in both]
    rows += [["oppose", _stance(item), *_standing(item, item["when"], refs)] for item in oppose["stances"]]
    columns = ("side", "by", "status", "contested", "since", "says", "claims")
    print_table(" and ".join(pair["entities"]), columns, rows)


def _stance(item: Any) -> str:
    wording = f" ({tables.shown(item['wording'])})" if item["wording"] else ""
    return f"{item['stance']}  {tables.voice(item['speaker'])} > {item['about']}{wording}"


def _standing(item: Any, when: Any, refs: dict[str, str]) -> list[Any]:
    contested = "contested" if item.get("contested") else ""
    status = status_cell(item["status"])
    return [status, contested, tables.date(when), tables.says(item), tables.claims(item, refs)]


def _count(items: Any, one: str, several: str) -> str:
    return f"{len(items)} {one if len(items) == 1 else several}"
