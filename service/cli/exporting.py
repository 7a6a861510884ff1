"""`frenemies export`: the original records as lines for `frenemies import`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import click
import msgspec

from service.bootstrap import build, exporter, prepare
from service.cli import options
from service.cli.database import open_existing
from service.cli.group import Unavailable, WrongUsage
from service.cli.options import Place


@click.command("export")
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file, which appears when it is complete.  [default: standard output]",
)
@click.option("--from", "first", type=click.IntRange(1), metavar="POSITION", help="Begin with this log position.")
@click.option("--to", "last", type=click.IntRange(1), metavar="POSITION", help="End with this log position.")
@options.take_place(url=False)
def command(output: Path | None, first: int | None, last: int | None, place: Place) -> None:
    """Write the original records in the order in which they were recorded, as lines for `frenemies import`.

    Imported into an empty database they give the same answers. What follows from other records is left out. The lines
    hold names and texts that may have to be forgotten: keep them as carefully as the database.
    """
    if first is not None and last is not None and first > last:
        raise WrongUsage(f"--from {first} is behind --to {last}.")
    with open_existing(place.settings()) as (settings, url):
        if settings.database_url is None:
            prepare(settings, url)
        services = build(settings, url)
        try:
            with opened(output) as file:
                for line in exporter(services).lines((first or 1) - 1, last):
                    file.write(msgspec.json.encode(line) + b"\n")
        finally:
            services.close()


@contextmanager
def opened(output: Path | None, mode: int = 0o666) -> Iterator[IO[bytes]]:
    """Standard output, or a file that takes its name when all is written. Unavailable where it cannot be.

    `mode`: who may read and write the file, at most.
    """
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    # Whoever writes to the same name at the same time has a file of their own until then.
    partial = output.with_name(f"{output.name}.{os.getpid()}.part")
    try:
        with open(partial, "wb", opener=lambda path, flags: os.open(path, flags, mode)) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(output)
    except OSError as error:
        raise Unavailable(f"{output} cannot be written: {error}") from error
    finally:
        with suppress(OSError):
            partial.unlink()
