"""The states as a projection: what was believed about each matter on every day, from one log position to the next."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from threading import Lock
from typing import NamedTuple
from uuid import UUID

from events.beliefs import decode_entities, encode_belief
from events.event_types import DomainEvent
from events.identity import split_stream
from events.ledger import Ledger
from events.matters import Matter
from events.publicity import Publicity
from service.db import Connection
from service.projections.auditing import Audit
from service.projections.projection import Difference, History, Load, leave_all
from service.projections.shelves import Shelves
from service.sql import load_queries
from service.store.protocol import StoredRecord
from service.store.rows import event_of

MOST_HELD = 200_000
"""How many claims and articles are kept in memory between batches; more are forgotten, and found where needed."""
_QUERIES = load_queries("states")


class TooLate(ValueError):
    """An event from before what the tables have taken in: only a rebuild puts it where it belongs."""


class _Known(NamedTuple):
    """What the tables hold of a matter: a digest of its newest belief, under whom it is listed, and its publicity."""

    digest: bytes
    entities: frozenset[str]
    publicity: Publicity


class _Rows(NamedTuple):
    beliefs: list[tuple[UUID, int, str, bytes]]
    places: list[tuple[str, int, str, UUID, str, int]]
    bearers: list[tuple[UUID, UUID]]
    publicity: list[tuple[UUID, int, int, int]]
    entities: dict[str, int]
    """Where something listed under an entity was last believed otherwise."""


class _Memory:
    """What is kept between batches of one set of tables. `position` is the last one that it has taken in."""

    def __init__(self, position: int) -> None:
        self.position = position
        self.ledger = Ledger()
        self.known: dict[Matter, _Known | None] = {}

    def make_room(self) -> None:
        """Where too much is held, forgets what was used longest ago."""
        if len(self.ledger) > MOST_HELD:
            self.ledger.forget(MOST_HELD // 2)
            self.known = {matter: known for matter, known in self.known.items() if self.ledger.holds(matter)}


class StatesProjection:
    """See `service.projections.projection.Projection`. Rows are only ever added."""

    name: str = "states"
    version: int = 4
    follows: str | None = "index"
    in_order: bool = True
    tables: str = _QUERIES["tables"]
    indexes: str = _QUERIES["indexes"]

    def __init__(self) -> None:
        self._memories: dict[str, _Memory] = {}
        self._lock = Lock()

    def handle(self, connection: Connection, records: Sequence[StoredRecord], history: History) -> None:
        """Adds the beliefs that each event changed. TooLate for an event that was held back and let in later."""
        checkpoint, tables = connection.execute(_QUERIES["place"]).fetchone() or (0, "")
        if records[0].position <= checkpoint:
            raise TooLate("It comes after later ones: `project rebuild --projection states` takes it in.")
        memory = self._recalled(tables, checkpoint, records[0].position)
        shelves = Shelves(connection, history, records[0].position - 1)
        memory.ledger.use(shelves)
        events = [event_of(record) for record in records]
        _recall(connection, memory, memory.ledger.prepare(events))
        rows = _Rows([], [], [], [], {})
        for record, event in zip(records, events, strict=True):
            shelves.position = record.position - 1
            _take(connection, memory, event, record.position, rows)
        _write(connection, rows)
        memory.position = records[-1].position
        memory.make_room()
        if len(memory.ledger) <= MOST_HELD:
            with self._lock:
                self._memories = {tables: memory}

    def forget(self) -> None:
        """Drops what is kept between batches; it is found again where it is needed."""
        with self._lock:
            self._memories = {}

    def load(self, records: Sequence[StoredRecord], history: History) -> Load:
        """Everything depends on what was there before."""
        return leave_all(records)

    def audit(
        self, connection: Connection, streams: Mapping[str, Sequence[StoredRecord]], history: History
    ) -> list[Difference]:
        """Compares beliefs about the matters of claims with what the fold says, now and at an older position."""
        checkpoint, _ = connection.execute(_QUERIES["place"]).fetchone() or (0, "")
        return Audit(connection, history, checkpoint).of(
            [name for category, name in map(split_stream, streams) if category == "claim"]
        )

    def _recalled(self, tables: str, checkpoint: int, first: int) -> _Memory:
        """What is kept of these tables, if it fits them and the events to come; it is the caller's until given back."""
        with self._lock:
            memory = self._memories.pop(tables, None)
        if memory is None or not checkpoint <= memory.position < first:
            return _Memory(first - 1)
        return memory


def _take(connection: Connection, memory: _Memory, event: DomainEvent, position: int, rows: _Rows) -> None:
    taken = memory.ledger.take(event, position)
    rows.bearers.extend((UUID(matter.id), UUID(claim)) for matter, claim in sorted(taken.bearers, key=str))
    _recall(connection, memory, taken.matters)
    for matter in taken.matters:
        believed = memory.ledger.belief(matter)
        body, before = encode_belief(believed), memory.known[matter]
        digest, number = sha256(body).digest(), UUID(matter.id)
        publicity = memory.ledger.publicity(matter, taken, before.publicity if before else None)
        memory.known[matter] = _Known(digest, frozenset(believed.entities), publicity)
        if before is None or before.publicity != publicity:
            rows.publicity.append((number, position, *publicity))
        if before is not None and before.digest == digest:
            continue
        rows.beliefs.append((number, position, matter.kind, body))
        listed = before.entities if before else frozenset()
        rows.places.extend(
            (entity, matter.rank, matter.name, number, matter.kind, position)
            for entity in believed.entities
            if entity not in listed
        )
        rows.entities.update(dict.fromkeys(listed.union(believed.entities), position))


def _recall(connection: Connection, memory: _Memory, matters: Collection[Matter]) -> None:
    """Reads what the tables hold of matters, where that is not known."""
    unknown = {UUID(matter.id): matter for matter in matters if matter not in memory.known}
    if not unknown:
        return
    memory.known.update(dict.fromkeys(unknown.values()))
    for number, body, *publicity in connection.execute(_QUERIES["newest"], {"matters": list(unknown)}):
        entities = frozenset(decode_entities(body))
        memory.known[unknown[number]] = _Known(sha256(body).digest(), entities, Publicity(*publicity))


def _write(connection: Connection, rows: _Rows) -> None:
    with connection.cursor() as cursor, cursor.copy(_QUERIES["put_beliefs"]) as copy:
        copy.set_types(["uuid", "int8", "text", "bytea"])
        for row in rows.beliefs:
            copy.write_row(row)
    for query, names, found in (
        ("put_places", ("entity", "rank", "name", "matter", "kind", "since"), rows.places),
        ("put_bearers", ("matter", "claim"), rows.bearers),
        ("put_publicity", ("matter", "since", "first", "last"), rows.publicity),
        ("put_entity_beliefs", ("entity", "since"), sorted(rows.entities.items())),
    ):
        if found:
            connection.execute(_QUERIES[query], dict(zip(names, map(list, zip(*found, strict=True)), strict=True)))


STATES = StatesProjection()
