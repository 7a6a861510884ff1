"""What an import has decided and not yet recorded: in temporary tables of one connection, however much it is.

They need no memory of ours, are written without a log of their own, and vanish with the connection.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from psycopg.rows import RowFactory, tuple_row

from service.db import Connection
from service.failures import translated
from service.sql import load_queries
from service.store.appends import append_of, columns
from service.store.protocol import ErasableText, StreamKey, StreamLink
from service.transfer.lines import Place

Row = TypeVar("Row")
Event = tuple[str, int, str, bytes]
"""An event to store: stream, version, topic, state."""
_QUERIES = load_queries("transfer")
_TYPES = {
    "stage_events": ("int8", "int4", "text", "int4", "text", "bytea"),
    "stage_keys": ("int8", "text", "text", "text"),
    "stage_links": ("int8", "text", "text", "text"),
    "stage_texts": ("int8", "uuid", "text", "bytea", "text", "text", "bytea"),
    "stage_guards": ("int8", "text", "int4"),
    "stage_counts": ("int8", "text", "text", "int4"),
}


class Prepared(NamedTuple):
    """A chunk of lines, decided: what to append for it, and how many lines are new, already there, or refused."""

    begin: Place
    end: Place
    events: Sequence[Event]
    guards: dict[str, int]
    link_counts: dict[tuple[str, str], int]
    keys: Sequence[StreamKey]
    links: Sequence[StreamLink]
    texts: Sequence[ErasableText]
    recorded: int
    present: int
    refused: int

    @property
    def batch(self) -> int:
        """The name of its batch: the number of its first line."""
        return self.begin.line + 1


class Mark(NamedTuple):
    """What stays in memory of a staged batch."""

    begin: Place
    end: Place
    recorded: int
    present: int
    refused: int

    @property
    def batch(self) -> int:
        """The name of its batch: the number of its first line."""
        return self.begin.line + 1


class Staging:
    """The temporary tables. Safe to use from several threads, one after the other."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = Lock()
        self.run("make_tables", prepare=False)

    def read(self, name: str, row: RowFactory[Row], **params: object) -> list[Row]:
        """The rows of a query."""
        with self._lock, translated(), self._connection.cursor(binary=True, row_factory=row) as cursor:
            cursor.execute(_QUERIES[name], params, prepare=True)
            return cursor.fetchall()

    def run(self, name: str, *, prepare: bool = True, **params: object) -> None:
        """Runs a statement without an answer."""
        with self._lock, translated():
            self._connection.execute(_QUERIES[name], params or None, prepare=prepare)

    def stage(self, prepared: Prepared) -> Mark:
        """Puts a batch into the tables."""
        batch = prepared.batch
        self._copy(
            "stage_events",
            ((batch, place, *event) for place, event in enumerate(prepared.events)),
        )
        self._copy("stage_keys", ((batch, key.kind, key.key, key.stream) for key in prepared.keys))
        self._copy("stage_links", ((batch, link.kind, link.source, link.target) for link in prepared.links))
        self._copy("stage_texts", (_text_row(batch, text) for text in prepared.texts))
        self._copy("stage_guards", ((batch, *guard) for guard in prepared.guards.items()))
        self._copy("stage_counts", ((batch, *name, count) for name, count in prepared.link_counts.items()))
        return _mark(prepared)

    def declare(self, text: ErasableText) -> None:
        """Makes a seal known without storing it; what uses it stores it."""
        self._copy("stage_texts", [_text_row(None, text)])

    def append(self, mark: Mark, name: UUID) -> None:
        """Appends a staged batch of an import and notes its lines as recorded, in one statement that is sent once.

        Raises what `EventStore.append` does; OutcomeUnknown when the connection breaks.
        """
        self._append("append_staged", {"batch": mark.batch} | _note(mark, name))

    def record(self, prepared: Prepared, name: UUID) -> Mark:
        """Appends a batch without staging it, otherwise as `append`."""
        mark = _mark(prepared)
        append = append_of(
            prepared.events, prepared.guards, prepared.link_counts, prepared.keys, prepared.links, prepared.texts
        )
        self._append("append_prepared", columns([append]) | _note(mark, name))
        return mark

    def _append(self, query: str, params: dict[str, Any]) -> None:
        with self._lock, translated(sent=True), self._connection.cursor(row_factory=tuple_row) as cursor:
            cursor.execute(_QUERIES[query], params, prepare=True)

    def _copy(self, name: str, rows: Iterable[tuple[Any, ...]]) -> None:
        first = next(iterator := iter(rows), None)
        if first is None:
            return
        with self._lock, translated(), self._connection.cursor() as cursor, cursor.copy(_QUERIES[name]) as copy:
            copy.set_types(_TYPES[name])
            copy.write_row(first)
            for row in iterator:
                copy.write_row(row)


def _mark(prepared: Prepared) -> Mark:
    return Mark(prepared.begin, prepared.end, prepared.recorded, prepared.present, prepared.refused)


def _note(mark: Mark, name: UUID) -> dict[str, Any]:
    """What is kept of a batch of an import."""
    return {
        "import": name,
        "first_line": mark.batch,
        "last_line": mark.end.line,
        "end_byte": mark.end.byte,
        "recorded": mark.recorded,
        "present": mark.present,
        "refused": mark.refused,
    }


def _text_row(batch: int | None, text: ErasableText) -> tuple[Any, ...]:
    digest = hashlib.sha256(text.content.encode()).digest()
    return (batch, text.reference, text.scope, text.salt, text.digest, text.content, digest)
