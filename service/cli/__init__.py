"""The command line. Commands read options, hand over, and write the answer."""

from __future__ import annotations

from typing import NoReturn

import click

from service.cli.group import Commands, Loaded
from service.cli.output import use_utf8
from service.serve.logs import configure_logs

_MODULES = {
    "demo": "demo",
    "serve": "serve",
    "migrate": "migrate",
    "keys": "keys",
    "import": "importing",
    "imports": "imports",
    "export": "exporting",
    "versions": "versions",
    "retract": "retracting",
    "state": "state",
    "relation": "relation",
    "network": "network:network",
    "path": "network:path",
    "frenemies": "network:frenemies",
    "timeline": "timeline",
    "changes": "changes",
    "beliefs": "beliefs",
    "feed": "feed",
    "subscriptions": "subscriptions",
    "project": "project",
    "verify": "verify",
    "backup": "backup",
    "restore": "restore",
    "erase": "erasing",
}
"""Each command, and the module that it is in."""


@click.group(
    cls=Commands,
    commands=Loaded(__name__, _MODULES),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.version_option(package_name="frenemies", message="%(version)s")
def cli() -> None:
    """Who is with whom, since when, and who says so.

    Records what is claimed about companies, and answers for any day: as of then, as published by then, as recorded by
    then. Ends with 0 (done), 2 (wrong usage), 3 (data refused), 4 (service unavailable) or 130 (Ctrl-C). A service that
    wants a key is asked with the one in FRENEMIES_KEY.
    """
    configure_logs("WARNING", brief=True)


def main() -> NoReturn:
    """The program `frenemies`."""
    use_utf8()
    cli.main(prog_name="frenemies")
    raise AssertionError("click ends the process")
