"""`frenemies relation`: one relation between two entities."""

from __future__ import annotations

import click

from service.cli import options, tables
from service.cli.options import Place
from service.cli.output import print_json
from service.cli.source import ask, open_source


@click.command("relation")
@click.argument("relation")
@click.argument("subject")
@click.argument("other", metavar="OBJECT")
@options.take_clocks
@options.JSON
@options.take_place(url=True)
def command(relation: str, subject: str, other: str, clocks: dict[str, str], as_json: bool, place: Place) -> None:
    """Show one relation on a day, always with a status.

    \b
    frenemies relation member_of vmware openstack-foundation --as-of 2012-08-29
    """
    with open_source(place) as source:
        answer = ask(source, "relations", relation, subject, other, **clocks)
    if as_json:
        print_json(answer)
        return
    tables.print_clocks(answer)
    tables.print_relations("", [answer], answer["refs"], all_parts=True)
    tables.print_conflicts(answer["conflicts"], answer["refs"])
    tables.print_excluded(answer["excluded"], answer["refs"])
