"""Which database a command works on: one that records may make it, one that reads takes only what is there."""

# What is slow to load is imported where it is used: a question to a running service needs no database driver.

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import click

from service.cli.group import Unavailable
from service.serve.database import demo_folder, embedded_folder, has_data, is_prepared, open_database, own_folder
from service.settings import Settings


@contextmanager
def open_to_record(settings: Settings) -> Iterator[str]:
    """The URL of the database: the embedded one is made and prepared, another one has to be. SchemaMissing if not."""
    from service.serve.preparing import prepared

    with open_database(settings) as url:
        if settings.database_url is None:
            prepared(settings, url)
        else:
            _demand_prepared(settings, url)
        yield url


@contextmanager
def open_existing(settings: Settings) -> Iterator[tuple[Settings, str]]:
    """The database that is there, as settings that name it and its URL; nothing is made.

    Unavailable where there is none, SchemaMissing where it was never prepared.
    """
    settings = _existing(settings)
    with open_database(settings) as url:
        _demand_prepared(settings, url)
        yield settings, url


def _existing(settings: Settings) -> Settings:
    """Where no place is set and nothing was ever prepared in the usual one, the demo's data counts, if there is any."""
    if settings.database_url is not None:
        return settings
    demo = demo_folder()
    if settings.data is None and not is_prepared(own_folder()) and has_data(demo):
        click.echo(f"frenemies: reading the demo's data in {demo}", err=True)
        return replace(settings, data=demo)
    folder = settings.data or own_folder()
    if has_data(folder):
        return settings
    there = f"\nThe demo's data is in {demo}: --data {demo} reads it." if has_data(demo) else ""
    raise Unavailable(
        f"There is no data in {folder}, and a command that reads makes none: `frenemies serve`, `frenemies demo` or"
        f" `frenemies import FILE` does. Or say where it is (--data, --database-url, --url).{there}"
    )


def _demand_prepared(settings: Settings, url: str) -> None:
    from service.migrate import demand_prepared

    folder = embedded_folder(settings)
    demand_prepared(url, f"the one in {folder}" if folder else None)
