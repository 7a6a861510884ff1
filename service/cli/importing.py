"""`frenemies import`: records from files of newline-delimited JSON."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from uuid import UUID

import click

from events.values import Recorder
from service.bootstrap import importer
from service.cli import options
from service.cli.database import open_to_record
from service.cli.group import Interrupted, Refused, WrongUsage
from service.cli.lines import STDIN, open_lines
from service.cli.options import Place
from service.cli.progress import Bar
from service.garbage import collect_rarely
from service.serve.database import own_folder
from service.settings import Settings
from service.transfer.importer import Importer, Listener, Outcome
from service.transfer.lines import Lines
from service.transfer.refusals import Counts, ImportRefused, Refusal
from service.transfer.registry import Import, Reached
from service.transfer.rejects import RejectsFile
from service.transfer.running import ONE_APPEND

RECORDER = Recorder("local")
NOTHING = "Nothing of this file was recorded."
MORE = "There may be more: reading stopped here."
_TOLD_PLACE = re.compile(r" at line 1, column \d+( \(byte \d+\))?$")
_TOLD_LINE = re.compile(r"(?<= at )line 1, (?=column \d+ )")


class Session:
    """Imports files one after the other, telling of it on standard error. Failures name file, line and column."""

    def __init__(self, importer: Importer) -> None:
        self._importer = importer
        self._begun: Import | None = None

    def check(self, lines: Lines) -> Outcome:
        """What `record` would do."""
        with Bar(lines.name) as bar, _told(lines):
            return self._importer.check(lines, RECORDER, Listener(progress=lambda reached: bar.show(*reached)))

    def record(self, lines: Lines, rejects: RejectsFile | None = None) -> Outcome:
        """Records a file, as a whole or, with a file for rejects, what is good of it."""
        self._begun = None
        try:
            with Bar(lines.name) as bar, _told(lines):
                listener = Listener(
                    lambda begun, reached: self._begin(begun, reached, rejects), lambda at: bar.show(*at)
                )
                if rejects is None:
                    return self._importer.record(lines, RECORDER, listener)
                return self._importer.record_good(lines, RECORDER, rejects.put, listener)
        except KeyboardInterrupt:
            raise Interrupted(self._what_to_do()) from None

    def _begin(self, begun: Import, reached: Reached, rejects: RejectsFile | None) -> None:
        self._begun = begun
        if rejects is not None:
            rejects.open(reached.place.line)
        if reached.place.line:
            click.echo(f"frenemies: continuing import {begun.id} at line {reached.place.line + 1}", err=True)
        elif begun.lines > ONE_APPEND:
            click.echo(f"frenemies: import {begun.id}", err=True)

    def _what_to_do(self) -> str:
        line = self._importer.reached(self._begun.id).place.line if self._begun else 0
        if self._begun is None or not line:
            return "Interrupted: nothing was recorded. The same command begins again."
        return (
            f"Interrupted: lines 1 to {line} are recorded. The same command continues behind them;"
            f" `frenemies retract --import {self._begun.id} --reason TEXT` takes them back."
        )


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--check", is_flag=True, help="Say what would happen, and record nothing.")
@click.option(
    "--rejects",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Record what is good, and write the refused lines with their reasons to this file.",
)
@options.take_place(url=False)
def command(files: tuple[str, ...], check: bool, rejects: Path | None, place: Place) -> None:
    """Record files of newline-delimited JSON; - is standard input.

    Each line is one record: entity, article, claim, response, correction, retraction, reinstatement, rename, merge or
    unmerge. Unless --rejects is given, a file is checked as a whole before anything of it is recorded; then it is
    recorded in batches, a file of up to 5,000 lines at once. A second time changes nothing. When an import is killed,
    the same command continues it. Refused data ends with 3 and is named as file:line:column.
    """
    if rejects is not None and (check or len(files) > 1):
        raise WrongUsage("--rejects goes with one file, and not with --check.")
    if rejects is not None and _is_read(files[0], rejects):
        raise WrongUsage(f"{rejects} is the file that is read: --rejects would overwrite it.")
    collect_rarely()
    settings = place.settings()
    with open_importer(settings) as opened:
        session = Session(opened)
        for name in files:
            with open_lines(name, settings.limits.article_body) as lines:
                if check:
                    outcome = session.check(lines)
                    counts = outcome.counts
                    click.echo(f"{lines.name}: {counts.recorded} would be recorded, {counts.present} are already there")
                    _tell_taken_back(outcome)
                else:
                    _record(session, lines, rejects)


@contextmanager
def open_importer(settings: Settings) -> Iterator[Importer]:
    """The importer on the database of the settings; the embedded one is prepared and named."""
    with open_to_record(settings) as url:
        if settings.database_url is None:
            click.echo(f"frenemies: the database is the one in {settings.data or own_folder()}", err=True)
        yield importer(settings, url)


def said(counts: Counts) -> str:
    """What came of the lines of a file."""
    refused = f", {counts.refused} refused" if counts.refused else ""
    return f"{counts.recorded} recorded, {counts.present} already there{refused}"


def _is_read(name: str, rejects: Path) -> bool:
    """Whether the file for rejects is the one that is read, under whatever name."""
    with suppress(OSError):
        read = os.fstat(sys.stdin.fileno()) if name == STDIN else Path(name).stat()
        return os.path.samestat(read, rejects.stat())
    return False


def _record(session: Session, lines: Lines, rejects: Path | None) -> None:
    with RejectsFile(rejects, lines) if rejects else nullcontext() as file:
        outcome = session.record(lines, file)
    click.echo(f"{lines.name}: {said(outcome.counts)}")
    _tell_taken_back(outcome)
    click.echo(f"frenemies: import {outcome.import_id} is finished", err=True)
    if outcome.counts.refused:
        raise Refused(f"{outcome.counts.refused} lines were refused; {rejects} holds them with the reasons.")


def _tell_taken_back(outcome: Outcome) -> None:
    for name in outcome.taken_back:
        click.echo(
            f"frenemies: import {name} of the same lines was taken back: its claims are there and stay retracted;"
            " those that count again have a reinstatement of their own",
            err=True,
        )


@contextmanager
def _told(lines: Lines) -> Iterator[None]:
    """Turns a refused import into a message that names every place."""
    try:
        yield
    except ImportRefused as refused:
        complaints = [_complaint(lines, refusal) for refusal in refused.refusals]
        more = [] if refused.is_complete else [MORE]
        raise Refused("\n".join([*complaints, *more, _what_was_recorded(refused.counts, refused.import_id)])) from None


def _complaint(lines: Lines, refusal: Refusal) -> str:
    told_twice = _TOLD_LINE if refusal.column is None else _TOLD_PLACE
    detail = told_twice.sub("", refusal.detail)
    told = f"{detail} (at {refusal.pointer})" if refusal.pointer else detail
    return f"{lines.at(refusal.line, refusal.start, refusal.pointer, refusal.column)}: {told}"


def _what_was_recorded(counts: Counts, name: UUID | None) -> str:
    if not counts.recorded:
        return NOTHING
    return (
        f"Of the lines before: {said(counts)}, for others recorded something in between."
        f" `frenemies retract --import {name} --reason TEXT` takes them back."
    )
