"""`frenemies versions`: every version of every relation as a Parquet file."""

from __future__ import annotations

from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import click

from events.fold import RULES_VERSION
from service.bootstrap import build, prepare, version_reader
from service.cli import options
from service.cli.database import open_existing
from service.cli.exporting import opened
from service.cli.group import Unavailable
from service.cli.options import Place
from service.cli.output import print_line
from service.cli.source import catch_up
from service.projections.versions import Reached


@click.command("versions")
@click.option(
    "--output",
    metavar="FILE",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file, which appears when it is complete.",
)
@options.take_place(url=False)
def command(output: Path, place: Place) -> None:
    """Write every version of every relation as Parquet: what was answered, from one log position and day to another.

    \b
    frenemies versions --output relations.parquet
    duckdb -c "FROM 'relations.parquet' WHERE known_to_position IS NULL"

    For DuckDB, pandas and polars: docs/exports.md has the columns, and the condition for a point of the clocks. It is
    read from the database, not from a running service, all at one moment. Needs the extra `frenemies[parquet]`.
    """
    try:
        from service.exports import parquet
    except ImportError as error:
        raise Unavailable(f"Parquet needs pyarrow ({error}). Install frenemies[parquet].") from error
    with open_existing(place.settings()) as (settings, url):
        if settings.database_url is None:
            prepare(settings, url)
        with closing(build(settings, url)) as services:
            catch_up(services)
        with version_reader(settings, url) as reader, opened(output) as file:
            rows = parquet.write(file, reader.versions(), _about(reader.reached))
    print_line(f"{rows:,} versions, recorded by position {reader.reached.position}")


def _about(reached: Reached) -> dict[str, str]:
    """What the file says of itself."""
    return {
        "log_epoch": reached.log_epoch,
        "log_head": str(reached.log_head),
        "position": str(reached.position),
        "recorded_at": reached.recorded_at.isoformat() if reached.recorded_at else "",
        "rules_version": str(RULES_VERSION),
        "service_version": version("frenemies"),
    }
