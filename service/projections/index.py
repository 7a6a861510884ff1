"""Where to find what an answer needs: questions to the read tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import NamedTuple, TypeVar
from uuid import UUID

from psycopg.rows import RowFactory, args_row, scalar_row, tuple_row
from psycopg.sql import SQL, Identifier

from events.identity import entity_stream
from service.db import Database
from service.errors import NotBuilt
from service.projections.status import ProjectionStatus, TableState, read_state, read_status
from service.sql import load_queries

Row = TypeVar("Row")
_QUERIES = load_queries("read")


class NewestName(NamedTuple):
    """The newest name of an entity (None once it was erased). It is that of every day unless the entity has changed."""

    name: str | None
    has_changed: bool


class Mark(NamedTuple):
    """Which tables the index has, where in which log something was last recorded about an entity, and how often texts
    were forgotten.
    """

    tables: int
    position: int
    erasures: int
    epoch: UUID


class Since(NamedTuple):
    """Since which position of which log all that is believed about an entity is as it is, and in which tables."""

    entity: str
    epoch: UUID
    tables: int
    position: int


class Reached(NamedTuple):
    """The last log position that all tables have taken in, and the mark of the index (None: there is none).

    `since` is about the entity that was asked for, where there are states.
    """

    position: int
    mark: Mark | None
    since: Since | None = None


class Unsettled(NamedTuple):
    """A claim that stands in a response, or is open: at some point it may say what was never believed at a position."""

    claim: str
    is_answered: bool
    is_open: bool


class Index:
    """The read tables. They may know more than a point of the recorded clock; the reader cuts off.

    Beside the index there may be other projections, in the schemas behind that of the database. What is told of the
    tables is told of all of them: NotBuilt as long as one has never been complete, for an empty or half view is no
    answer.
    """

    def __init__(self, database: Database, has_beliefs: bool = False) -> None:
        """`has_beliefs`: the states are among the other projections."""
        self._database = database
        self._has_beliefs = has_beliefs
        self._schemas = (database.schema, *database.behind)
        self._is_built = False

    def state(self) -> TableState:
        """How far the tables are, also while they are being built."""
        return read_state(self._database, *self._schemas)

    def status(self) -> list[ProjectionStatus]:
        """The state of each projection with the log beside it, and its last rebuild."""
        return [read_status(self._database, schema) for schema in self._schemas]

    def position(self) -> int:
        """The last log position that all tables have taken in."""
        state = self.state()
        self._demand_built(state)
        return state.position

    def reached(self, entity: str | None = None) -> Reached:
        """How far the tables are; where there are beliefs, also since when those about an entity are as they are."""
        if entity is None or not self._has_beliefs:
            return self._reached("reached", {})
        return self._reached("reached_about", {"entity": entity})

    def merge_class(self, entity: str) -> list[str]:
        """The entity with all that were ever merged with it."""
        return self._read("merge_class", scalar_row, entity=entity)

    def merge_classes(self, entities: Collection[str]) -> list[str]:
        """The entities with all that were ever merged with one of them."""
        return self._read("merge_classes", scalar_row, entities=list(entities))

    def streams_about(self, entities: Collection[str], limit: int) -> list[str]:
        """At most `limit` streams in which something is recorded of one of the entities, in no order."""
        return self._read("streams_about", scalar_row, entities=list(entities), limit=limit)

    def claims_of(self, first: Collection[str], second: Collection[str], limit: int) -> list[str]:
        """At most `limit` claims that name one of each group, with the responses that bear on them."""
        return self._read("claims_of", scalar_row, first=list(first), second=list(second), limit=limit)

    def claims_among(self, entities: Collection[str], limit: int) -> list[str]:
        """At most `limit` claims that name two of the entities, with the responses that bear on them."""
        return self._read("claims_among", scalar_row, entities=list(entities), limit=limit)

    def claims_about(self, claims: Collection[str], limit: int) -> list[str]:
        """At most `limit` claims: these, with the responses that bear on them."""
        return self._read("claims_about", scalar_row, claims=list(claims), limit=limit)

    def unsettled(self, entities: Collection[str], limit: int) -> list[Unsettled]:
        """At most `limit` claims that name one of the entities and are answered or open."""
        return self._read("unsettled", args_row(Unsettled), entities=list(entities), limit=limit)

    def heard_from(self, claims: Collection[str], entities: Collection[str]) -> list[str]:
        """The claims among some that stand in a response with one that names one of the entities."""
        return self._read("heard_from", scalar_row, claims=list(claims), entities=list(entities))

    def claims_in(self, article: str) -> list[str]:
        """The claims of an article."""
        return self._read("claims_in", scalar_row, article=article)

    def articles_of(self, claims: Sequence[str]) -> list[str]:
        """The articles on which claims rest."""
        return self._read("articles_of", scalar_row, claims=claims)

    def merged_among(self, claims: Sequence[str], entities: Collection[str]) -> list[str]:
        """Of the entities that claims name, those ever merged, and where to."""
        return self._read("merged_among", scalar_row, claims=claims, entities=list(entities))

    def entities_from(self, first: str, most: int, limit: int) -> list[tuple[str, int]]:
        """Entities from one on, in the order of their ids, and how many claims name each, counted up to `most`."""
        return self._read("entities_from", tuple_row, first=first, most=most, limit=limit)

    def names_of(self, entities: Collection[str]) -> dict[str, NewestName]:
        """The newest names of entities."""
        streams = [entity_stream(entity) for entity in entities]
        rows: list[tuple[str, str | None, bool]] = self._read(
            "names_of", tuple_row, entities=list(entities), streams=streams
        )
        return {row[0]: NewestName(*row[1:]) for row in rows}

    def look_alikes(self, entity: str) -> list[str]:
        """Other entities whose names look the same."""
        return self._read("look_alikes", scalar_row, entity=entity)

    def search(self, folded: str | None, scheme: str | None, value: str | None, after: str, limit: int) -> list[str]:
        """Entities by name or identifier, in the order of their ids."""
        return self._read("search", scalar_row, folded=folded, scheme=scheme, value=value, after=after, limit=limit)

    def _reached(self, query: str, asked: Mapping[str, str]) -> Reached:
        found = self._database.read(_reached_by(query, self._schemas), asked, tuple_row)
        position, is_built, tables, last, erasures, epoch, *since = found[0]
        if not is_built:
            raise NotBuilt(f"It is at position {position}.")
        mark = Mark(tables, last, erasures, epoch)
        return Reached(position, mark, Since(asked["entity"], epoch, *since) if since else None)

    def _read(self, name: str, row: RowFactory[Row], **params: object) -> list[Row]:
        if not self._is_built:
            self._demand_built(self.state())
        return self._database.read(_QUERIES[name], params, row)

    def _demand_built(self, state: TableState) -> None:
        if not state.is_built:
            raise NotBuilt(f"It is at position {state.position}.")
        self._is_built = True


@cache
def _reached_by(query: str, schemas: tuple[str, ...]) -> str:
    names = [Identifier(f"checkpoint_{number}") for number in range(len(schemas))]
    tables = zip(map(Identifier, schemas), names, strict=True)
    return (
        SQL(_QUERIES[query])
        .format(
            positions=SQL(", ").join(SQL("{}.position").format(name) for name in names),
            built=SQL(" AND ").join(SQL("{}.built_at IS NOT NULL").format(name) for name in names),
            checkpoints=SQL(" CROSS JOIN ").join(SQL("{}.checkpoint AS {}").format(*table) for table in tables),
        )
        .as_string()
    )
