"""The table of imports: which there were, how far each is, and which part of the log it brought."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid5

from psycopg.rows import args_row, tuple_row

from events.identity import NAMESPACE
from service.db import Database
from service.errors import ServiceError
from service.failures import translated
from service.sql import load_queries
from service.transfer.lines import Place, Survey
from service.transfer.refusals import Counts, ImportRunning, UnknownImport

ALL, REJECTS = "all", "rejects"
STARTED, FINISHED, REFUSED, RETRACTED = "started", "finished", "refused", "retracted"
_QUERIES = load_queries("transfer")


@dataclass(frozen=True, slots=True)
class Import:
    """One import. `mode` is all or rejects; the same content again, after the end of an import, is another run."""

    id: UUID
    name: str
    sha256: str
    mode: str
    run: int
    lines: int
    state: str
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class ListedImport:
    """An import with what came of it: lines new, already there and refused, up to `line`; its events in the log."""

    id: UUID
    name: str
    sha256: str
    mode: str
    run: int
    lines: int
    state: str
    started_at: datetime
    finished_at: datetime | None
    line: int
    recorded: int
    present: int
    refused: int
    events: int
    first_position: int | None
    last_position: int | None


class Reached(NamedTuple):
    """How far an import is."""

    place: Place
    counts: Counts


class Registry:
    """Reads and writes the table of imports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, name: str, survey: Survey, mode: str) -> Import:
        """The import of a content: the one that was begun and not ended, else a new one.

        Its id is a UUIDv5 of mode, run and SHA-256 of the content, so that the same file goes on as the same import.
        """
        about = {"sha256": survey.sha256, "mode": mode}
        newest = self._database.read(_QUERIES["newest_run"], about, tuple_row)
        if newest and newest[0][2] == STARTED:
            return self.find(newest[0][0])
        run = newest[0][1] + 1 if newest else 1
        new = uuid5(NAMESPACE, f"import:{mode}:{run}:{survey.sha256}")
        self._write("begin_import", id=new, name=name, run=run, lines=survey.lines, **about)
        return self.find(new)

    def find(self, name: UUID) -> Import:
        """The import with this id. UnknownImport where there is none."""
        found = self._database.read(_QUERIES["find_import"], {"import": name}, args_row(Import))
        if not found:
            raise UnknownImport(str(name))
        return found[0]

    def bringers(self, sha256: str) -> list[Import]:
        """The imports of a content that brought events, the first one first."""
        return self._database.read(_QUERIES["same_content"], {"sha256": sha256}, args_row(Import))

    def reached(self, name: UUID) -> Reached:
        """How far an import is recorded."""
        ((line, byte, *counts),) = self._database.read(_QUERIES["import_progress"], {"import": name}, tuple_row)
        return Reached(Place(line, byte), Counts(*counts))

    def end(self, name: UUID, state: str) -> None:
        """Says how an import ended."""
        self._write("end_import", **{"import": name, "state": state})

    @contextmanager
    def alone(self, one: Import) -> Iterator[None]:
        """Keeps others from going at an import for the time of the block. ImportRunning when somebody is at it."""
        with self._database.connection() as connection:
            about = {"sha256": one.sha256, "mode": one.mode}
            if connection.execute(_QUERIES["lock_import"], about).fetchone() != (True,):
                raise ImportRunning("somebody is at this import at this moment")
            try:
                yield
            finally:
                with suppress(ServiceError), translated():
                    connection.execute(_QUERIES["unlock_import"])

    def listed(self) -> list[ListedImport]:
        """All imports, the newest first."""
        return self._database.read(_QUERIES["list_imports"], {}, args_row(ListedImport))

    def ranges(self, name: UUID) -> Iterator[range]:
        """The positions that an import brought, in order."""
        for first, count in self._database.read(_QUERIES["import_ranges"], {"import": name}, tuple_row):
            yield range(first, first + count)

    def _write(self, query: str, **params: object) -> None:
        with self._database.connection() as connection:
            connection.execute(_QUERIES[query], params)
