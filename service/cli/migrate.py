"""`frenemies migrate`: prepares a database."""

from __future__ import annotations

import click

from service.cli import options
from service.cli.options import Place
from service.serve.database import open_database
from service.serve.preparing import prepared


@click.command("migrate")
@options.take_place(url=False)
@options.MIGRATE_URL
def command(place: Place, migrate_url: str | None) -> None:
    """Bring the database to the schema of this version.

    Can be run as often as you like; `serve` does it as well.
    """
    settings = place.settings(migrate_url)
    with open_database(settings) as url:
        report = prepared(settings, url)
    for name in report.applied:
        click.echo(f"applied {name}")
    if not report.applied:
        click.echo("nothing to do")
    if not report.roles:
        click.echo(f"roles are not set up ({report.reason}): only the triggers protect the log", err=True)
