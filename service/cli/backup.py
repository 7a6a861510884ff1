"""`frenemies backup`: everything that cannot be made again, in one file."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import click

from service.backup.errors import BackupRefused
from service.backup.writing import backup_of
from service.cli import options
from service.cli.database import open_existing
from service.cli.exporting import opened
from service.cli.group import Refused, Unavailable, WrongUsage
from service.cli.options import Place
from service.cli.progress import Bar

STDOUT = Path("-")
_OWN = 0o600


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--unverified", is_flag=True, help="Also of a log that is damaged: do not check it before.")
@click.option("--force", is_flag=True, help="Also over a file that is there.")
@options.take_place(url=False)
@options.MIGRATE_URL
def command(file: Path, unverified: bool, force: bool, place: Place, migrate_url: str | None) -> None:
    """Write everything that cannot be made again to FILE, or to standard output (-).

    It is of one moment, while the service runs. The log is verified first. The file appears when it is complete. It
    holds texts that may have to be forgotten and the secrets of webhooks, so only you may read it; the key that signs
    checkpoints is not in it. `frenemies restore FILE` puts it back.

    \b
    frenemies backup backup-2026-11-22.zip
    """
    if file == STDOUT and sys.stdout.isatty():
        raise WrongUsage("A backup is no text: name a file, or lead it into one.")
    keep = file != STDOUT and not force
    if keep:
        _demand_free(file)
    settings = place.settings(migrate_url)
    with open_existing(settings) as (settings, url), Bar("backup") as bar:
        try:
            with backup_of(settings.migrate_url or url) as backup:
                if not unverified:
                    backup.verify(bar.show)
                with opened(None if file == STDOUT else file, _OWN) as output:
                    made = backup.write(output, version("frenemies"), bar.show)
                    if keep:  # somebody may have been quicker
                        _demand_free(file)
        except BackupRefused as error:
            raise Refused(str(error)) from None
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise Unavailable("Whoever was to take the backup has gone before its end.") from None
    rows = sum(part.rows for part in made.parts)
    click.echo(
        f"{made.position:,} events of {made.epoch}, {rows:,} rows, {made.made_at:%Y-%m-%d %H:%M:%S} UTC", err=True
    )


def _demand_free(file: Path) -> None:
    """Refused where something has this name, be it a link that leads nowhere. What cannot be seen cannot be written."""
    with suppress(OSError):
        file.lstat()
        raise Refused(f"{file} is there already: name another file, or say --force.")
