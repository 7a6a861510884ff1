"""`frenemies imports`: what was imported."""

from __future__ import annotations

import click
import msgspec

from service.bootstrap import importer
from service.cli import options
from service.cli.database import open_existing
from service.cli.options import Place
from service.cli.output import print_table
from service.transfer.registry import ListedImport

COLUMNS = ("import", "file", "started", "state", "lines", "recorded", "there", "refused", "positions")


@click.command("imports")
@options.JSON
@options.take_place(url=False)
def command(as_json: bool, place: Place) -> None:
    """List the imports, the newest first: what came of their lines, and which part of the log they are.

    With --json, one object a line.
    """
    with open_existing(place.settings()) as (settings, url):
        found = importer(settings, url).listed()
    if as_json:
        for item in found:
            click.echo(msgspec.json.encode(item))
    else:
        print_table("", COLUMNS, [_row(item) for item in found])


def _row(item: ListedImport) -> list[str]:
    positions = f"{item.first_position} to {item.last_position}" if item.first_position else ""
    done = f"{item.line} of {item.lines}" if item.line < item.lines else str(item.lines)
    counts = (str(count) for count in (item.recorded, item.present, item.refused))
    return [str(item.id), item.name, f"{item.started_at:%Y-%m-%d %H:%M:%S}", item.state, done, *counts, positions]
