"""`frenemies retract`: takes an import back."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import click

from events.values import Recorder
from service.bootstrap import build, prepare, retractor
from service.cli import options
from service.cli.database import open_existing
from service.cli.group import Interrupted
from service.cli.options import Place
from service.cli.progress import Bar
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
    with open_existing(place.settings()) as (settings, url):
        if settings.database_url is None:
            prepare(settings, url)
        services = build(settings, url)
        try:
            with Bar(str(name)) as bar:
                done = retractor(services).take_back(
                    name, reason, Recorder("local"), lambda reached: bar.show(*reached)
                )
        except KeyboardInterrupt:
            raise Interrupted("Interrupted: a part of it is taken back. The same command does the rest.") from None
        finally:
            services.close()
    if done.recorded_by is not None:
        click.echo(_nothing(name, done.recorded_by))
        return
    click.echo(f"{done.retracted} claims retracted, {done.reinstated} reinstated, {done.unmerged} entities unmerged")
    if done.already:
        click.echo(f"{done.already} were taken back before, or changed by others since")
    for line in _lasting(done):
        click.echo(line)


def _nothing(name: UUID, recorded_by: Sequence[UUID]) -> str:
    told = f"import {name} was not the first to record anything: there is nothing to take back"
    names = " and ".join(map(str, recorded_by))
    return f"{told}; the same lines were recorded by import {names}" if names else told


def _lasting(done: TakenBack) -> list[str]:
    lines = []
    for kind, count in sorted(done.lasting.items()):
        names = ", ".join(dict.fromkeys(done.named[kind]))
        more = ", ..." if count > MOST_NAMED else ""
        lines.append(f"not taken back: {count} {kind} ({names}{more})")
    return lines
