"""The command line. Commands read options, hand over, and write the answer."""

from __future__ import annotations

from typing import NoReturn

import click

from service.cli import (
    backup,
    beliefs,
    changes,
    demo,
    erasing,
    exporting,
    feed,
    importing,
    imports,
    keys,
    migrate,
    network,
    project,
    relation,
    restore,
    retracting,
    serve,
    state,
    subscriptions,
    timeline,
    verify,
    versions,
)
from service.cli.group import Commands
from service.cli.output import use_utf8
from service.serve.logs import configure_logs


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="frenemies", message="%(version)s")
def cli() -> None:
    """Who is with whom, since when, and who says so.

    Records what is claimed about companies, and answers for any day: as of then, as published by then, as recorded by
    then. Ends with 0 (done), 2 (wrong usage), 3 (data refused), 4 (service unavailable) or 130 (Ctrl-C). A service that
    wants a key is asked with the one in FRENEMIES_KEY.
    """
    configure_logs("WARNING", brief=True)


for module in (
    demo,
    serve,
    migrate,
    keys,
    importing,
    imports,
    exporting,
    versions,
    retracting,
    state,
    relation,
    timeline,
    changes,
    beliefs,
    feed,
    subscriptions,
    project,
    verify,
    backup,
    restore,
    erasing,
):
    cli.add_command(module.command)
for command in network.COMMANDS:
    cli.add_command(command)


def main() -> NoReturn:
    """The program `frenemies`."""
    use_utf8()
    cli.main(prog_name="frenemies")
    raise AssertionError("click ends the process")
