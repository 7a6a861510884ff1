"""The index as a projection: which claims speak of whom, where they stand, and what entities are called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from events.event_types import ABOUT_THE_LOG, Claimed, DomainEvent
from events.identity import entity_stream, split_stream
from events.mentions import entities_in, responded_to
from events.records import ClaimRecord, EntityRecord, Record, fold_stream
from service.db import Connection
from service.projections.projection import Difference, History, Load, Row
from service.projections.rows import (
    EntityRows,
    IndexRows,
    entity_rows,
    names_of,
)
from service.sql import load_queries
from service.store.protocol import StoredRecord
from service.store.rows import event_of, folded

Rows = dict[str, set[Row]]

_QUERIES = load_queries("index")
_COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "entities": ("entity", "kind", "name", "reference"),
        "entity_names": ("entity", "name", "folded", "skeleton", "reference"),
        "entity_identifiers": ("scheme", "value", "entity"),
        "entity_events": ("entity", "position"),
        "merges": ("merged", "into_entity"),
        "claim_entities": ("entity", "claim"),
        "claim_articles": ("article", "claim"),
        "responses": ("claim", "other"),
    }
)
_OF_ENTITIES = ("entities", "entity_names", "entity_identifiers", "entity_events", "merges")


class IndexProjection:
    """See `service.projections.projection.Projection`. Handling an event twice changes nothing."""

    name = "index"
    version = 3
    follows: str | None = None
    in_order = False
    tables = _QUERIES["tables"]
    indexes = _QUERIES["indexes"]

    def handle(self, connection: Connection, records: Sequence[StoredRecord], history: History) -> None:
        """Enters what is new; an entity is entered anew, as its stream tells it by the last of the events."""
        rows = IndexRows()
        for record in records:
            rows.add(event_of(record), record.position)
        if rows.entities:
            connection.execute(_QUERIES["forget_entities"], {"entities": list(rows.entities)}, prepare=False)
        for table, items in _tables(rows, _entities(rows.entities, history, records[-1].position), history).items():
            if items:
                columns = zip(_COLUMNS[table], map(list, zip(*items, strict=True)), strict=True)
                connection.execute(_QUERIES[f"put_{table}"], dict(columns))
        if rows.doubtful:
            connection.execute(_QUERIES["put_unsettled"], {"claims": sorted(rows.doubtful)})

    def load(self, records: Sequence[StoredRecord], history: History) -> Load:
        """Claims and entities as they were first recorded; responses, and what was done to them, are left for later."""
        rows, changes, later = IndexRows(), IndexRows(), []
        for record in records:
            event = event_of(record)
            if record.version == 1 and not isinstance(event, ABOUT_THE_LOG) and not _responds(event):
                rows.add(event, record.position)
            else:
                changes.add(event, record.position)
                if changes != IndexRows():
                    changes = IndexRows()
                    later.append(record.position)
        entities = {name: fold_stream(events) for name, events in rows.entities.items()}
        return Load(_tables(rows, entities, history), later)

    def audit(
        self, connection: Connection, streams: Mapping[str, Sequence[StoredRecord]], history: History
    ) -> list[Difference]:
        """Compares what the tables hold of claims and entities with what their folded streams say."""
        names: dict[str, list[str]] = {"claim": [], "entity": []}
        records_of: list[Record | None] = []
        for stream, records in streams.items():
            category, name = split_stream(stream)
            if category in names:
                names[category].append(name)
                records_of.append(folded(records))
        expected = _expected([record for record in records_of if record is not None], history)
        differences: list[Difference] = []
        for table in _COLUMNS:
            ids = names["entity"] if table in _OF_ENTITIES else names["claim"]
            found = set(connection.execute(_QUERIES[table], {"ids": ids}).fetchall())
            differences += _differing(table, expected[table] - found, "the log says so and the table does not")
            differences += _differing(table, found - expected[table], "the table says so and the log does not")
        held = set(connection.execute(_QUERIES["unsettled"], {"ids": names["claim"]}).fetchall())
        named, answering = expected["claim_entities"], {claim for claim, _ in expected["responses"]}
        sure: set[Row] = {(entity, claim) for entity, claim in named if claim in answering}
        differences += _differing("unsettled", sure - held, "the log says so and the table does not")
        differences += _differing("unsettled", held - named, "the table says so and the log does not")
        return differences


def _responds(event: DomainEvent) -> bool:
    return isinstance(event, Claimed) and next(responded_to("", event.content.attributes), None) is not None


def _entities(events: Mapping[str, Sequence[DomainEvent]], history: History, until: int) -> dict[str, Record | None]:
    """The records of entities; those whose first event is not among the given ones are read from the log."""
    known = [name for name, given in events.items() if not given or given[0].originator_version > 1]
    streams = history.streams([entity_stream(name) for name in known], until) if known else {}
    whole = {name: fold_stream(given) for name, given in events.items() if name not in known}
    return whole | {name: fold_stream(map(event_of, streams[entity_stream(name)])) for name in known}


def _tables(rows: IndexRows, entities: Mapping[str, Record | None], history: History) -> dict[str, Sequence[Row]]:
    """The rows by table, in an order in which two writers cannot wait for each other."""
    whole = list(_entity_rows(entities.values(), history))
    return {
        "entities": [one.entity for one in whole],
        "entity_names": [row for one in whole for row in one.names],
        "entity_identifiers": [row for one in whole for row in one.identifiers],
        "entity_events": sorted(rows.entity_events),
        "merges": sorted(rows.merges),
        "claim_entities": sorted(rows.claim_entities),
        "claim_articles": sorted(rows.claim_articles),
        "responses": sorted(rows.responses),
    }


def _entity_rows(records: Iterable[Record | None], history: History) -> Iterator[EntityRows]:
    entities = [record for record in records if isinstance(record, EntityRecord)]
    opener = history.opener(name for record in entities for name in names_of(record))
    return (entity_rows(record, opener) for record in entities)


def _expected(records: Sequence[Record], history: History) -> Rows:
    """What the tables have to hold of folded streams."""
    expected: Rows = {table: set() for table in _COLUMNS}
    for one in _entity_rows(records, history):
        expected["entities"].add(one.entity)
        expected["entity_names"].update(one.names)
        expected["entity_identifiers"].update(one.identifiers)
    for record in records:
        if isinstance(record, EntityRecord):
            expected["entity_events"].update((record.id, at) for at in record.positions)
            expected["merges"].update((record.id, merge.into) for merge in record.merges)
        elif isinstance(record, ClaimRecord):
            _expect_claim(expected, record)
    return expected


def _expect_claim(expected: Rows, record: ClaimRecord) -> None:
    """All that any version of the claim said, and all articles that had a part in it."""
    expected["claim_articles"].add((record.original.article, record.id))
    for _, amendment in record.amendments:
        article = getattr(amendment, "article", None)
        if article is not None:
            expected["claim_articles"].add((article, record.id))
    for content in record.contents():
        expected["claim_entities"].update((entity, record.id) for entity in entities_in(content))
        expected["responses"].update((record.id, other) for other in responded_to(record.id, content.attributes))


def _differing(table: str, rows: set[Row], where: str) -> list[Difference]:
    return [Difference(table, ", ".join(map(str, row)), where) for row in sorted(rows, key=str)]


INDEX = IndexProjection()
