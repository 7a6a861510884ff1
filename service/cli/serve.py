"""`frenemies serve`: runs the service."""

from __future__ import annotations

from dataclasses import replace

import click

from service.cli import options
from service.cli.options import Place
from service.serve.logs import configure_logs
from service.serve.supervisor import Size, serve
from service.settings import METRICS_PORT as DEFAULT

WORKERS = click.option(
    "--workers",
    envvar="FRENEMIES_WORKERS",
    show_envvar=True,
    type=click.IntRange(1, 64),
    default=Size.workers,
    show_default=True,
    help="Processes that answer requests.",
)
THREADS = click.option(
    "--threads",
    envvar="FRENEMIES_THREADS",
    show_envvar=True,
    type=click.IntRange(1, 256),
    default=Size.threads,
    show_default=True,
    help="Requests that each of them answers at once.",
)
METRICS_PORT = click.option(
    "--metrics-port",
    envvar="FRENEMIES_METRICS_PORT",
    show_envvar=True,
    type=click.IntRange(0, 65_535),
    help=f"Tell Prometheus at /metrics on this port; 0 for not at all.  [default: {DEFAULT}, if it is free]",
)


@click.command("serve")
@options.HOST
@options.PORT
@METRICS_PORT
@options.take_place(url=False)
@options.MIGRATE_URL
@WORKERS
@THREADS
def command(
    host: str,
    port: int,
    metrics_port: int | None,
    place: Place,
    migrate_url: str | None,
    workers: int,
    threads: int,
) -> None:
    """Run the service until Ctrl-C.

    Prepares the database, then keeps the web server and the projector running. Off loopback a key is needed, which
    every request then has to carry: set FRENEMIES_ADMIN_KEY.
    """
    configure_logs()
    settings = replace(place.settings(migrate_url), host=host, port=port, metrics_port=metrics_port)
    serve(settings, Size(workers, threads), on_ready=_tell)


def _tell(base: str) -> None:
    click.echo(f"Frenemies is ready on {base}")
