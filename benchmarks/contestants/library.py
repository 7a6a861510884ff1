"""The event sourcing library as its documentation shows it: an application on PostgreSQL with the default settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import ApplicationSubscription, Projection, ProjectionRunner
from psycopg.sql import SQL

from benchmarks import samples
from benchmarks.contestants.task import perform
from benchmarks.load import callers, once

BATCH = 100
PREPARED = 2_000
WAIT_SECONDS = 600.0
WARM_UP = 50


class Claim(Aggregate):
    """One claim; its only event says all of it."""

    @event("Recorded")
    def __init__(  # noqa: PLR0913
        self,
        article: str,
        type: str,  # noqa: A002
        participants: list[dict[str, str]],
        attributes: dict[str, str],
        asserted_by: dict[str, Any],
        modality: str,
        polarity: str,
        time: dict[str, str],
        evidence: dict[str, Any],
    ) -> None:
        self.article = article
        self.type = type
        self.participants = participants
        self.attributes = attributes
        self.asserted_by = asserted_by
        self.modality = modality
        self.polarity = polarity
        self.time = time
        self.evidence = evidence


class Claims(Application[UUID]):
    """Records claims."""

    def record(self, said: Mapping[str, Any]) -> UUID:
        """A claim more."""
        claim = Claim(**said)
        self.save(claim)
        return claim.id


class Counters(PostgresTrackingRecorder):
    """How many events made an aggregate, and how many came later."""

    def __init__(self, datastore: PostgresDatastore, **options: Any) -> None:
        super().__init__(datastore, **options)
        self.sql_create_statements.append(
            SQL("CREATE TABLE IF NOT EXISTS event_counters (name text PRIMARY KEY, count bigint)").format()
        )

    def increase(self, name: str, tracking: Tracking) -> None:
        """One more of a kind, once."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(
                "INSERT INTO event_counters VALUES (%s, 1)"
                " ON CONFLICT (name) DO UPDATE SET count = event_counters.count + 1",
                (name,),
                prepare=True,
            )


class CountersProjection(Projection[Counters]):
    """Counts events."""

    name = "counters"

    @singledispatchmethod
    def process_event(self, _: Any, tracking: Tracking) -> None:
        """Any event."""
        self.view.increase("subsequent", tracking)

    @process_event.register
    def _(self, _: Aggregate.Created, tracking: Tracking) -> None:
        self.view.increase("created", tracking)


class Relations(PostgresTrackingRecorder):
    """Who is with whom: one row for each relation that some claim speaks of."""

    def __init__(self, datastore: PostgresDatastore, **options: Any) -> None:
        super().__init__(datastore, **options)
        self.sql_create_statements.append(
            SQL(
                "CREATE TABLE IF NOT EXISTS relations (subject text, kind text, object text, claims bigint, since text,"
                " PRIMARY KEY (subject, kind, object))"
            ).format()
        )

    def enter(self, subject: str, kind: str, other: str, since: str, tracking: Tracking) -> None:
        """One claim more about a relation, once."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(
                "INSERT INTO relations VALUES (%s, %s, %s, 1, %s) ON CONFLICT (subject, kind, object)"
                " DO UPDATE SET claims = relations.claims + 1, since = least(relations.since, excluded.since)",
                (subject, kind, other, since),
                prepare=True,
            )


class RelationsProjection(Projection[Relations]):
    """Enters each claim."""

    name = "relations"

    @singledispatchmethod
    def process_event(self, _: Any, tracking: Tracking) -> None:
        """Any other event."""
        self.view.insert_tracking(tracking)

    @process_event.register
    def _(self, recorded: Claim.Recorded, tracking: Tracking) -> None:  # type: ignore[name-defined]
        subject, other = (participant["entity"] for participant in recorded.participants)
        self.view.enter(subject, recorded.type, other, recorded.time["edtf"], tracking)


def save(url: str, count: int, seconds: float, warm_up: float) -> dict[str, Any]:
    """One new aggregate with one event per call."""
    application = Claims(environment(url))

    def start(caller: int) -> Callable[[int], object]:
        return lambda index: application.record(samples.payload(index * count + caller))

    return callers(count, seconds, warm_up, start)


def fill(url: str, claims: int) -> dict[str, Any]:
    """So many claims by `insert_events`, a hundred a time, from the objects to the log."""
    application = Claims(environment(url))

    def work() -> None:
        for first in range(0, claims, BATCH):
            events = [e for n in range(first, first + BATCH) for e in Claim(**samples.payload(n)).collect_events()]
            application.recorder.insert_events([application.mapper.to_stored_event(e) for e in events])

    return once(claims, work)


def read(url: str) -> dict[str, Any]:
    """All events from a subscription, as objects of the domain."""
    application = Claims(environment(url))
    head = application.recorder.max_notification_id() or 0

    def work() -> None:
        with ApplicationSubscription(application, gt=0) as subscription:
            for _, tracking in subscription:
                if tracking.notification_id == head:
                    break

    return once(head, work)


def project_counters(url: str, events: int) -> dict[str, Any]:
    """The first events of the log into the counters."""
    return _project(url, events, CountersProjection, Counters)


def project_relations(url: str, events: int) -> dict[str, Any]:
    """The first events of the log into the relations."""
    return _project(url, events, RelationsProjection, Relations)


def _project(url: str, events: int, projection: Any, view: Any) -> dict[str, Any]:
    """The events after the first few, which are left to a run that makes the tables."""

    def work(until: int) -> None:
        runner = ProjectionRunner(
            application_class=Claims, projection_class=projection, view_class=view, env=environment(url)
        )
        with runner:
            runner.wait(until, timeout=WAIT_SECONDS)

    work(WARM_UP)
    return once(events, lambda: work(WARM_UP + events))


def environment(url: str) -> dict[str, str]:
    """Where the database is; all else is left at its default."""
    parts = urlsplit(url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": parts.path.removeprefix("/"),
        "POSTGRES_HOST": parse_qs(parts.query)["host"][0],
        "POSTGRES_USER": parts.username or "",
        "POSTGRES_PASSWORD": "-",
    }


if __name__ == "__main__":
    perform(
        {
            "save": save,
            "fill": fill,
            "read": read,
            "project_counters": project_counters,
            "project_relations": project_relations,
        }
    )
