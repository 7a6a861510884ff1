"""An index without tables: it takes the whole log for what an answer needs. For logs kept in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from events.identity import split_stream
from service.db import Database
from service.errors import NotBuilt
from service.projections.index import Index, NewestName, Reached
from service.store.protocol import EventStore

_PAGE = 10_000


class WholeIndex(Index):
    """Finds every claim, article and entity of a log that does not grow any more. Knows no names and no look-alikes.

    What it does not know it asks the database for, as its parent does.
    """

    def __init__(self, store: EventStore, database: Database) -> None:
        super().__init__(database)
        self._head = store.head()
        found = dict.fromkeys(_streams(store))
        self._names: dict[str, list[str]] = {"entity": [], "article": [], "claim": [], "log": []}
        for stream in found:
            category, name = split_stream(stream)
            self._names[category].append(name)

    def position(self) -> int:
        """The end of the log."""
        return self._head

    def reached(self, entity: str | None = None) -> Reached:
        """The end of the log. Nothing is to be remembered: names are not known here."""
        return Reached(self._head, None)

    def merge_class(self, entity: str) -> list[str]:
        """The entity itself: the claims of all others are found anyway."""
        return [entity]

    def merge_classes(self, entities: Collection[str]) -> list[str]:
        """The entities themselves."""
        return list(entities)

    def claims_of(self, first: Collection[str], second: Collection[str], limit: int) -> list[str]:
        """All claims."""
        return self._names["claim"]

    def claims_about(self, claims: Collection[str], limit: int) -> list[str]:
        """All claims."""
        return self._names["claim"]

    def claims_in(self, article: str) -> list[str]:
        """All claims."""
        return self._names["claim"]

    def articles_of(self, claims: Sequence[str]) -> list[str]:
        """All articles."""
        return self._names["article"]

    def merged_among(self, claims: Sequence[str], entities: Collection[str]) -> list[str]:
        """All entities."""
        return self._names["entity"]

    def names_of(self, entities: Collection[str]) -> dict[str, NewestName]:
        """None."""
        return {}

    def look_alikes(self, entity: str) -> list[str]:
        """None."""
        return []


class NoIndex(Index):
    """An index that nobody keeps: whoever asks it looks through the log instead."""

    def position(self) -> int:
        """NotBuilt."""
        raise NotBuilt("There is none.")


def _streams(store: EventStore) -> Iterator[str]:
    after = 0
    while rows := store.read_log(after, _PAGE):
        yield from (row.stream for row in rows)
        after = rows[-1].position
