"""`frenemies import`: records from files of newline-delimited JSON, all of a file or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from types import TracebackType
from typing import NamedTuple, Self, TypeVar

import click

from events.errors import DomainError
from events.values import Recorder
from service.bootstrap import build, prepare
from service.cli import options
from service.cli.group import Refused
from service.cli.lines import Line, Lines, open_lines
from service.cli.options import Place
from service.intake.errors import Fault, MalformedJson, Misshapen
from service.intake.records import read_line
from service.intake.strict_json import parse
from service.serve.database import open_database, own_folder
from service.settings import Settings
from service.store.postgres import PostgresStore
from service.timeline.drafts import Draft
from service.timeline.recording import decide_on, prefetch
from service.timeline.workspace import Workspace

ONE_APPEND = 5_000
"""A file of up to this many records is recorded by one append: all of it or nothing, whatever happens meanwhile."""
BATCH = 500
MOST_COMPLAINTS = 20
APPEND_SECONDS = 60.0
RECORDER = Recorder("local")
NOTHING = "Nothing of this file was recorded."
_TOLD_PLACE = re.compile(r" at line 1, column \d+( \(byte \d+\))?$")
_INDEX = re.compile(r"/(\d+)(?=/|$)")
Item = TypeVar("Item")


class Numbered(NamedTuple):
    """A draft and the line it comes from."""

    line: int
    draft: Draft


class Done(NamedTuple):
    """How many records of a file were new, and how many already stood there."""

    recorded: int = 0
    present: int = 0

    def __str__(self) -> str:
        return f"{self.recorded} recorded, {self.present} already there"

    def plus(self, other: Done) -> Done:
        """Both together."""
        return Done(self.recorded + other.recorded, self.present + other.present)


class Import:
    """Records files in one database. Refused names file, line and column of what is refused."""

    def __init__(self, settings: Settings, url: str) -> None:
        patient = replace(settings, statement_timeout=APPEND_SECONDS, lock_timeout=APPEND_SECONDS)
        self._services = build(patient, url)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._services.close()

    def check(self, lines: Lines) -> Done:
        """What `record` would do. Appends nothing."""
        drafts = self._drafts(lines)
        return self._rehearse(lines, map(_parse, lines) if drafts is None else drafts)

    def record(self, lines: Lines) -> Done:
        """Records a file, all or nothing; what is there already is not recorded again.

        A longer file than fits one append is rehearsed as a whole and then recorded in batches. Should one of them be
        refused in spite of that, because others recorded something in between, the Refused says what was recorded.
        """
        drafts = self._drafts(lines)
        if drafts is not None:
            return self._append(lines, drafts)
        self._rehearse(lines, map(_parse, lines))
        done = Done()
        for batch in _in_batches(map(_parse, lines)):
            try:
                done = done.plus(self._append(lines, batch))
            except Refused as refused:
                before = f"Of the lines before {batch[0].line}: {done}."
                raise Refused(refused.message.replace(NOTHING, before)) from None
        return done

    def _drafts(self, lines: Lines) -> list[Numbered] | None:
        """All drafts of a file whose lines are all well formed; None when there are too many for one append."""
        drafts: list[Numbered] | None = []
        complaints: list[str] = []
        for line in lines:
            try:
                numbered = _parse(line)
            except DomainError as error:
                complaints += _complaints(lines, line, error)
                if len(complaints) >= MOST_COMPLAINTS:
                    complaints[MOST_COMPLAINTS:] = ["There may be more: reading stopped here."]
                    break
                continue
            if drafts is not None:
                drafts.append(numbered)
                drafts = drafts if len(drafts) <= ONE_APPEND else None
        if complaints:
            raise Refused("\n".join([*complaints, NOTHING]))
        return drafts

    def _append(self, lines: Lines, drafts: Sequence[Numbered]) -> Done:
        if not drafts:
            return Done()
        try:
            outcome = self._services.timeline.record([item.draft for item in drafts], recorder=RECORDER)
        except DomainError as error:
            index, pointer = _index_and_rest(error.pointer, len(drafts))
            raise _refusal(lines, drafts[index].line, pointer, error) from None
        recorded = sum(item.changed for item in outcome.items)
        return Done(recorded, len(drafts) - recorded)

    def _rehearse(self, lines: Lines, drafts: Iterable[Numbered]) -> Done:
        """Decides on every draft as if the ones before it had been recorded."""
        work = Workspace(PostgresStore(self._services.database), RECORDER)
        done = Done()
        for batch in _in_batches(drafts):
            prefetch(work, [item.draft for item in batch])
            for item in batch:
                try:
                    decided = decide_on(work, item.draft)
                except DomainError as error:
                    raise _refusal(lines, item.line, error.pointer, error) from None
                done = done.plus(Done(decided.is_changed, not decided.is_changed))
            work.events.clear()
        return done


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--check", is_flag=True, help="Say what would happen, and record nothing.")
@options.take_place(url=False)
def command(files: tuple[str, ...], check: bool, place: Place) -> None:
    """Record files of newline-delimited JSON; - is standard input.

    Each line is one record: entity, article, claim, response, correction, retraction, reinstatement, rename, merge or
    unmerge. A file is recorded as a whole or not at all, and a second time changes nothing. Refused data ends with
    3 and is named as file:line:column.
    """
    settings = place.settings()
    with open_database(settings) as url:
        if settings.database_url is None:
            prepare(settings, url)
            click.echo(f"frenemies: the database is the one in {settings.data or own_folder()}", err=True)
        with Import(settings, url) as importing:
            for name in files:
                with open_lines(name, settings.limits.article_body) as lines:
                    done = importing.check(lines) if check else importing.record(lines)
                    said = f"{done.recorded} would be recorded, {done.present} are already there" if check else done
                    click.echo(f"{lines.name}: {said}")


def _parse(line: Line) -> Numbered:
    return Numbered(line.number, read_line(line.content))


def _complaints(lines: Lines, line: Line, error: DomainError) -> list[str]:
    """What is wrong with the form of a line."""
    if isinstance(error, MalformedJson):
        detail = _TOLD_PLACE.sub("", error.detail)
        return [f"{lines.at(line.number, error.place.column if error.place else 1)}: {detail}"]
    faults = error.faults if isinstance(error, Misshapen) else (Fault(error.pointer, error.detail),)
    return [f"{lines.place(line.number, fault.pointer)}: {_said(fault.pointer, fault.detail)}" for fault in faults]


def _refusal(lines: Lines, number: int, pointer: str, error: DomainError) -> Refused:
    return Refused(f"{lines.place(number, pointer)}: {_said(pointer, error.detail)}\n{NOTHING}")


def _said(pointer: str, detail: str) -> str:
    return f"{detail} (at {pointer})" if pointer else detail


def _index_and_rest(pointer: str, count: int) -> tuple[int, str]:
    """Which of `count` drafts a pointer leads into, and where in it; the first one where it leads into none."""
    match = _INDEX.match(pointer) if count > 1 else None
    return (int(match[1]), pointer[match.end() :]) if match else (0, pointer)


def _in_batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch
