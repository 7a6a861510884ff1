"""Options that several commands share, with their twins in the environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click
from click.core import ParameterSource

from service.settings import Settings, read_settings

Command = TypeVar("Command", bound=Callable[..., Any])
Option = Callable[[Callable[..., Any]], Callable[..., Any]]

URL = click.option(
    "--url", envvar="FRENEMIES_URL", show_envvar=True, metavar="URL", help="Ask the running service at this address."
)
DATABASE_URL = click.option(
    "--database-url", envvar="DATABASE_URL", show_envvar=True, metavar="URL", help="The PostgreSQL to work on."
)
MIGRATE_URL = click.option(
    "--migrate-url",
    envvar="MIGRATE_URL",
    show_envvar=True,
    metavar="URL",
    help="The login that changes the schema and creates roles.  [default: the database URL]",
)
READ_URL = click.option(
    "--read-database-url",
    "read_url",
    envvar="READ_DATABASE_URL",
    show_envvar=True,
    metavar="URL",
    help="A streaming replica of the PostgreSQL to work on: answer questions from there.",
)
DATA = click.option(
    "--data",
    envvar="FRENEMIES_DATA",
    show_envvar=True,
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="The data folder of the embedded PostgreSQL, which is used where no database URL is given.",
)
HOST = click.option(
    "--host", envvar="FRENEMIES_HOST", show_envvar=True, default=Settings.host, show_default=True, help="Listen here."
)
PORT = click.option(
    "--port",
    envvar="FRENEMIES_PORT",
    show_envvar=True,
    type=click.IntRange(0, 65_535),
    default=Settings.port,
    show_default=True,
    help="Listen on this port; 0 takes a free one.",
)
CLOCKS = (
    click.option("--as-of", metavar="DAY", help="The day asked about (YYYY-MM-DD).  [default: today]"),
    click.option("--published-by", metavar="DAY", help="Only what was published by this day."),
    click.option(
        "--recorded-by", metavar="INSTANT", help="Only what was recorded by this instant (RFC 3339) or log position."
    ),
    click.option("--according-to", metavar="ENTITY", help="Only what this entity said."),
)
FILTERS = (
    click.option("--status", metavar="STATUS", help="Only relations with this status."),
    click.option("--relation", metavar="RELATION", help="Only relations of this name."),
    click.option(
        "--include-ended", is_flag=True, help="Also relations that do not hold, or of which nothing is known."
    ),
)
JSON = click.option("--json", "as_json", is_flag=True, help="Write JSON, for programs.")


@dataclass(frozen=True)
class Place:
    """Where a command finds its data: at most one of the three is set."""

    url: str | None = None
    database_url: str | None = None
    data: Path | None = None

    def settings(self, migrate_url: str | None = None) -> Settings:
        """The settings of the environment, for this place. The migrating login counts only beside a database URL.

        No replica is asked: what a command does may rest on what it reads.
        """
        migrating = (migrate_url or self.database_url) if self.database_url else None
        return replace(
            read_settings(), database_url=self.database_url, migrate_url=migrating, read_url=None, data=self.data
        )


def take_place(*, url: bool) -> Callable[[Command], Command]:
    """Adds the options that say where the data is (`url`: also a running service), given to the command as `place`."""
    return _gathering([*([URL] if url else []), DATABASE_URL, DATA], "place", _place)


def take_clocks(command: Command) -> Command:
    """Adds the options of the three clocks and of whose word counts, given to the command as `clocks`."""
    return _gathering(CLOCKS, "clocks", lambda given: without_empty(**given))(command)


def take_filters(command: Command) -> Command:
    """Adds the options that choose among relations, given to the command as `filters`."""
    return _gathering(FILTERS, "filters", _filters)(command)


def take_format(formats: Mapping[str, str]) -> Callable[[Command], Command]:
    """Adds the option that names a form for other tools; the command gets the media type of it as `media`."""
    option = click.option(
        "--format", "form", type=click.Choice(list(formats)), help="Write it for other tools: see docs/exports.md."
    )

    def media(given: dict[str, Any]) -> str | None:
        if given["form"] and click.get_current_context().params.get("as_json"):
            raise click.UsageError("--format and --json cannot be given together.")
        return formats.get(given["form"])

    return _gathering([option], "media", media)


def without_empty(**parameters: str | int | None) -> dict[str, str]:
    """The parameters that are given, as text."""
    return {name: str(value) for name, value in parameters.items() if value is not None}


def _filters(given: dict[str, Any]) -> dict[str, str]:
    include = "ended" if given.pop("include_ended") else None
    return without_empty(**given, include=include)


def _place(given: dict[str, Any]) -> Place:
    """The command line goes before the environment, and there a URL before a folder."""
    context = click.get_current_context()
    given = {name: given[name] for name in ("url", "database_url", "data") if given.get(name)}
    typed = [name for name in given if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if len(typed) > 1:
        names = " and ".join(f"--{name.replace('_', '-')}" for name in typed)
        raise click.UsageError(f"{names} cannot be given together.", context)
    chosen = next(iter(typed or given), None)
    return Place(**{chosen: given[chosen]}) if chosen else Place()


def _gathering(
    options: Sequence[Option], name: str, gather: Callable[[dict[str, Any]], Any]
) -> Callable[[Command], Command]:
    """Adds options whose values the command gets as one argument."""

    def add(command: Command) -> Command:
        @wraps(command)
        def gathered(**given: Any) -> Any:
            own = {parameter: given.pop(parameter) for parameter in names if parameter in given}
            return command(**given, **{name: gather(own)})

        known = len(getattr(gathered, "__click_params__", ()))
        decorated: Any = gathered
        for option in reversed(options):
            decorated = option(decorated)
        names = [str(parameter.name) for parameter in decorated.__click_params__[known:]]
        return cast(Command, decorated)

    return add
