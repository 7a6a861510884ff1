"""`frenemies retract`: takes an import back."""

from __future__ import annotations

from uuid import UUID

import click

from events.values import Recorder
from service.bootstrap import build, prepare, retractor
from service.cli import options
from service.cli.options import Place
from service.cli.progress import Bar
from service.serve.database import open_database
from service.transfer.retractor import MOST_NAMED, TakenBack


@click.command("retract")
@click.option("--import", "name", required=True, type=click.UUID, metavar="ID", help="The import to take back.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept with everything that is recorded.")
@options.take_place(url=False)
def command(name: UUID, reason: str, place: Place) -> None:
    """Take back what an import was first to record; `frenemies imports` lists them.

    Its claims are retracted, what it retracted is reinstated, what it merged is unmerged. The log keeps all of it:
    every answer for a `recorded_by` before stays as it was. What cannot be taken back is named. A second time changes
    nothing.
    """
    settings = place.settings()
    with open_database(settings) as url:
        if settings.database_url is None:
            prepare(settings, url)
        services = build(settings, url)
        try:
            with Bar(str(name)) as bar:
                done = retractor(services).take_back(
                    name, reason, Recorder("local"), lambda reached: bar.show(*reached)
                )
        finally:
            services.close()
    click.echo(f"{done.retracted} claims retracted, {done.reinstated} reinstated, {done.unmerged} entities unmerged")
    if done.already:
        click.echo(f"{done.already} were taken back before, or changed by others since")
    for line in _lasting(done):
        click.echo(line)


def _lasting(done: TakenBack) -> list[str]:
    lines = []
    for kind, count in sorted(done.lasting.items()):
        names = ", ".join(dict.fromkeys(done.named[kind]))
        more = ", ..." if count > MOST_NAMED else ""
        lines.append(f"not taken back: {count} {kind} ({names}{more})")
    return lines
