"""`frenemies project`: the projections, how far they are, and what to do when one has to be made anew."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from service.bootstrap import parking, projection_status, rebuild
from service.cli import options
from service.cli.database import open_existing
from service.cli.group import Interrupted, Refused
from service.cli.options import Place
from service.cli.output import print_json, print_line, print_table
from service.cli.progress import Bar
from service.cli.source import ask, open_source
from service.errors import BuildKept, NothingParked
from service.projections.parking import Parking, Settled
from service.projections.rebuild import Report, Wish
from service.settings import Settings

REASON = click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept.")
BY = click.option("--by", default=lambda: _who(), metavar="NAME", help="Who does it; it is kept.  [default: you]")


@click.group("project")
def command() -> None:
    """Look after the projections: the tables that questions are answered from.

    Each can be made anew from the log while the service answers.
    """


@command.command("status")
@options.JSON
@options.take_place(url=True)
def status(as_json: bool, place: Place) -> None:
    """Show how far each projection is, and the last rebuild."""
    found = _projections(place)
    if as_json:
        print_json({"projections": found})
        return
    for one in found:
        ready = "complete" if one["is_built"] else "being built"
        print_line(f"{one['name']} version {one['version']}: {ready}, at {one['position']:,} of {one['head']:,}")
        behind = f"{one['lag']:,} events, {one['lag_seconds']:.1f} s"
        print_line(f"  behind: {behind}; streams held back: {one['parked']:,}")
        if one["rebuild"] is not None:
            print_line(f"  rebuild: {_rebuild_told(one['rebuild'])}")


@command.command("rebuild")
@click.option("--anew", is_flag=True, help="Begin from the start, also where an earlier rebuild was broken off.")
@click.option("--despite-live", is_flag=True, help="Switch although the live view differs, if the log agrees.")
@click.option(
    "--workers", type=click.IntRange(1, 64), metavar="NUMBER", help="Processes that load.  [default: one per core]"
)
@options.take_place(url=False)
def rebuild_command(anew: bool, despite_live: bool, workers: int | None, place: Place) -> None:
    """Build the tables anew beside the live ones, verify them, and switch.

    Readers and writers go on meanwhile. Broken off, it goes on where it was when it is called again. Where the new
    tables differ from the live ones nothing is switched and it ends with 3: the difference is named, and they stay.
    """
    wish = Wish(_who(), workers or _cores(), anew=anew, despite_live=despite_live)
    try:
        report = _rebuild(wish, place)
    except KeyboardInterrupt:
        raise Interrupted("Interrupted: readers go on with the live tables. The same command goes on.") from None
    if not report.is_switched:
        raise Refused(_told(report.differences, "Nothing was switched."))
    compared = "the live view and a sample of the log" if report.is_compared_to_live else "a sample of the log"
    print_line(f"The new tables are in place; at position {report.position:,} they agreed with {compared}.")
    for difference in report.differences:
        print_line(f"The live view had been different: {difference}")


@command.command("verify")
@click.option("--whole", is_flag=True, help="Build everything anew beside the live tables, and compare every row.")
@options.take_place(url=False)
def verify(whole: bool, place: Place) -> None:
    """Compare the live tables with the log: a sample of it, or all.

    The live tables are only read. Differences are named, and end it with 3; so does an earlier build that is kept and
    would be in the way of --whole.
    """
    if whole:
        report = _compare(place)
    else:
        with _database(place) as (settings, url):
            report = rebuild(settings, url, lambda _: None).verify()
    if report.differences:
        raise Refused(_told(report.differences, "The live tables are as they were."))
    print_line(f"{'Every row' if whole else 'A sample'} agrees with the log at position {report.position:,}.")


@command.command("cancel")
@options.take_place(url=False)
def cancel(place: Place) -> None:
    """Have the running rebuild end. `rebuild` goes on with it."""
    with _database(place) as (settings, url):
        found = rebuild(settings, url, lambda _: None).cancel()
    if found is None:
        raise Refused("No rebuild is running.")
    print_line(f"The rebuild that {found.started_by} started is asked to end.")


@command.group("parked", invoke_without_command=True)
@options.take_place(url=False)
@click.pass_context
def parked(context: click.Context, place: Place) -> None:
    """Show and settle the events that could not be handled; the streams they are in are held back."""
    if context.invoked_subcommand is None:
        _list(False, place)


@parked.command("list")
@options.JSON
@options.take_place(url=False)
def list_parked(as_json: bool, place: Place) -> None:
    """Show what is held back, and what was done about it."""
    _list(as_json, place)


@parked.command("retry")
@click.argument("stream")
@REASON
@BY
@options.take_place(url=False)
def retry(stream: str, reason: str, by: str, place: Place) -> None:
    """Handle the parked event of STREAM again, and everything after it."""
    with _parking(place) as found:
        _tell_outcome(stream, found.retry, by, reason)


@parked.command("skip")
@click.argument("stream")
@REASON
@BY
@options.take_place(url=False)
def skip(stream: str, reason: str, by: str, place: Place) -> None:
    """Leave the parked event of STREAM out, now and in every rebuild, and handle everything after it.

    Without its first event a stream is left out as a whole.
    """
    with _parking(place) as found:
        _tell_outcome(stream, found.skip, by, reason)


def _projections(place: Place) -> list[dict[str, Any]]:
    """What a running service says of them, or their database. It is only read: nothing is caught up for it."""
    if place.url is not None:
        with open_source(place) as source:
            found: list[dict[str, Any]] = ask(source, "projections")["projections"]
            return found
    with _database(place) as (settings, url):
        return [one.plain() for one in projection_status(settings, url)]


def _rebuild_told(rebuild: dict[str, Any]) -> str:
    since = _minute(datetime.fromisoformat(rebuild["started_at"]))
    parts = [f"{rebuild['phase']}, by {rebuild['started_by']} since {since} UTC"]
    if rebuild["is_running"]:
        parts.append(f"{rebuild['done']:,} of {rebuild['total']:,} at {rebuild['rate']:,.0f}/s")
    for name, what in (("seconds_left", "s left"), ("whole_seconds_left", "s to the end")):
        if rebuild[name] is not None:
            parts.append(f"{rebuild[name]:,.0f} {what}")
    told = ", ".join(parts)
    return f"{told}: {rebuild['note']}" if rebuild["note"] else told


def _list(as_json: bool, place: Place) -> None:
    with _parking(place) as found:
        held, acts = found.parked(), found.acts(20)
    if as_json:
        print_json({"parked": [_plain(one) for one in held], "acts": [_plain(one) for one in acts]})
        return
    if not held:
        print_line("Nothing is held back.")
    rows = [(p.stream, str(p.position), p.event_type, _minute(p.parked_at), p.error) for p in held]
    print_table("Held back", ("stream", "position", "event", "since", "error"), rows)
    done = [(_minute(a.done_at), a.done_by, a.act, a.stream, str(a.position), a.reason, a.outcome) for a in acts]
    print_table("Done", ("when", "by", "act", "stream", "position", "reason", "outcome"), done)


def _tell_outcome(stream: str, act: Callable[[str, str, str], Settled], by: str, reason: str) -> None:
    try:
        outcome, again = act(stream, by, reason)
    except NothingParked as error:
        raise Refused(str(error)) from error
    if again is not None:
        raise Refused(f"{stream} is held back again, at {again.position} ({again.event_type}): {again.error}")
    print_line(f"{stream}: {outcome}.")


def _rebuild(wish: Wish, place: Place) -> Report:
    with _database(place) as (settings, url), Bar("rebuild", each_phase=True) as bar:
        return rebuild(settings, url, lambda at: bar.show(at.phase, at.done, at.total, at.whole_seconds_left)).run(wish)


def _compare(place: Place) -> Report:
    try:
        return _rebuild(Wish(_who(), _cores(), is_to_switch=False), place)
    except BuildKept as error:
        raise Refused(str(error)) from error


def _told(differences: Sequence[object], end: str) -> str:
    return "\n".join([*map(str, differences), end])


@contextmanager
def _database(place: Place) -> Iterator[tuple[Settings, str]]:
    with open_existing(place.settings()) as found:
        yield found


@contextmanager
def _parking(place: Place) -> Iterator[Parking]:
    with _database(place) as (settings, url), parking(settings, url) as found:
        yield found


def _plain(one: Any) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(one).items()}


def _minute(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M}"


def _who() -> str:
    return f"{getpass.getuser()}@{socket.gethostname()} (process {os.getpid()})"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
