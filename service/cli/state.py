"""`frenemies state`: everything about one entity."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from events.fold import RULES_VERSION
from service.cli import options, tables
from service.cli.group import Refused
from service.cli.options import Place
from service.cli.output import cell, print_json, print_line, print_table, status_cell
from service.cli.recomputing import recomputed
from service.cli.source import ask_all, copy, open_source
from service.exports.media import STATE_FORMATS


@click.command("state")
@click.argument("entity")
@options.take_clocks
@options.take_filters
@click.option("--token", metavar="TOKEN", help="Show the answer that this token came with, and whether it is the same.")
@click.option("--verify", is_flag=True, help="Compute the answer of the token anew from the records, and compare.")
@click.option(
    "--log",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Verify with the records in this file, written by `frenemies export`.  [default: those of the database]",
)
@options.JSON
@options.take_format(STATE_FORMATS)
@options.take_place(url=True)
def command(
    entity: str,
    clocks: dict[str, str],
    filters: dict[str, str],
    token: str | None,
    verify: bool,
    log: Path | None,
    as_json: bool,
    media: str | None,
    place: Place,
) -> None:
    """Show every relation of ENTITY on a day, with its status and the claims behind it.

    \b
    frenemies state red-hat --as-of 2014-11-04
    frenemies state red-hat --as-of 2014-11-04 --format jsonld > red-hat.jsonld
    frenemies state vmware --as-of 2012-08-29 --published-by 2012-08-28 --include-ended
    frenemies state vmware --token TOKEN --verify --log export.ndjson

    --json gives each answer with a token: the same question at the same point of the clocks. --verify ends with 0 when
    the records give the same answer, with 3 when they do not.
    """
    _demand_together(token, verify, log, filters | clocks, place)
    if verify and media is not None:
        raise click.UsageError("--verify compares and writes nothing: leave --format out.")
    if token is not None and verify:
        _verify(token, entity, log, place)
        return
    chosen = filters if token is None else {"token": token}
    with open_source(place) as source:
        if media is not None:
            copy(source, media, sys.stdout.buffer, "entities", entity, "state", **clocks, **chosen)
            return
        answer = ask_all(source, "relations", None, "entities", entity, "state", **clocks, **chosen)
    if as_json:
        print_json(answer)
    else:
        _print(answer, all_parts="include" in filters)


def _demand_together(token: str | None, verify: bool, log: Path | None, beside: dict[str, str], place: Place) -> None:
    """Refuses options that say the same twice, or that need another one."""
    if token is not None and beside:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in beside)
        raise click.UsageError(f"The token says this already: {names.replace('--include', '--include-ended')}.")
    if (verify and token is None) or (log is not None and not verify):
        raise click.UsageError("--verify checks a --token, and --log is for --verify.")
    if verify and log is None and place.url is not None:
        raise click.UsageError("A running service cannot be asked for all its records: give an export with --log.")


def _verify(token: str, entity: str, log: Path | None, place: Place) -> None:
    given, found = recomputed(token, f"/v1/entities/{entity}/state", log, place)
    expected = given.state.hex()
    print_line(f"same: {expected}" if found == expected else f"differs: expected {expected}, found {found}")
    if found != expected:
        if given.rules != RULES_VERSION:
            print_line(f"The rules are of version {RULES_VERSION} now, and were of version {given.rules}.")
        click.get_current_context().exit(Refused.exit_code)


def _print(answer: Any, *, all_parts: bool) -> None:
    refs = answer["refs"]
    entity = answer["entity"]
    print_line(Text.assemble(cell(entity["name"] or entity["id"], "bold"), cell(f"  {entity['kind']} {entity['id']}")))
    tables.print_clocks(answer)
    _print_check(answer["token_check"])
    if not answer["relations"]:
        print_line("No relation holds, may hold or is planned on this day.")
    tables.print_relations("Relations", answer["relations"], refs, all_parts=all_parts)
    _print_votes(answer["votes"], refs)
    _print_positions(answer["positions"], refs)
    _print_rounds(answer["rounds"], refs)
    _print_profile(answer["profile"], refs)
    _print_lineage(answer["lineage"], refs)
    _print_stances(answer["stances"], refs)
    tables.print_conflicts(answer["conflicts"], refs)
    tables.print_excluded(answer["excluded"], refs)


def _print_check(check: Any) -> None:
    if check is not None and check["status"] == "same":
        print_line(f"The same answer as then: {check['found']}")
    elif check is not None:
        print_line(f"Not the answer of then: expected {check['expected']}, found {check['found']}. {check['why']}")


def _print_votes(votes: Any, refs: dict[str, str]) -> None:
    print_table(
        "Votes",
        ("body", "on", "status", "when", "due", "outcome", "says", "claims"),
        [
            [
                vote["body"],
                _moves(vote),
                status_cell(vote["status"]),
                tables.date(vote["when"]),
                tables.date(vote["due"]),
                ", ".join(vote["outcomes"]),
                tables.says(vote),
                tables.claims(vote, refs),
            ]
            for vote in votes
        ],
    )


def _moves(vote: Any) -> str:
    moves = vote["moves"]
    if moves:
        return tables.relation_name(moves)
    return vote["motion"] or ", ".join(vote["motions"])


def _print_positions(positions: Any, refs: dict[str, str]) -> None:
    print_table(
        "Positions",
        ("holder", "organization", "title", "status", "since", "until", "claims"),
        [
            [
                item["holder"],
                item["organization"],
                ", ".join(title["title"] or "" for title in item["titles"]),
                status_cell(item["status"]),
                tables.date(item["since"]),
                tables.date(item["until"]),
                tables.claims(item, refs),
            ]
            for item in positions
        ],
    )


def _print_rounds(rounds: Any, refs: dict[str, str]) -> None:
    print_table(
        "Rounds",
        ("round", "status", "when", "amount", "investors", "says", "claims"),
        [
            [
                tables.shown(item["round"]),
                status_cell(item["status"]),
                tables.date(item["when"]),
                f"{tables.shown(item.get('amount'))} {tables.shown(item.get('currency'))}".strip(),
                ", ".join(investor["entity"] for investor in item["investors"]),
                tables.says(item),
                tables.claims(item, refs),
            ]
            for item in rounds
        ],
    )


def _print_profile(profile: Any, refs: dict[str, str]) -> None:
    print_table(
        "Profile",
        ("what", "value", "when", "says", "claims"),
        [
            [
                item["name"],
                f"not {tables.shown(item['value'])}" if item["negated"] else tables.shown(item["value"]),
                tables.date(item["when"]),
                tables.says(item),
                tables.claims(item, refs),
            ]
            for item in profile["attributes"]
        ],
    )
    print_table(
        "Figures",
        ("measure", "value", "when", "says", "claims"),
        [
            [
                item["measure"],
                " ".join(filter(None, (tables.shown(item[field]) for field in ("value", "unit", "population")))),
                tables.date(item["when"]),
                tables.says(item),
                tables.claims(item, refs),
            ]
            for item in profile["market_facts"]
        ],
    )


def _print_lineage(lineage: Any, refs: dict[str, str]) -> None:
    ends = (("from", "predecessors"), ("into", "successors"))
    print_table(
        "Lineage",
        ("way", "entity", "kind", "status", "when", "says", "claims"),
        [
            [
                way,
                link["entity"],
                link["kind"],
                status_cell(link["status"]),
                tables.date(link["when"] or link["due"]),
                tables.says(link),
                tables.claims(link, refs),
            ]
            for way, end in ends
            for link in lineage[end]
        ],
    )


def _print_stances(stances: Any, refs: dict[str, str]) -> None:
    print_table(
        "Stances",
        ("when", "speaker", "about", "stance", "wording", "claims"),
        [
            [
                tables.date(item["when"]),
                tables.voice(item["speaker"]),
                item["about"],
                f"not {item['stance']}" if item["negated"] else item["stance"],
                tables.shown(item["wording"]),
                tables.claims(item, refs),
            ]
            for item in stances
        ],
    )
