"""`frenemies subscriptions`: who gets which events, how far that is, and what was given up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from service.cli import options
from service.cli.options import Place
from service.cli.output import print_json, print_line, print_table
from service.cli.source import ask, ask_all, open_source

_PATH = "subscriptions"
_COLUMNS = ("subscription", "mode", "state", "position", "pending", "parked", "url", "description")
_PARKED_COLUMNS = ("position", "tries", "last tried", "result", "answer", "why")
_ID = click.argument("name", metavar="ID")
Item = Mapping[str, Any]


@click.group("subscriptions")
def command() -> None:
    """Show who is sent events or pulls them, how far that is, and which ones were given up.

    \b
    frenemies subscriptions list
    frenemies subscriptions parked 1b4e28ba-2fa1-41d2-883f-0016d3cca427
    """


@command.command("list")
@options.JSON
@options.take_place(url=True)
def list_subscriptions(as_json: bool, place: Place) -> None:
    """List the subscriptions in the order of their ids."""
    with open_source(place) as source:
        answer = ask_all(source, "subscriptions", None, _PATH)
    if as_json:
        print_json(answer)
        return
    if not answer["subscriptions"]:
        print_line("There are no subscriptions.")
    print_table("", _COLUMNS, [_row(one) for one in answer["subscriptions"]])


@command.command("show")
@_ID
@options.JSON
@options.take_place(url=True)
def show(name: str, as_json: bool, place: Place) -> None:
    """Show the subscription ID."""
    with open_source(place) as source:
        answer = ask(source, _PATH, name)
    if as_json:
        print_json(answer)
        return
    for title, value in answer.items():
        if value is not None:
            print_line(f"{title.replace('_', ' ')}: {', '.join(value) if isinstance(value, list) else value}")


@command.command("parked")
@_ID
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most so many, the newest.  [default: all]")
@options.JSON
@options.take_place(url=True)
def parked(name: str, limit: int | None, as_json: bool, place: Place) -> None:
    """Show the events of the subscription ID that were given up, the newest event first."""
    with open_source(place) as source:
        answer = ask_all(source, "deliveries", limit, _PATH, name, "deliveries", state="parked")
    if as_json:
        print_json(answer)
        return
    if not answer["deliveries"]:
        print_line("Nothing was given up.")
    print_table("", _PARKED_COLUMNS, [_parked_row(one) for one in answer["deliveries"]])


def _row(one: Item) -> list[str]:
    counts = (str(one[name]) for name in ("position", "pending", "parked"))
    return [one["id"], one["mode"], one["state"], *counts, one["url"] or "", one["description"] or ""]


def _parked_row(one: Item) -> list[str]:
    last = one["attempts"][-1] if one["attempts"] else {}
    told = (str(last.get(name) or "") for name in ("at", "result", "status", "detail"))
    return [str(one["position"]), str(one["tries"]), *told]
