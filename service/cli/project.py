"""`frenemies project`: the projections, how far they are, and what to do when one has to be made anew."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from service.bootstrap import projection_status, rebuild
from service.cli import options, parked
from service.cli.group import Interrupted, Refused
from service.cli.options import Place
from service.cli.output import print_json, print_line
from service.cli.progress import Bar
from service.cli.projections import CHOSEN, Chosen, database, minute, who
from service.cli.source import ask, open_source
from service.errors import BuildKept
from service.projections.projection import Projection
from service.projections.rebuild import Report, Wish
from service.settings import Settings


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
@CHOSEN
@options.take_place(url=False)
def rebuild_command(anew: bool, despite_live: bool, workers: int | None, chosen: Chosen, place: Place) -> None:
    """Build the tables anew beside the live ones, verify them, and switch: those of all projections, one by one.

    Readers and writers go on meanwhile. Broken off, it goes on where it was when it is called again. Where the new
    tables differ from the live ones nothing is switched and it ends with 3: the difference is named, and they stay.
    """
    wish = Wish(who(), workers or _cores(), anew=anew, despite_live=despite_live)
    try:
        with database(place) as found:
            for one in chosen:
                _tell_rebuilt(one.name, _rebuild(wish, one, *found))
    except KeyboardInterrupt:
        raise Interrupted("Interrupted: readers go on with the live tables. The same command goes on.") from None


@command.command("verify")
@click.option("--whole", is_flag=True, help="Build everything anew beside the live tables, and compare every row.")
@CHOSEN
@options.take_place(url=False)
def verify(whole: bool, chosen: Chosen, place: Place) -> None:
    """Compare the live tables with the log: a sample of it, or all.

    The live tables are only read. Differences are named, and end it with 3; so does an earlier build that is kept and
    would be in the way of --whole.
    """
    differing: list[str] = []
    with database(place) as (settings, url):
        for one in chosen:
            report = _compare(one, settings, url) if whole else rebuild(settings, url, one).verify()
            if report.differences:
                differing += [f"{one.name}: {difference}" for difference in report.differences]
            else:
                compared = "every row" if whole else "a sample"
                print_line(f"{one.name}: {compared} agrees with the log at position {report.position:,}.")
    if differing:
        raise Refused(_told(differing, "The live tables are as they were."))


@command.command("cancel")
@CHOSEN
@options.take_place(url=False)
def cancel(chosen: Chosen, place: Place) -> None:
    """Have the rebuild that runs end. `rebuild` goes on with it."""
    with database(place) as (settings, url):
        found = [(one.name, rebuild(settings, url, one).cancel()) for one in chosen]
    running = [(name, status) for name, status in found if status is not None]
    if not running:
        raise Refused("No rebuild is running.")
    for name, status in running:
        print_line(f"{name}: the rebuild that {status.started_by} started is asked to end.")


command.add_command(parked.command)


def _projections(place: Place) -> list[dict[str, Any]]:
    """What a running service says of them, or their database. It is only read: nothing is caught up for it."""
    if place.url is not None:
        with open_source(place) as source:
            found: list[dict[str, Any]] = ask(source, "projections")["projections"]
            return found
    with database(place) as (settings, url):
        return [one.plain() for one in projection_status(settings, url)]


def _rebuild_told(rebuild: dict[str, Any]) -> str:
    since = minute(datetime.fromisoformat(rebuild["started_at"]))
    parts = [f"{rebuild['phase']}, by {rebuild['started_by']} since {since} UTC"]
    if rebuild["is_running"]:
        parts.append(f"{rebuild['done']:,} of {rebuild['total']:,} at {rebuild['rate']:,.0f}/s")
    for name, what in (("seconds_left", "s left"), ("whole_seconds_left", "s to the end")):
        if rebuild[name] is not None:
            parts.append(f"{rebuild[name]:,.0f} {what}")
    told = ", ".join(parts)
    return f"{told}: {rebuild['note']}" if rebuild["note"] else told


def _rebuild(wish: Wish, chosen: Projection, settings: Settings, url: str) -> Report:
    with Bar(f"rebuild of {chosen.name}", each_phase=True) as bar:
        return rebuild(
            settings, url, chosen, lambda at: bar.show(at.phase, at.done, at.total, at.whole_seconds_left)
        ).run(wish)


def _tell_rebuilt(name: str, report: Report) -> None:
    """Refused where it was not switched: what follows it is not built on what may be wrong."""
    if not report.is_switched:
        raise Refused(_told([f"{name}: {difference}" for difference in report.differences], "Nothing was switched."))
    compared = "the live view and a sample of the log" if report.is_compared_to_live else "a sample of the log"
    print_line(f"{name}: the new tables are in place; at position {report.position:,} they agreed with {compared}.")
    for difference in report.differences:
        print_line(f"{name}: the live view had been different: {difference}")


def _compare(chosen: Projection, settings: Settings, url: str) -> Report:
    try:
        return _rebuild(Wish(who(), _cores(), is_to_switch=False), chosen, settings, url)
    except BuildKept as error:
        raise Refused(str(error)) from error


def _told(differences: Sequence[str], end: str) -> str:
    return "\n".join([*differences, end])


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
