"""`frenemies keys`: who may do what, for how long."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import click

from service.cli import options
from service.cli.database import open_existing, open_to_record
from service.cli.group import WrongUsage
from service.cli.options import Place
from service.cli.output import print_json, print_line, print_table
from service.errors import NotPermitted
from service.keys.issuing import Issuer, Key
from service.keys.scopes import SCOPES

MOST_DAYS = 3_650
_COLUMNS = ("key", "name", "scopes", "state", "made", "until", "last used")
_DAYS = re.compile("([1-9][0-9]{0,3})d")
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def end_of(text: str, now: datetime) -> datetime:
    """When a key expires: after so many days (`90d`), or with the last day on which it is good, in UTC.

    ValueError, which says why, for anything else, and for what is over or too far away.
    """
    days = _DAYS.fullmatch(text)
    if days is not None:
        end = now + timedelta(days=int(days[1]))
    elif _DAY.fullmatch(text):
        end = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC) + timedelta(days=1)
    else:
        raise ValueError("write days like 90d, or a day like 2027-01-31")
    if not now < end <= now + timedelta(days=MOST_DAYS + 1):
        raise ValueError(f"it has to be in the future, and at most {MOST_DAYS} days away")
    return end


class _End(click.ParamType[datetime]):
    name = "end"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            return end_of(value, datetime.now(UTC))
        except (ValueError, OverflowError) as error:
            self.fail(f"{value!r}: {error}.", param, ctx)


@click.group("keys")
def command() -> None:
    """Make, list and revoke the keys that requests have to carry.

    \b
    frenemies keys create reader --scope state:read --scope feed:read --expires 90d
    frenemies keys list
    frenemies keys revoke 3kq7w2hx5a

    As soon as there is one, nothing but health and documentation is answered without. They work on the database, with
    the login that migrates.
    """


@command.command("create")
@click.argument("name")
@click.option(
    "--scope", "scopes", type=click.Choice(SCOPES), multiple=True, required=True, help="What it allows; several times."
)
@click.option("--expires", "expires_at", type=_End(), metavar="90d|DAY", help="Until when.  [default: for ever]")
@click.option("--quiet", is_flag=True, help="Write nothing but the key.")
@options.JSON
@options.take_place(url=False)
@options.MIGRATE_URL
def create(
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None,
    quiet: bool,
    as_json: bool,
    place: Place,
    migrate_url: str | None,
) -> None:
    """Make a key and show it, this once. NAME says whose it is or what for."""
    with open_to_record(settings := place.settings(migrate_url)) as url, _issuer(settings, url) as issuer:
        issued = issuer.create(name, scopes, expires_at)
    if as_json:
        print_json(_plain(issued.key) | {"key": issued.secret})
        return
    if not quiet:
        until = f", until {_minute(issued.key.expires_at)}" if issued.key.expires_at else ""
        said = f"The key {issued.key.id} of {issued.key.name} allows {', '.join(issued.key.scopes)}{until}."
        print_line(f"{said} It is shown this once:")
    click.echo(issued.secret)


@command.command("list")
@options.JSON
@options.take_place(url=False)
@options.MIGRATE_URL
def list_keys(as_json: bool, place: Place, migrate_url: str | None) -> None:
    """List all keys that were ever made, without their secrets."""
    with _existing(place, migrate_url) as issuer:
        found = issuer.some()
    if as_json:
        print_json({"keys": [_plain(one) for one in found]})
        return
    if not found:
        print_line("There are no keys.")
    print_table("", _COLUMNS, [_row(one) for one in found])


@command.command("revoke")
@click.argument("name", metavar="ID")
@options.JSON
@options.take_place(url=False)
@options.MIGRATE_URL
def revoke(name: str, as_json: bool, place: Place, migrate_url: str | None) -> None:
    """End the key ID for ever.

    Within five seconds nothing is answered, streamed or sent with it any more.
    """
    with _existing(place, migrate_url) as issuer:
        ended = issuer.revoke(name)
    if as_json:
        print_json(_plain(ended))
    else:
        print_line(f"The key {ended.id} of {ended.name} is revoked.")


@contextmanager
def _existing(place: Place, migrate_url: str | None) -> Iterator[Issuer]:
    with open_existing(place.settings(migrate_url)) as (settings, url), _issuer(settings, url) as issuer:
        yield issuer


@contextmanager
def _issuer(settings: Any, url: str) -> Iterator[Issuer]:
    from service.bootstrap import key_issuer

    try:
        with key_issuer(settings, url) as issuer:
            yield issuer
    except NotPermitted as error:
        raise WrongUsage(
            "This login of the database may not make or revoke keys: name the one that migrates (--migrate-url)."
        ) from error


def _plain(key: Key) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(key).items()}


def _row(key: Key) -> list[str]:
    instants = map(_minute, (key.created_at, key.expires_at, key.last_used_at))
    return [key.id, key.name, " ".join(key.scopes), key.state, *instants]


def _minute(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M}"
