"""Carries the log over into the read tables, batch by batch, each with its checkpoint in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import structlog
from psycopg.rows import scalar_row

from events.codec import UnreadableEvent
from events.records import EntityRecord, fold_stream
from events.values import Sealed
from service.db import Connection, Database
from service.projections.rows import IndexRows, NameRow, names_of, references_in, rows_of
from service.sql import load_queries
from service.store.protocol import EventStore, StoredRecord
from service.store.rows import readable, recorded

PROJECTION = "index"
BATCH = 1_000
_QUERIES = load_queries("read")
_log = structlog.get_logger(__name__)


class Projector:
    """Keeps the index current. Handling an event twice changes nothing, so a crash costs at most a batch of work.

    An event that cannot be handled parks its stream: that stream stands still in the index, everything else goes on.
    """

    def __init__(self, store: EventStore, database: Database) -> None:
        self._store = store
        self._database = database

    def position(self) -> int:
        """The last position fully handled."""
        return int(self._database.read(_QUERIES["checkpoint"], {"projection": PROJECTION}, scalar_row)[0])

    def step(self, limit: int = BATCH) -> int:
        """Handles the next events, at most `limit`, and gives how many there were.

        They are read before the transaction begins; where another projector was faster, they are left to the next step.
        """
        after = self.position()
        records = self._store.read_log(after, limit)
        if not records:
            return 0
        with self._database.transaction() as connection:
            if _scalar(connection, "lock_checkpoint") == after:
                self._handle(connection, records)
                connection.execute(_QUERIES["advance"], {"projection": PROJECTION, "position": records[-1].position})
        return len(records)

    def catch_up(self) -> int:
        """Handles everything there is, and gives the position reached."""
        while self.step():
            pass
        return self.position()

    def _handle(self, connection: Connection, records: Sequence[StoredRecord]) -> None:
        parked = self._parked(connection, {record.stream for record in records})
        rows = IndexRows()
        for record in records:
            if record.stream in parked:
                continue
            try:
                rows.take(rows_of(recorded(record).event))
            except (UnreadableEvent, LookupError, TypeError, ValueError) as error:
                self._park(connection, record, error)
                parked.add(record.stream)
        self._write(connection, rows, records[-1].position)

    def _parked(self, connection: Connection, streams: set[str]) -> set[str]:
        params = {"projection": PROJECTION, "streams": list(streams)}
        return {stream for (stream,) in connection.execute(_QUERIES["parked_streams"], params)}

    def _park(self, connection: Connection, record: StoredRecord, error: Exception) -> None:
        _log.error("event parked", stream=record.stream, position=record.position, error=repr(error))
        connection.execute(
            _QUERIES["park"],
            {"projection": PROJECTION, "stream": record.stream, "position": record.position, "error": repr(error)},
        )

    def _write(self, connection: Connection, rows: IndexRows, until: int) -> None:
        if rows.entities:
            self._write_entities(connection, rows.entities, until)
        pairs: Mapping[str, tuple[set[tuple[str, str]], str, str]] = {
            "put_merges": (rows.merges, "merged", "into"),
            "put_claim_entities": (rows.claim_entities, "entities", "claims"),
            "put_claim_articles": (rows.claim_articles, "articles", "claims"),
            "put_responses": (rows.responses, "claims", "others"),
        }
        for query, (items, first, second) in pairs.items():
            if items:
                ordered = sorted(items)
                params = {first: [item[0] for item in ordered], second: [item[1] for item in ordered]}
                connection.execute(_QUERIES[query], params)

    def _write_entities(self, connection: Connection, entities: set[str], until: int) -> None:
        """Enters entities anew, as their streams tell them up to the end of the batch."""
        streams = self._store.read_streams([f"entity-{entity}" for entity in sorted(entities)], until=until)
        folded = (fold_stream(event.event for event in readable(events)) for events in streams.values())
        records = [record for record in folded if isinstance(record, EntityRecord)]
        texts = self._store.read_texts(
            [reference for record in records for reference in references_in(names_of(record))]
        )
        opened = {reference: text.content for reference, text in texts.items()}
        connection.execute(_QUERIES["drop_names"], {"entities": sorted(entities)})
        connection.execute(_QUERIES["drop_identifiers"], {"entities": sorted(entities)})
        names = {record.id: _name_rows(record, opened) for record in records}
        _put_entities(connection, records, names)
        _put_names(connection, names)
        _put_identifiers(connection, records)


def _scalar(connection: Connection, query: str) -> int:
    row = connection.execute(_QUERIES[query], {"projection": PROJECTION}).fetchone()
    if row is None:
        raise LookupError(f"the projection {PROJECTION!r} has no checkpoint")
    return int(row[0])


def _name_rows(record: EntityRecord, opened: Mapping[UUID, str]) -> list[NameRow | None]:
    """The names of an entity, in order; None for one that was erased."""
    rows: list[NameRow | None] = []
    for name in names_of(record):
        if isinstance(name, Sealed):
            content = opened.get(UUID(name.reference))
            rows.append(NameRow(content, UUID(name.reference)) if content is not None else None)
        else:
            rows.append(NameRow(name, None))
    return rows


def _put_entities(
    connection: Connection, records: Sequence[EntityRecord], names: Mapping[str, list[NameRow | None]]
) -> None:
    shown = {record.id: names[record.id][0] for record in records}
    params = {
        "entities": [record.id for record in records],
        "kinds": [record.contents[-1][1].kind for record in records],
        "names": [row.name if row else None for row in shown.values()],
        "references": [row.reference if row else None for row in shown.values()],
    }
    connection.execute(_QUERIES["put_entities"], params)


def _put_names(connection: Connection, names: Mapping[str, list[NameRow | None]]) -> None:
    rows = [(entity, row) for entity, all_rows in names.items() for row in all_rows if row is not None]
    params = {
        "entities": [entity for entity, _ in rows],
        "names": [row.name for _, row in rows],
        "folded": [row.folded for _, row in rows],
        "skeletons": [row.skeleton for _, row in rows],
        "references": [row.reference for _, row in rows],
    }
    connection.execute(_QUERIES["put_names"], params)


def _put_identifiers(connection: Connection, records: Sequence[EntityRecord]) -> None:
    rows = [(scheme, value, r.id) for r in records for scheme, value in r.contents[-1][1].identifiers.items()]
    schemes, values, entities = zip(*rows, strict=True) if rows else ((), (), ())
    connection.execute(
        _QUERIES["put_identifiers"], {"schemes": list(schemes), "values": list(values), "entities": list(entities)}
    )
