"""The recorder of the event sourcing library on our store. Its own SQL, locks, retries and tables are not used."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn
from uuid import UUID

from eventsourcing.persistence import (
    ApplicationRecorder,
    Notification,
    StoredEvent,
    Subscription,
)
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

from service.db import Database
from service.store.postgres import PostgresStore
from service.store.protocol import EventStore, StoredRecord

# Importing the module above silences the driver, also about lost connections.
for _name in ("psycopg", "psycopg.pool"):
    logging.getLogger(_name).setLevel(logging.NOTSET)


class StoreRecorder(ApplicationRecorder):
    """Records in any event store. What `insert_events` takes besides events is what `EventStore.append` takes."""

    def __init__(self, store: EventStore) -> None:
        self.store = store

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """Appends all the events or none, and gives their positions. Nothing is tried twice."""
        if kwargs.pop("tracking", None) is not None:
            raise NotImplementedError("projections keep their own checkpoints")
        appended = self.store.append(stored_events, **kwargs)
        return list(appended.positions)

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The events of a stream between two versions."""
        records = self.store.read_stream(str(originator_id), after=gt or 0)
        chosen = [record for record in records if lte is None or record.version <= lte]
        return [as_stored_event(record) for record in (chosen[::-1] if desc else chosen)[:limit]]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """The next events of the log. A filter by topic is refused: a renamed topic would fall out of it unseen."""
        if topics:
            raise NotImplementedError("choose by topic where the events are handled")
        after = (start or 0) - (1 if inclusive_of_start and start else 0)
        return [as_notification(record) for record in self.store.read_log(after, limit, stop)]

    def max_notification_id(self) -> int | None:
        """The last position; None for an empty log."""
        return self.store.head() or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        """Refused: the library's subscription misses wake-ups and dies unseen. Read the log and poll."""
        raise NotImplementedError("read the log after a position and poll")


class PoolDatastore(PostgresDatastore):
    """What the library's PostgreSQL recorder wants to know of a database, on our pool."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.schema = "log"
        self.originator_id_type = "text"
        self.enable_db_functions = False
        self.lock_timeout = 0
        self.single_row_tracking = True
        self.db_type_names = set()
        self.psycopg_type_adapters = {}
        self.psycopg_python_types = {}

    def register_type_adapters(self) -> None:
        """There are none."""

    @contextmanager
    def get_connection(self) -> Iterator[Any]:
        """A connection of our pool, with our errors."""
        with self.database.connection() as connection:
            yield connection

    def close(self) -> None:
        """Nothing: whoever opened the database closes it."""


class LogRecorder(StoreRecorder, PostgresApplicationRecorder):
    """The library's PostgreSQL recorder with everything that touches the database replaced."""

    def __init__(self, store: PostgresStore) -> None:
        PostgresApplicationRecorder.__init__(self, PoolDatastore(store.database), events_table_name="events")
        self.store: PostgresStore = store

    def create_table(self) -> NoReturn:
        """Refused: `service.migrate` makes the tables."""
        raise NotImplementedError("the schema is made by a migration")

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The events of a stream between two versions."""
        records = self.store.select_events(str(originator_id), gt=gt, lte=lte, desc=desc, limit=limit)
        return [as_stored_event(record) for record in records]


def recorder_for(store: EventStore) -> ApplicationRecorder:
    """The recorder on a store."""
    return LogRecorder(store) if isinstance(store, PostgresStore) else StoreRecorder(store)


def as_stored_event(record: StoredRecord) -> StoredEvent:
    """A record as the library's stored event."""
    return StoredEvent(record.stream, record.version, record.topic, record.state)


def as_notification(record: StoredRecord) -> Notification:
    """A record as the library's notification; its id is the position."""
    return Notification(record.stream, record.version, record.topic, record.state, record.position)
