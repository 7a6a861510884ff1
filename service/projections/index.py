"""Where to find what an answer needs: questions to the read tables."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

from psycopg.rows import RowFactory, scalar_row, tuple_row

from service.db import Database
from service.projections.projector import PROJECTION
from service.sql import load_queries

Row = TypeVar("Row")
_QUERIES = load_queries("read")


class Index:
    """The read tables. They may know more than a point of the recorded clock; the reader cuts off."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def position(self) -> int:
        """The last log position that the tables have taken in."""
        return int(self._read("checkpoint", scalar_row, projection=PROJECTION)[0])

    def parked(self) -> int:
        """How many streams are held back."""
        return int(self._read("count_parked", scalar_row, projection=PROJECTION)[0])

    def merge_class(self, entity: str) -> list[str]:
        """The entity with all that were ever merged with it."""
        return self._read("merge_class", scalar_row, entity=entity)

    def claims_of(self, first: Collection[str], second: Collection[str], limit: int) -> list[str]:
        """At most `limit` claims that name one of each group, with the responses that bear on them."""
        return self._read("claims_of", scalar_row, first=list(first), second=list(second), limit=limit)

    def claims_about(self, claims: Collection[str], limit: int) -> list[str]:
        """At most `limit` claims: these, with the responses that bear on them."""
        return self._read("claims_about", scalar_row, claims=list(claims), limit=limit)

    def claims_in(self, article: str) -> list[str]:
        """The claims of an article."""
        return self._read("claims_in", scalar_row, article=article)

    def articles_of(self, claims: Sequence[str]) -> list[str]:
        """The articles on which claims rest."""
        return self._read("articles_of", scalar_row, claims=claims)

    def merged_among(self, claims: Sequence[str], entities: Collection[str]) -> list[str]:
        """Of the entities that claims name, those ever merged, and where to."""
        return self._read("merged_among", scalar_row, claims=claims, entities=list(entities))

    def names_of(self, entities: Collection[str]) -> dict[str, str | None]:
        """The names that entities go by."""
        return dict(self._read("names_of", tuple_row, entities=list(entities)))

    def look_alikes(self, entity: str) -> list[str]:
        """Other entities whose names look the same."""
        return self._read("look_alikes", scalar_row, entity=entity)

    def search(self, folded: str | None, scheme: str | None, value: str | None, after: str, limit: int) -> list[str]:
        """Entities by name or identifier, in the order of their ids."""
        return self._read("search", scalar_row, folded=folded, scheme=scheme, value=value, after=after, limit=limit)

    def _read(self, name: str, row: RowFactory[Row], **params: object) -> list[Row]:
        return self._database.read(_QUERIES[name], params, row)
