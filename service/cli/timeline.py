"""`frenemies timeline`: the claims about one entity, in the order of when they were so."""

from __future__ import annotations

from typing import Any

import click

from service.cli import options, tables
from service.cli.options import Place, without_empty
from service.cli.output import print_json, print_table, status_cell
from service.cli.source import ask_all, open_source


@click.command("timeline")
@click.argument("entity")
@click.option("--type", "claim_type", metavar="TYPE", help="Only claims of this type.")
@click.option("--from", "first", metavar="DAY", help="Only what may have been so on this day or later.")
@click.option("--to", "last", metavar="DAY", help="Only what may have been so on this day or earlier.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most so many claims.  [default: all]")
@options.take_clocks
@options.JSON
@options.take_place(url=True)
def command(
    entity: str,
    claim_type: str | None,
    first: str | None,
    last: str | None,
    limit: int | None,
    clocks: dict[str, str],
    as_json: bool,
    place: Place,
) -> None:
    """List the claims about ENTITY in the order of valid time.

    \b
    frenemies timeline mirantis --from 2013-01-01 --to 2013-12-31
    """
    chosen = without_empty(**{"type": claim_type, "from": first, "to": last})
    with open_source(place) as source:
        answer = ask_all(source, "claims", limit, "entities", entity, "timeline", **clocks, **chosen)
    if as_json:
        print_json(answer)
        return
    tables.print_clocks(answer)
    print_table("", ("when", "type", "standing", "who", "what", "says", "claim"), map(_row, answer["claims"]))


def _row(claim: Any) -> list[Any]:
    by = claim["asserted_by"]
    voices = by["affiliation"] or by["agent"] or [by["kind"]]
    evidence = claim["evidence"]
    return [
        claim["time"]["edtf"],
        claim["type"],
        status_cell(claim["standing"]),
        ", ".join(f"{p['role']} {p['entity']}" for p in claim["participants"]),
        evidence[0]["summary"] if evidence else "",
        ", ".join(voices),
        (claim["refs"] or [claim["id"]])[0],
    ]
