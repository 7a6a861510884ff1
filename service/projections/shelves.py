"""The log and the tables as a ledger's library: what is needed of them is found by the tables and read from the log."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from events.fold import Knowledge
from events.identity import article_stream, claim_stream, entity_stream, split_stream
from events.matters import Matter
from events.mentions import entities_in
from events.records import ArticleRecord, ClaimRecord, EntityRecord
from service.db import Connection
from service.projections.projection import History
from service.sql import load_queries
from service.store.rows import folded

_QUERIES, _READ = load_queries("states"), load_queries("read")


class Shelves:
    """See `events.library.Library`; what stands there is what was recorded up to `position`.

    Streams that are held back count up to where they are.
    """

    def __init__(self, connection: Connection, history: History, position: int) -> None:
        self.position = position
        self._connection = connection
        self._history = history
        self._held: dict[str, int] = dict(connection.execute(_QUERIES["held_back"]).fetchall())

    def records(self, claims: Collection[str]) -> Knowledge:
        """These claims with all that bear on them, their articles, and the merges of whom they name."""
        asked = {"claims": list(claims), "limit": None}
        bound = [name for (name,) in self._connection.execute(_READ["claims_about"], asked)]
        found = self._fold(map(claim_stream, bound)).claims
        contents = [content for record in found.values() for content in (record.original, record.current.content)]
        articles = {content.article for content in contents}
        around = self.surroundings(articles, {entity for content in contents for entity in entities_in(content)})
        return Knowledge(around.entities, around.articles, found)

    def surroundings(self, articles: Collection[str], entities: Collection[str]) -> Knowledge:
        """These articles, and the merges of these entities and of those that they went into."""
        merged = self._names("merges_among", entities=list(entities)) if entities else []
        return self._fold([*map(article_stream, articles), *map(entity_stream, merged)])

    def claims_on(self, matters: Collection[Matter]) -> Collection[str]:
        """The claims that ever bore on matters."""
        return self._names("claims_on", matters=[UUID(matter.id) for matter in matters])

    def claims_in(self, articles: Collection[str]) -> Collection[str]:
        """The claims that rest on articles."""
        return self._names("claims_in", articles=list(articles))

    def claims_naming(self, entities: Collection[str]) -> Collection[str]:
        """The claims that name one of the entities, or what was ever merged into one, however indirectly."""
        return self._names("claims_naming", entities=list(entities))

    def _names(self, query: str, **params: object) -> list[str]:
        return [name for (name,) in self._connection.execute(_QUERIES[query], params)]

    def _fold(self, streams: Collection[str] | map[str]) -> Knowledge:
        knowledge = Knowledge()
        for stream, rows in self._history.streams(list(streams), self.position).items():
            until = self._held.get(stream, self.position + 1)
            record = folded(row for row in rows if row.position < until)
            _, name = split_stream(stream)
            match record:
                case EntityRecord():
                    knowledge.entities[name] = record
                case ArticleRecord():
                    knowledge.articles[name] = record
                case ClaimRecord():
                    knowledge.claims[name] = record
        return knowledge
