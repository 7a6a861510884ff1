"""Where to find what an answer needs: questions to the read tables."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import NamedTuple, TypeVar

from psycopg.rows import RowFactory, args_row, scalar_row, tuple_row
from psycopg.sql import SQL

from events.identity import entity_stream
from service.db import Database
from service.errors import NotBuilt
from service.projections.status import ProjectionStatus, TableState, read_state, read_status, states_of
from service.sql import load_queries

Row = TypeVar("Row")
_QUERIES = load_queries("read")


class NewestName(NamedTuple):
    """The newest name of an entity (None once it was erased). It is that of every day unless the entity has changed."""

    name: str | None
    has_changed: bool
    is_erasable: bool


class Mark(NamedTuple):
    """Which tables the index has, and where in the log something was last recorded about an entity."""

    tables: int
    position: int


class Reached(NamedTuple):
    """The last log position that all tables have taken in, and the mark of the index (None: there is none)."""

    position: int
    mark: Mark | None


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

    def __init__(self, database: Database) -> None:
        self._database = database
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

    def reached(self) -> Reached:
        """How far the tables are."""
        found = self._database.read(_reached_by(self._schemas), {}, tuple_row)
        position, is_built, tables, last = found[0]
        if not is_built:
            raise NotBuilt(f"It is at position {position}.")
        return Reached(position, Mark(tables, last))

    def merge_class(self, entity: str) -> list[str]:
        """The entity with all that were ever merged with it."""
        return self._read("merge_class", scalar_row, entity=entity)

    def merge_classes(self, entities: Collection[str]) -> list[str]:
        """The entities with all that were ever merged with one of them."""
        return self._read("merge_classes", scalar_row, entities=list(entities))

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
        rows: list[tuple[str, str | None, bool, bool]] = self._read(
            "names_of", tuple_row, entities=list(entities), streams=streams
        )
        return {row[0]: NewestName(*row[1:]) for row in rows}

    def look_alikes(self, entity: str) -> list[str]:
        """Other entities whose names look the same."""
        return self._read("look_alikes", scalar_row, entity=entity)

    def search(self, folded: str | None, scheme: str | None, value: str | None, after: str, limit: int) -> list[str]:
        """Entities by name or identifier, in the order of their ids."""
        return self._read("search", scalar_row, folded=folded, scheme=scheme, value=value, after=after, limit=limit)

    def _read(self, name: str, row: RowFactory[Row], **params: object) -> list[Row]:
        if not self._is_built:
            self._demand_built(self.state())
        return self._database.read(_QUERIES[name], params, row)

    def _demand_built(self, state: TableState) -> None:
        if not state.is_built:
            raise NotBuilt(f"It is at position {state.position}.")
        self._is_built = True


@cache
def _reached_by(schemas: tuple[str, ...]) -> str:
    return SQL(_QUERIES["reached"]).format(states=states_of(schemas)).as_string()
