"""Erasing again what a ledger tells of, after a backup from before has brought it back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from typing import NamedTuple
from uuid import UUID

from psycopg.rows import scalar_row

from events.values import Recorder
from service.db import Database
from service.erasure.eraser import Eraser
from service.erasure.errors import LedgerUnusable
from service.erasure.ledger import Entry
from service.sql import load_queries

_QUERIES = load_queries("erasing")


class Reapplied(NamedTuple):
    """What came of a ledger: how many erasures it holds, how many were due, and of how many texts these were."""

    entries: int
    due: int
    texts: int


def reapply(entries: Iterable[Entry], database: Database, eraser: Eraser) -> Reapplied:
    """Erases what the log does not know as erased, or has as a text again. A second time does nothing.

    Nobody is told those texts in between if this runs before the service does.
    """
    count = due = texts = 0
    for entry in entries:
        count += 1
        missing = _due(entry, database)
        if missing:
            note = f"{entry.by or ''}, again after that of {entry.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC".lstrip(
                ", "
            )
            texts += sum(
                part for _, part in eraser.erase(entry.subject, missing, entry.reason, Recorder("local", note))
            )
            due += 1
    return Reapplied(count, due, texts)


def _due(entry: Entry, database: Database) -> list[UUID]:
    try:
        references = [UUID(reference) for reference in entry.references]
    except ValueError as error:
        raise LedgerUnusable(f"An erasure of {entry.subject.kind} {entry.subject.id}: {error}.") from error
    return database.read(_QUERIES["due"], {"references": references}, scalar_row)
