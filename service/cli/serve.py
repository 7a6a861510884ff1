"""`frenemies serve`: runs the service."""

from __future__ import annotations

from dataclasses import replace

import click

from service.cli import options
from service.cli.options import Place
from service.serve.logs import configure_logs
from service.serve.supervisor import Size, serve
from service.settings import METRICS_PORT as DEFAULT
from service.settings import REPLICAS, Settings

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
FEED_PORT = click.option(
    "--feed-port",
    envvar="FRENEMIES_FEED_PORT",
    show_envvar=True,
    type=click.IntRange(0, 65_535),
    help="Stream and wait for events on this port; 0: do not.  [default: the one after --port, else any free one]",
)

LOOPBACK_WEBHOOKS = click.option(
    "--allow-loopback-webhooks",
    envvar="FRENEMIES_WEBHOOKS_LOOPBACK",
    show_envvar=True,
    is_flag=True,
    help="Webhooks may lead to this machine, too, by http and on any port.",
)
ALLOW_LOSS = click.option(
    "--allow-loss",
    envvar="FRENEMIES_ALLOW_LOSS",
    show_envvar=True,
    is_flag=True,
    help="Run on a PostgreSQL that may lose acknowledged events in a crash (fsync, full_page_writes or"
    " synchronous_commit is off).",
)


FOLLOW = click.option(
    "--follow",
    metavar="URL",
    envvar="FRENEMIES_FOLLOW",
    show_envvar=True,
    help="Be a copy of the service at this address, to be read only: take over all that it records.",
)
FOLLOW_KEY = click.option(
    "--follow-key",
    metavar="KEY",
    envvar="FRENEMIES_FOLLOW_KEY",
    show_envvar=True,
    help="The key that the service at that address wants.",
)
FOLLOW_VERIFIER = click.option(
    "--follow-verifier",
    "follow_verifiers",
    metavar="KEY",
    envvar="FRENEMIES_FOLLOW_VERIFIER",
    show_envvar=True,
    multiple=True,
    help="Trust only checkpoints signed with this verifier key; can be given several times."
    "  [default: the keys that the service names at first]",
)
FOLLOW_THROUGH = click.option(
    "--follow-through",
    metavar="NATS",
    envvar="FRENEMIES_FOLLOW_THROUGH",
    show_envvar=True,
    help="Read the events of the service that is followed from NATS JetStream, like nats://host:4222; from the service"
    " itself what is missing there.",
)
RELAY = click.option(
    "--relay",
    metavar="NATS",
    envvar="FRENEMIES_RELAY",
    show_envvar=True,
    help="Publish the log to NATS JetStream, like nats://host:4222, or nats://host:4222/stream.  [stream: frenemies]",
)
RELAY_REPLICAS = click.option(
    "--relay-replicas",
    envvar="FRENEMIES_RELAY_REPLICAS",
    show_envvar=True,
    type=click.Choice([str(count) for count in REPLICAS]),
    default=str(Settings.relay_replicas),
    show_default=True,
    help="On how many servers of NATS the stream is kept, if it has to be made.",
)


@click.command("serve")
@options.HOST
@options.PORT
@METRICS_PORT
@FEED_PORT
@LOOPBACK_WEBHOOKS
@ALLOW_LOSS
@FOLLOW
@FOLLOW_KEY
@FOLLOW_VERIFIER
@FOLLOW_THROUGH
@RELAY
@RELAY_REPLICAS
@options.take_place(url=False)
@options.MIGRATE_URL
@options.READ_URL
@WORKERS
@THREADS
def command(
    host: str,
    port: int,
    metrics_port: int | None,
    feed_port: int | None,
    allow_loopback_webhooks: bool,
    allow_loss: bool,
    follow: str | None,
    follow_key: str | None,
    follow_verifiers: tuple[str, ...],
    follow_through: str | None,
    relay: str | None,
    relay_replicas: str,
    place: Place,
    migrate_url: str | None,
    read_url: str | None,
    workers: int,
    threads: int,
) -> None:
    """Run the service until Ctrl-C.

    Prepares the database, then keeps the web server and the projector running. Off loopback a key is needed: make some
    (`frenemies keys create`), or set FRENEMIES_ADMIN_KEY.

    With --follow it is a copy of another service: the same answers, from a log of its own that is checked against the
    signed checkpoints of the other. What is to be recorded has to be sent there.

    With --relay the log is published to NATS JetStream, in its order, for any number of readers.
    """
    configure_logs()
    settings = replace(
        place.settings(migrate_url),
        read_url=read_url or None,
        host=host,
        port=port,
        metrics_port=metrics_port,
        feed_port=feed_port,
        webhooks_loopback=allow_loopback_webhooks,
        allow_loss=allow_loss,
        follow=follow.rstrip("/") if follow else None,
        follow_key=follow_key or None,
        follow_verifiers=follow_verifiers,
        follow_through=follow_through or None,
        relay=relay or None,
        relay_replicas=int(relay_replicas),
    )
    serve(settings, Size(workers, threads), on_ready=_tell)


def _tell(base: str) -> None:
    click.echo(f"Frenemies is ready on {base}")
