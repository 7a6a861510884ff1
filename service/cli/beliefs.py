"""`frenemies beliefs`: what was believed of which days, and when that became something else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import click
from rich.text import Text

from service.cli import changes, options
from service.cli.options import Place, without_empty
from service.cli.output import STYLES, cell, print_json, print_line, print_table
from service.cli.source import ask_all, open_source

_COLUMNS = ("position", "recorded", "what", "days", "before", "after", "because of")


@click.command("beliefs")
@click.argument("entity", required=False)
@click.option("--relation", metavar="NAME/A/B", help="Only one relation: its name and its two ends.")
@click.option("--matter", metavar="ID", help="Only one matter, by the id that --json tells.")
@click.option("--kind", metavar="KIND", help="Only matters of this kind: relation, vote, position, stance, ...")
@click.option("--after", metavar="POINT", help="Only after this log position or instant (RFC 3339).")
@click.option("--until", metavar="POINT", help="Only up to this log position or instant.  [default: the last]")
@click.option("--evidence", is_flag=True, help="Also changes of nothing but who says it, or in which claims.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most so many changes.  [default: all]")
@options.JSON
@options.take_place(url=True)
def command(
    entity: str | None,
    relation: str | None,
    matter: str | None,
    kind: str | None,
    after: str | None,
    until: str | None,
    evidence: bool,
    limit: int | None,
    as_json: bool,
    place: Place,
) -> None:
    """Show what was believed of which days, when that became something else, and because of which record.

    About all that is listed under ENTITY, one relation or one matter, else about everything.

    \b
    frenemies beliefs vmware --kind vote
    frenemies beliefs --relation member_of/vmware/openstack-foundation
    frenemies beliefs red-hat --after 203
    """
    include = "evidence" if evidence else None
    chosen = without_empty(
        entity=entity, relation=relation, matter=matter, kind=kind, after=after, until=until, include=include
    )
    with open_source(place) as source:
        answer = ask_all(source, "beliefs", limit, "beliefs", **chosen)
    if as_json:
        print_json(answer)
    else:
        _print(answer)


def _print(answer: Any) -> None:
    print_line(cell(f"up to position {answer['position']}", "dim"))
    for notice in answer["notices"]:
        print_line(cell(f"{notice['asked']} was merged: this is told with {notice['answered']}"))
    if not answer["beliefs"]:
        print_line("Nothing that was believed has become something else.")
    rows = [row for change in answer["beliefs"] for row in _rows(change, answer["refs"])]
    print_table("", _COLUMNS, rows)


def _rows(change: Any, refs: Mapping[str, str]) -> list[list[Text | str]]:
    """A row for each period; what all of them share is told once."""
    shared = [str(change["position"]), change["recorded_at"][:10]]
    because: str = changes.cause(change["cause"], refs)
    rows: list[list[Text | str]] = []
    named = ""
    for period in change["periods"]:
        what = changes.what(period, refs)
        rows.append([*shared, "" if what == named else what, _days(period), *_ends(period), because])
        shared, named, because = ["", ""], what, ""
    if not all(change["kept"].values()):
        said = "changes on too many days to be told"
        rows.append([*shared, f"{change['kind']}  {_about(change)}", said, "", "", because])
    return rows


def _about(change: Any) -> str:
    """What a matter is, in short."""
    about = change["about"] or {"matter": change["matter"]}
    return " ".join(str(value) for value in about.values() if isinstance(value, str))


def _days(period: Any) -> str:
    """The days of a period, with its first and its last."""
    first, behind = period["from"], period["to"]
    last = behind and str(date.fromisoformat(behind) - timedelta(days=1))
    if first and last:
        return str(first) if first == last else f"{first} to {last}"
    return f"from {first}" if first else f"to {last}" if last else "all days"


def _ends(period: Any) -> list[Text]:
    """What was believed before and after; where that reads the same, with the names of the fields that differ."""
    said = [changes.brief(period[end]) for end in ("before", "after")]
    styles = [STYLES.get((period[end] or {}).get("status", ""), "") for end in ("before", "after")]
    if said[0] == said[1]:
        said[1] = (
            "the same, other evidence" if period["evidence_changed"] else f"the same but {changes.changed(period)}"
        )
    return [cell(text, style) for text, style in zip(said, styles, strict=True)]
