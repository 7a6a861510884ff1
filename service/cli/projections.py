"""Which projections a command is about, and in which database."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import click

from service.cli.database import open_existing
from service.cli.options import Place
from service.projections.catalog import PROJECTIONS
from service.projections.projection import Projection
from service.settings import Settings

Chosen = tuple[Projection, ...]


def _chosen(context: click.Context, option: click.Parameter, name: str | None) -> Chosen:
    return tuple(one for one in PROJECTIONS if name in (None, one.name))


CHOSEN = click.option(
    "--projection",
    "chosen",
    type=click.Choice([one.name for one in PROJECTIONS]),
    callback=_chosen,
    help="Only this projection.  [default: all]",
)


@contextmanager
def database(place: Place) -> Iterator[tuple[Settings, str]]:
    """The database that is there, as settings and its URL."""
    with open_existing(place.settings()) as found:
        yield found


def who() -> str:
    """Who gives the command."""
    return f"{getpass.getuser()}@{socket.gethostname()} (process {os.getpid()})"


def minute(when: datetime) -> str:
    """An instant to the minute."""
    return f"{when:%Y-%m-%d %H:%M}"
