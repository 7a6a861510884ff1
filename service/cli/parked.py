"""`frenemies project parked`: the events that a projection could not handle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from heapq import nlargest
from typing import Any

import click

from service.bootstrap import parking
from service.cli import options
from service.cli.group import Refused
from service.cli.options import Place
from service.cli.output import print_json, print_line, print_table
from service.cli.projections import CHOSEN, Chosen, database, minute, who
from service.errors import NothingParked
from service.projections.parking import RETRY, SKIP, Act, Parked, Parking

MOST_ACTS = 20
REASON = click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept.")
BY = click.option("--by", default=who, metavar="NAME", help="Who does it; it is kept.  [default: you]")


@click.group("parked", invoke_without_command=True)
@CHOSEN
@options.take_place(url=False)
@click.pass_context
def command(context: click.Context, chosen: Chosen, place: Place) -> None:
    """Show and settle the events that could not be handled; the streams they are in are held back."""
    if context.invoked_subcommand is None:
        _list(False, chosen, place)


@command.command("list")
@options.JSON
@CHOSEN
@options.take_place(url=False)
def list_parked(as_json: bool, chosen: Chosen, place: Place) -> None:
    """Show what is held back, and what was done about it."""
    _list(as_json, chosen, place)


@command.command("retry")
@click.argument("stream")
@REASON
@BY
@CHOSEN
@options.take_place(url=False)
def retry(stream: str, reason: str, by: str, chosen: Chosen, place: Place) -> None:
    """Handle the parked event of STREAM again, and everything after it: in each projection that holds it back."""
    _settle(RETRY, stream, by, reason, chosen, place)


@command.command("skip")
@click.argument("stream")
@REASON
@BY
@CHOSEN
@options.take_place(url=False)
def skip(stream: str, reason: str, by: str, chosen: Chosen, place: Place) -> None:
    """Leave the parked event of STREAM out, now and in every rebuild, and handle everything after it.

    That is so in each projection that holds it back. Without its first event a stream is left out as a whole.
    """
    _settle(SKIP, stream, by, reason, chosen, place)


def _list(as_json: bool, chosen: Chosen, place: Place) -> None:
    held: list[tuple[str, Parked]] = []
    acts: list[Act] = []
    for name, found in _parkings(chosen, place):
        held += [(name, one) for one in found.parked()]
        acts += found.acts(MOST_ACTS)
    acts = nlargest(MOST_ACTS, acts, key=lambda act: act.done_at)
    if as_json:
        parked = [{"projection": name} | _plain(one) for name, one in held]
        print_json({"parked": parked, "acts": [_plain(act) for act in acts]})
        return
    if not held:
        print_line("Nothing is held back.")
    rows = [(name, p.stream, str(p.position), p.event_type, minute(p.parked_at), p.error) for name, p in held]
    print_table("Held back", ("projection", "stream", "position", "event", "since", "error"), rows)
    done = [
        (minute(a.done_at), a.done_by, a.act, a.projection, a.stream, str(a.position), a.reason, a.outcome)
        for a in acts
    ]
    print_table("Done", ("when", "by", "act", "projection", "stream", "position", "reason", "outcome"), done)


def _settle(act: str, stream: str, by: str, reason: str, chosen: Chosen, place: Place) -> None:
    settled, again = 0, []
    for name, found in _parkings(chosen, place):
        if not any(one.stream == stream for one in found.parked()):
            continue
        outcome, held = (found.retry if act == RETRY else found.skip)(stream, by, reason)
        settled += 1
        if held is None:
            print_line(f"{name}: {stream}: {outcome}.")
        else:
            again.append(f"{name}: {stream} is held back again, at {held.position} ({held.event_type}): {held.error}")
    if not settled:
        raise Refused(str(NothingParked(f"{stream!r}.")))
    if again:
        raise Refused("\n".join(again))


def _parkings(chosen: Chosen, place: Place) -> Iterator[tuple[str, Parking]]:
    """What each projection holds back; one after the other, for what follows another one is settled after it."""
    with database(place) as (settings, url):
        for one in chosen:
            with parking(settings, url, one) as found:
                yield one.name, found


def _plain(one: Any) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(one).items()}
