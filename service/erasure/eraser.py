"""Erasing: the event that names the texts and their deletion, in one transaction each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from psycopg.rows import scalar_row

from events.codec import encode
from events.event_types import TextsErased
from events.identity import ERASURES_STREAM
from events.values import Recorder, Subject
from service.db import Database
from service.sql import load_queries

MOST_IN_EVENT = 1_000
"""So many texts are named in one event; more are erased by several."""
_QUERIES = load_queries("erasing")


class Eraser:
    """Forgets texts, with a role that may do nothing else."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def erase(
        self, subject: Subject, references: Sequence[UUID], reason: str, recorder: Recorder
    ) -> Iterator[tuple[int, int]]:
        """Forgets the texts behind references; gives the position of each event, and how many it names.

        A text that is gone already is named all the same. OutcomeUnknown when the connection breaks: a part may be
        done, and the same again does the rest.
        """
        for start in range(0, len(references), MOST_IN_EVENT):
            part = references[start : start + MOST_IN_EVENT]
            event = TextsErased(
                originator_id=ERASURES_STREAM,
                originator_version=1,  # the log gives it the next one
                recorder=recorder,
                subject=subject,
                references=tuple(str(reference) for reference in part),
                reason=reason,
            )
            topic, state = encode(event)
            (position,) = self._database.write(_QUERIES["erase"], {"topic": topic, "state": state}, scalar_row)
            yield int(position), len(part)
