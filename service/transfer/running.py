"""One go at an import, on one connection: chunk after chunk is decided while the chunk before is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, suppress
from time import sleep
from typing import NamedTuple, Protocol

from psycopg.rows import scalar_row

from events.errors import DomainError
from events.values import Recorder
from service.db import Connection, Database
from service.errors import DeadlineExceeded, GuardFailed, KeyTaken, ServiceError, StreamConflict, TextTaken
from service.transfer.deciding import Decider, Decision
from service.transfer.errors import LogRacing
from service.transfer.ground import Ground
from service.transfer.lines import BEGINNING, USUAL, Lines, Place, Size, Survey
from service.transfer.parsing import Parsing, parse_chunk, parsed_chunks, seals_before
from service.transfer.refusals import Counts, ImportRefused, ImportRunning, Refusal
from service.transfer.registry import Import, Reached, Registry
from service.transfer.staging import Mark, Staging

ONE_APPEND = 5_000
"""An input of up to this many lines is recorded by one append: all of it or nothing, whatever others do meanwhile."""
MOST_BYTES = 16 << 20
MOST_COMPLAINTS = 20
SEARCHED_ON = 100_000
"""Lines behind the first refused one in which others that are malformed are looked for."""
CHECKING, RECORDING = "checking", "recording"
_ATTEMPTS = 8
_LONGEST_PAUSE = 2.0
_RACES = (StreamConflict, GuardFailed, KeyTaken, TextTaken)


class Progress(NamedTuple):
    """How far it is: what is being done, the line reached, of how many."""

    phase: str
    line: int
    lines: int


class PutAside(Protocol):
    """Takes what is refused of a chunk that begins at a line; of several calls for one chunk, the last one counts."""

    def __call__(self, first_line: int, refusals: list[Refusal], /) -> None:
        """Keeps them before the chunk is recorded."""


Told = Callable[[Progress], None]


class Run:
    """One go at recording a file."""

    def __init__(
        self, database: Database, connection: Connection, lines: Lines, survey: Survey, recorder: Recorder, told: Told
    ) -> None:
        self.registry = Registry(database)
        self._staging = Staging(connection)
        self._ground = Ground(database, self._staging)
        self._decider = Decider(self._ground, recorder, lines.line_at)
        self._lines = lines
        self._survey = survey
        self._told = told

    def begin(self, mode: str) -> Import:
        """The import that this is; ImportRunning when somebody else is at it."""
        (is_ours,) = self._staging.read("lock_import", scalar_row, sha256=self._survey.sha256, mode=mode)
        if not is_ours:
            raise ImportRunning("the same content is being imported at this moment")
        return self.registry.begin(self._lines.name, self._survey, mode)

    def head(self) -> int:
        """Where the log ends."""
        return self._ground.head()

    def leave(self) -> None:
        """Lets others go at it; a lost connection has done so by itself."""
        with suppress(ServiceError):
            self._staging.run("unlock_import")

    def check(self) -> Counts:
        """What recording everything would come to. ImportRefused when something would be refused."""
        counts = Counts()
        for mark in self._validated(BEGINNING, Counts()):
            counts = counts.plus(mark.recorded, mark.present, mark.refused)
        return counts

    def record_all(self, begun: Import, reached: Reached) -> Counts:
        """Validates all lines that are left, then records them."""
        counts = reached.counts
        for mark in self._validated(reached.place, counts):
            done = self._appended(begun, mark, counts)
            counts = counts.plus(done.recorded, done.present, done.refused)
            self._told(Progress(RECORDING, done.end.line, self._survey.lines))
        return counts

    def record_good(self, begun: Import, reached: Reached, put_aside: PutAside) -> Counts:
        """Records the lines that are left one chunk after the other; what is refused is put aside before."""
        self._ground.sees_staged = False
        counts = reached.counts

        def hand_over(decision: Decision) -> Mark:
            put_aside(decision.prepared.batch, decision.refusals)
            return self._staging.record(decision.prepared, begun.id)

        def recover(decision: Decision) -> Mark:
            for attempt in range(_ATTEMPTS):
                decision = self._decided_again(decision.prepared.begin, decision.prepared.end)
                try:
                    return hand_over(decision)
                except (*_RACES, DeadlineExceeded):
                    _pause(attempt)
            raise LogRacing("send it again")

        for mark in self._stored(reached.place, hand_over, recover, RECORDING):
            counts = counts.plus(mark.recorded, mark.present, mark.refused)
        return counts

    # validating

    def _validated(self, begin: Place, before: Counts) -> list[Mark]:
        """Decides on all lines from a place on and stages them. ImportRefused names what is refused."""
        refusals: list[Refusal] = []

        def hand_over(decision: Decision) -> Mark:
            return self._staging.stage(decision.prepared)

        marks = list(self._stored(begin, hand_over, None, CHECKING, refusals))
        if refusals:
            refusals.sort(key=lambda refusal: refusal.line)
            is_complete = len(refusals) < MOST_COMPLAINTS
            raise ImportRefused(refusals[:MOST_COMPLAINTS], before, is_complete=is_complete)
        return marks

    def _search_on(self, first: Decision, chunk: Parsing, rest: Iterator[Parsing]) -> Iterator[Refusal]:
        """The first refused line, and the malformed ones behind it: what else is refused may follow from the first."""
        line = first.refusals[0].line
        yield from (refusal for refusal in first.refusals if refusal.line == line)
        while chunk.begin.line < line + SEARCHED_ON:
            for item in chunk.items:
                if isinstance(item.parsed, list) and item.line != line:
                    yield from item.parsed
            following = next(rest, None)
            if following is None:
                return
            chunk = following

    # storing

    def _stored(
        self,
        begin: Place,
        hand_over: Callable[[Decision], Mark],
        recover: Callable[[Decision], Mark] | None,
        phase: str,
        refusals: list[Refusal] | None = None,
    ) -> Iterator[Mark]:
        """Hands over chunk after chunk, each while the next is decided. With `refusals`, a refused line ends it."""
        self._declare_seals_before(begin)
        decided: Decision | None = None
        with self._chunks(begin) as chunks, ThreadPoolExecutor(1) as beside:
            for chunk in chunks:
                self._decider.prepare(chunk)
                under_way = beside.submit(hand_over, decided) if decided else None
                self._ground.wait = _waiting_for(under_way)
                decision = self._decider.attempt(chunk)
                if decided and under_way:
                    mark, is_raced = self._finished(under_way, decided, recover)
                    if is_raced:
                        self._decider.begin_anew()
                        self._decider.prepare(chunk)
                        decision = self._decider.attempt(chunk)
                    yield mark
                decided = self._decider.confirmed(chunk, decision)
                self._told(Progress(phase, chunk.end.line, self._survey.lines))
                if refusals is not None and decided.refusals:
                    for refusal in self._search_on(decided, chunk, chunks):
                        refusals.append(refusal)
                        if len(refusals) == MOST_COMPLAINTS:
                            break
                    return
            if decided:
                yield self._finished(beside.submit(hand_over, decided), decided, recover)[0]

    def _declare_seals_before(self, begin: Place) -> None:
        """Makes known again what an earlier go at the import knew when it came to this place."""
        if begin == BEGINNING:
            return
        for seal in seals_before(self._lines, begin):
            with suppress(DomainError):
                self._ground.declare(seal)

    def _finished(
        self, under_way: Future[Mark], decided: Decision, recover: Callable[[Decision], Mark] | None
    ) -> tuple[Mark, bool]:
        """What came of handing a chunk over, and whether it had to be decided again because others were faster."""
        try:
            return under_way.result(), False
        except (*_RACES, DeadlineExceeded):
            if recover is None:
                raise
            return recover(decided), True

    def _chunks(self, begin: Place) -> AbstractContextManager[Iterator[Parsing]]:
        left = self._survey.size - begin.byte
        is_small = self._survey.lines - begin.line <= ONE_APPEND and left <= MOST_BYTES
        return parsed_chunks(self._lines, begin, left, Size(ONE_APPEND, MOST_BYTES) if is_small else USUAL)

    # recording

    def _appended(self, begun: Import, mark: Mark, counts: Counts) -> Mark:
        """Appends a staged batch, decided again from its lines where others recorded something in between."""
        for attempt in range(_ATTEMPTS):
            try:
                self._staging.append(mark, begun.id)
                return mark
            except DeadlineExceeded:
                _pause(attempt)
            except _RACES:
                _pause(attempt)
                self._ground.sees_staged = False
                decision = self._decided_again(mark.begin, mark.end)
                if decision.refusals:
                    raise ImportRefused(decision.refusals, counts) from None
                self._staging.run("forget_batch", batch=mark.batch)
                mark = self._staging.stage(decision.prepared)
        raise LogRacing("send it again")

    def _decided_again(self, begin: Place, end: Place) -> Decision:
        self._decider.begin_anew()
        return self._decider.decide(parse_chunk(self._lines.chunk(begin, end), self._lines.longest))


def _waiting_for(under_way: Future[Mark] | None) -> Callable[[], None]:
    def ended() -> None:
        if under_way is not None:
            wait([under_way])

    return ended


def _pause(attempt: int) -> None:
    """Lets the others go first for a moment."""
    sleep(min(0.01 * 2**attempt, _LONGEST_PAUSE))
