"""`frenemies erase`: forgets texts about a person, an author, an article or a claim."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from events.identity import split_stream
from events.text import clean_name
from events.validation import normal_reason
from events.values import Recorder
from service.bootstrap import build, followed, prepare
from service.cli import options
from service.cli.database import open_existing
from service.cli.group import Refused, Unavailable, WrongUsage
from service.cli.options import Place
from service.cli.output import print_line
from service.cli.source import catch_up
from service.erasure.bootstrap import epoch_of, erase_again, erasing, forget_copies, tidy_up
from service.erasure.eraser import Eraser
from service.erasure.errors import LedgerUnusable
from service.erasure.finding import Finder, Kept, Plan
from service.erasure.ledger import Entry, Ledger
from service.erasure.traces import Traces, find_traces, holds_any
from service.serve.database import ledger_path
from service.settings import Settings
from service.timeline.texts import AUTHORS

SHOWN = 60
MOST_SHOWN = 20
AFTERWARDS = (
    "What is left to you (docs/erasure.md): old backups, archives of the write-ahead log, replicas, files that were"
    " exported, and logs of requests that asked for it by name."
)


@dataclass(frozen=True)
class Wish:
    """What to erase, of which exactly one is given."""

    entity: str | None
    author: str | None
    article: str | None
    claim: str | None
    with_quotes: bool

    def __post_init__(self) -> None:
        given = [name for name in (self.entity, self.author, self.article, self.claim) if name is not None]
        if len(given) != 1:
            raise WrongUsage("Name one subject: --entity, --author, --article or --claim.")
        if self.with_quotes and self.entity is None:
            raise WrongUsage("--quotes goes with --entity.")

    def plan(self, finder: Finder) -> Plan | None:
        """What there is of it; None for an author of whom there is nothing."""
        if self.entity is not None:
            return finder.entity(self.entity, with_quotes=self.with_quotes)
        if self.author is not None:
            return finder.author(self.author)
        return finder.claim(self.claim) if self.claim is not None else finder.article(self.article or "")


@click.command("erase")
@click.option("--entity", metavar="ID", help="The names and aliases of this person, all that were ever recorded.")
@click.option(
    "--quotes", "with_quotes", is_flag=True, help="With --entity: also the quotes of all claims that name it."
)
@click.option("--author", metavar="NAME", help="The name of this author, in all articles.")
@click.option("--article", metavar="ID|URL", help="The text of this article, and the quotes of its claims.")
@click.option("--claim", metavar="ID|REF", help="The quotes of this claim.")
@click.option(
    "--reason", metavar="TEXT", help="Why; it is kept in the log for ever, so it must not say what is erased."
)
@click.option("--by", metavar="NAME", help="Who does it; it is kept in the log as well.")
@click.option("--dry-run", is_flag=True, help="Say what would be erased and what would stay, and erase nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--ledger",
    envvar="FRENEMIES_ERASURES",
    show_envvar=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file that keeps what was erased, for after a restore.  [default: beside the data folder]",
)
@click.option("--again", is_flag=True, help="Erase what the ledger tells of and the database has again.")
@options.take_place(url=False)
@options.MIGRATE_URL
def command(
    reason: str | None,
    by: str | None,
    dry_run: bool,
    yes: bool,
    ledger: Path | None,
    again: bool,
    place: Place,
    migrate_url: str | None,
    **wished: Any,
) -> None:
    """Forget texts: they are deleted, and no answer, feed, export or backup made from now on tells them.

    The log keeps that it was done, and still verifies. It says first what is erased, and where the same words stand in
    records that cannot be erased. A second time changes nothing.

    \b
    frenemies erase --entity jane-doe --reason "request of 2026-11-20"
    frenemies erase --again --ledger FILE        (after a restore)
    """
    if again and (reason is not None or dry_run or any(wished.values())):
        raise WrongUsage("--again goes with --ledger, and with nothing else.")
    wish = None if again else Wish(**wished)
    if wish is not None and reason is None and not dry_run:
        raise WrongUsage("Say why: --reason TEXT.")
    with open_existing(place.settings(migrate_url)) as (settings, url):
        following = followed(settings, url)
        if following is not None:
            raise Refused(
                f"This log follows the one of {following.leader}: erase there, and it is erased here as well."
            )
        if settings.database_url is None:
            prepare(settings, url)
        try:
            if wish is None:
                _again(settings, url, _ledger(settings, ledger))
            elif dry_run:
                with _planned(settings, url, wish):
                    pass
            else:
                _erase(settings, url, wish, _ledger(settings, ledger), reason or "", by, is_asked=not yes)
        except LedgerUnusable as error:
            raise Refused(str(error)) from error


def _again(settings: Settings, url: str, ledger: Ledger) -> None:
    done = erase_again(settings, url, ledger)
    click.echo(f"{done.entries} erasures in the ledger, {done.due} of them due: {_texts(done.texts)} erased again")


@contextmanager
def _planned(settings: Settings, url: str, wish: Wish) -> Iterator[tuple[Plan | None, UUID, Eraser]]:
    """What there is to erase, once it was told, in which log, and what erases it.

    Only quotes of an entity need the read tables; of what else they would tell, nothing is said where they stall.
    """
    with closing(build(settings, url)) as services, nullcontext() if wish.with_quotes else suppress(Unavailable):
        catch_up(services)
    with erasing(settings, url) as (database, finder, eraser):
        plan = wish.plan(finder)
        if plan is not None:
            _tell(plan, find_traces(database, plan))
        if plan is None or not plan.texts:
            click.echo("There is nothing to erase.")
        yield plan, epoch_of(database), eraser


def _erase(
    settings: Settings, url: str, wish: Wish, ledger: Ledger, reason: str, by: str | None, *, is_asked: bool
) -> None:
    """The ledger is written first: what is in it and was not done is done by the same command, or after a restore."""
    by = None if by is None else clean_name(by)
    with _planned(settings, url, wish) as (plan, epoch, eraser):
        if plan is not None and plan.texts:
            reason = _checked(reason, plan)
            if is_asked:
                _ask()
            ledger.add(_entry(epoch, by, plan, reason))
            for position, texts in eraser.erase(plan.subject, plan.references, reason, Recorder("local", by)):
                click.echo(f"erased: {_texts(texts)}, told at position {position}")
    # Also where there was nothing: the command before this one may have been cut short.
    forget_copies(settings, url)
    with closing(build(settings, url)) as services:
        catch_up(services)
    for table in tidy_up(settings, url):
        click.echo(f"frenemies: have its owner run VACUUM (ANALYZE) {table}", err=True)
    click.echo(AFTERWARDS)


def _ledger(settings: Settings, given: Path | None) -> Ledger:
    path = given or ledger_path(settings)
    if path is None:
        raise WrongUsage("Name the file that keeps what was erased: --ledger FILE or FRENEMIES_ERASURES.")
    return Ledger(path)


def _entry(epoch: UUID, by: str | None, plan: Plan, reason: str) -> Entry:
    references = tuple(map(str, plan.references))
    return Entry(str(epoch), datetime.now(UTC), by, plan.subject, reason, references)


def _checked(given: str, plan: Plan) -> str:
    """The reason, which stays for ever. Refused where it says what is to be erased."""
    reason = normal_reason(given)
    if holds_any(reason, plan.texts):
        raise Refused("The reason says what is to be erased, and is kept in the log for ever: say it without.")
    return reason


def _ask() -> None:
    if not sys.stdin.isatty():
        raise WrongUsage("Nobody is there to be asked: --yes erases without a question, --dry-run only tells.")
    if not click.confirm("Erase this? It cannot be undone."):
        raise Refused("Nothing was erased.")


def _tell(plan: Plan, traces: Traces) -> None:
    print_line(f"To erase: {_texts(len(plan.texts))}")
    for text in plan.texts[:MOST_SHOWN]:
        print_line(f"  {_place(text.scope)}: {_shown(text)}")
    _tell_more(len(plan.texts) - MOST_SHOWN)
    if plan.notes or traces.events:
        print_line("What stays, for it is not kept apart from the log:")
    for note in plan.notes:
        print_line(f"  {note}")
    for trace in traces.events[:MOST_SHOWN]:
        events = "1 event" if trace.events == 1 else f"{trace.events} events"
        print_line(f"  the same words: {events} of {_place(trace.stream)}, from position {trace.position} on")
    _tell_more(len(traces.events) - MOST_SHOWN)
    if traces.texts:
        print_line("What stays until it is erased by itself: the same words in")
    for other in traces.texts[:MOST_SHOWN]:
        way = " (--author)" if other.scope == AUTHORS else ""
        print_line(f"  {_texts(other.texts)} of {_place(other.scope)}{way}")
    _tell_more(len(traces.texts) - MOST_SHOWN)


def _tell_more(count: int) -> None:
    if count > 0:
        print_line(f"  and {count} more")


def _texts(count: int) -> str:
    return "1 text" if count == 1 else f"{count} texts"


def _place(scope: str) -> str:
    category, name = split_stream(scope)
    return f"{category} {name}".strip()


def _shown(text: Kept) -> str:
    return repr(text.beginning if text.length <= SHOWN else f"{text.beginning[:SHOWN]}...")
