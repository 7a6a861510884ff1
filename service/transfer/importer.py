"""Importing a file: validated as a whole and then recorded, or with the refused lines put aside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import sleep
from uuid import UUID

from events.values import Recorder
from service.db import Database
from service.errors import StoreFull, StoreUnavailable
from service.settings import Settings
from service.transfer.lines import Lines, Survey
from service.transfer.refusals import Counts, ImportRefused, ImportRunning
from service.transfer.registry import (
    ALL,
    FINISHED,
    REFUSED,
    REJECTS,
    RETRACTED,
    Import,
    ListedImport,
    Reached,
    Registry,
)
from service.transfer.running import Progress, PutAside, Run

_ATTEMPTS = 6
_PATIENCE = 60.0
_LONGEST_PAUSE = 5.0

Begun = Callable[[Import, Reached], None]


@dataclass(frozen=True)
class Outcome:
    """What an import came to, what an earlier go at it recorded included; without an id where it was only checked.

    `position`: where the log ended then. What its lines say is recorded by it, whoever recorded it.
    `taken_back`: the earlier imports of the same content that were; what they recorded is there, and stays withdrawn.
    """

    import_id: UUID | None
    counts: Counts
    position: int
    taken_back: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class Listener:
    """Who is told: of an import and how far it already is when it begins, and of its progress."""

    begun: Begun = lambda _, __: None
    progress: Callable[[Progress], None] = lambda _: None


class Importer:
    """Records files in one database."""

    def __init__(self, settings: Settings, url: str) -> None:
        self._settings = replace(
            settings, statement_timeout=_PATIENCE, lock_timeout=_PATIENCE, pool_size=2, pool_timeout=_LONGEST_PAUSE
        )
        self._url = url

    def check(self, lines: Lines, recorder: Recorder, listener: Listener = Listener()) -> Outcome:
        """What `record` would do. Records nothing. ImportRefused where it would be refused."""
        survey = lines.survey()
        with self._run(lines, survey, recorder, listener) as run:
            counts = run.check()
            return Outcome(None, counts, run.head(), _taken_back(run, survey))

    def record(self, lines: Lines, recorder: Recorder, listener: Listener = Listener()) -> Outcome:
        """Records a file, all or nothing; what is there already is not recorded again. ImportRefused tells why not.

        A file that was being recorded when an import was killed goes on behind the last line that was recorded.
        """
        return self._recorded(lines, recorder, ALL, listener, lambda run, begun, at: run.record_all(begun, at))

    def record_good(
        self, lines: Lines, recorder: Recorder, put_aside: PutAside, listener: Listener = Listener()
    ) -> Outcome:
        """Records what is good, and hands over what is refused of each chunk before the chunk is recorded."""
        return self._recorded(
            lines, recorder, REJECTS, listener, lambda run, begun, at: run.record_good(begun, at, put_aside)
        )

    def listed(self) -> list[ListedImport]:
        """All imports, the newest first."""
        with self._database() as database:
            return Registry(database).listed()

    def reached(self, name: UUID) -> Reached:
        """How far an import is recorded."""
        with self._database() as database:
            return Registry(database).reached(name)

    def _recorded(
        self,
        lines: Lines,
        recorder: Recorder,
        mode: str,
        listener: Listener,
        go: Callable[[Run, Import, Reached], Counts],
    ) -> Outcome:
        """Goes at it again when the database was lost: what was staged is lost with it, what was recorded is noted."""
        survey, begun = lines.survey(), None
        for attempt in range(_ATTEMPTS):
            try:
                with self._run(lines, survey, recorder, listener) as run:
                    begun = run.begin(mode)
                    reached = run.registry.reached(begun.id)
                    listener.begun(begun, reached)
                    return _ended(run, begun, survey, lambda: go(run, begun, reached))  # noqa: B023
            except StoreFull:
                raise
            except (StoreUnavailable, ImportRunning):
                if begun is None or attempt + 1 == _ATTEMPTS:
                    raise
                sleep(min(0.25 * 2**attempt, _LONGEST_PAUSE))
        raise AssertionError("the last attempt returns or raises")

    @contextmanager
    def _run(self, lines: Lines, survey: Survey, recorder: Recorder, listener: Listener) -> Iterator[Run]:
        with self._database() as database, database.connection() as connection:
            run = Run(database, connection, lines, survey, recorder, listener.progress)
            try:
                yield run
            finally:
                run.leave()

    @contextmanager
    def _database(self) -> Iterator[Database]:
        with Database(self._settings.database(self._url), name="frenemies-import") as database:
            yield database


def _ended(run: Run, begun: Import, survey: Survey, go: Callable[[], Counts]) -> Outcome:
    try:
        counts = go()
    except ImportRefused as refused:
        refused.import_id = begun.id
        run.registry.end(begun.id, REFUSED)
        raise
    outcome = Outcome(begun.id, counts, run.head(), _taken_back(run, survey))
    run.registry.end(begun.id, FINISHED)
    return outcome


def _taken_back(run: Run, survey: Survey) -> tuple[UUID, ...]:
    return tuple(one.id for one in run.registry.bringers(survey.sha256) if one.state == RETRACTED)
