"""`frenemies demo`: the service with the sample, on a PostgreSQL of its own."""

from __future__ import annotations

import shlex
import shutil
import socket
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path

import click
from click.core import ParameterSource

from service.bootstrap import importer, projections
from service.cli import options
from service.cli.database import open_to_record
from service.cli.importing import RECORDER, said
from service.cli.lines import open_lines
from service.serve.address import listen
from service.serve.database import demo_folder
from service.serve.errors import PortTaken
from service.serve.supervisor import Size, serve
from service.settings import Settings, read_settings

FIVE_ARTICLES = ("The sample of five articles", "five_articles.ndjson")
LATER_REPORTS = ("Three later reports", "later_reports.ndjson")
_PORTS_TO_TRY = 20


@click.command("demo")
@options.HOST
@options.PORT
@click.option(
    "--data",
    envvar="FRENEMIES_DATA",
    show_envvar=True,
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the data in this folder.",
)
@click.option("--later", is_flag=True, help="Also load three later reports, which change some of the answers.")
@click.option("--no-serve", is_flag=True, help="Only load the sample, then end.")
def command(host: str, port: int, data: Path | None, later: bool, no_serve: bool) -> None:
    """Start the service with the sample of five articles, until Ctrl-C.

    It runs on the embedded PostgreSQL in a data folder of its own (`frenemies-demo` beside that of the service), which
    stays for the next time. Where the port is taken, and none was asked for, it takes the next free one.
    """
    folder = data or demo_folder()
    settings = replace(
        read_settings(), database_url=None, migrate_url=None, data=folder, host=host, port=port, follow=None,
        log_requests=False,
    )  # fmt: skip
    files = [FIVE_ARTICLES, *([LATER_REPORTS] if later else [])]
    if no_serve:
        with open_to_record(settings) as url:
            load_sample(settings, url, files)
        return
    is_default = click.get_current_context().get_parameter_source("port") is ParameterSource.DEFAULT
    with _listen(host, port, _PORTS_TO_TRY if is_default else 1) as link:
        click.echo(f"Starting PostgreSQL in {folder} ...")
        serve(
            settings,
            Size(),
            link=link,
            load=lambda url: load_sample(settings, url, files),
            on_ready=lambda base: click.echo(what_to_try(base, folder, settings.admin_key is not None)),
        )
    click.echo("Ended.")


def load_sample(settings: Settings, url: str, files: Sequence[tuple[str, str]] = (FIVE_ARTICLES,)) -> None:
    """Records files of the sample, where they are not there yet, and has the read tables take them in."""
    folder = resources.files("service").joinpath("sample")
    importing = importer(settings, url)
    for name, file in files:
        with (
            resources.as_file(folder.joinpath(file)) as path,
            open_lines(str(path), settings.limits.article_body) as lines,
        ):
            click.echo(f"{name}: {said(importing.record(lines, RECORDER).counts)}.")
    with projections(settings, url) as projectors:
        projectors.catch_up()


def what_to_try(base: str, folder: Path, has_key: bool) -> str:
    """What a newcomer may type, in full."""
    program = shlex.quote(_program())
    key = ' -H "Authorization: Bearer $FRENEMIES_ADMIN_KEY"' if has_key else ""
    return f"""
Frenemies is ready. Try, in another terminal:

  the page      {base}/
  a state       {program} state red-hat --as-of 2014-11-04 --url {base}
  the same      curl{key} '{base}/v1/entities/red-hat/state?as_of=2014-11-04'
  a relation    {program} relation member_of vmware openstack-foundation --as-of 2012-08-29 --url {base}
  a timeline    {program} timeline mirantis --from 2013-01-01 --url {base}
  all events    curl{key} '{base}/v1/feed?limit=3'
  as they come  curl{key} -LN -H 'Accept: text/event-stream' '{base}/v1/feed'
  the API       {base}/docs

Ctrl-C ends it. The data stays: with --data {shlex.quote(str(folder))} in place of --url these commands read it.
"""


def _program() -> str:
    """How this program can be called from anywhere."""
    found = shutil.which("frenemies")
    own = Path(sys.argv[0]).absolute()
    if found is not None and Path(found).resolve() == own.resolve():
        return "frenemies"
    return str(own)


def _listen(host: str, port: int, tries: int) -> socket.socket:
    for candidate in range(port, port + tries):
        try:
            return listen(host, candidate)
        except PortTaken:
            if candidate == port + tries - 1:
                raise
    raise AssertionError("the last try either returns or raises")
