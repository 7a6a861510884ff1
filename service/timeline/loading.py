"""What an answer needs: found by the index, read from the log up to a position, and folded."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

import structlog

from events.codec import UnreadableEvent, decode
from events.envelope import RecordedEvent
from events.errors import Unknown
from events.fold import Knowledge, fold
from events.identity import article_stream, claim_stream, entity_stream
from events.records import EVER, EntityRecord
from events.text import clean_id
from service.errors import QueryTooExpensive
from service.projections.index import Index
from service.store.protocol import EventStore, StoredRecord

_log = structlog.get_logger(__name__)


class Loader:
    """Reads parts of the log as knowledge. QueryTooExpensive when more claims are needed than one answer may cost."""

    def __init__(self, store: EventStore, index: Index, most_claims: int) -> None:
        self._store = store
        self._index = index
        self._most_claims = most_claims

    def entity(self, name: str, position: int = EVER) -> EntityRecord:
        """An entity as it was at a position; Unknown where it was not yet registered."""
        clean_id(name)
        records = self.entities([name], position)
        if not records:
            raise Unknown(f"there is no entity {name!r}" + ("" if position == EVER else f" at position {position}"))
        return records[0]

    def entities(self, names: Sequence[str], position: int) -> list[EntityRecord]:
        """Those of the entities that were registered at a position, in the order asked for."""
        found = self.fold([entity_stream(name) for name in names], position).entities
        return [found[name] for name in names if name in found]

    def between(self, first: str, second: str, position: int) -> Knowledge:
        """The claims that name both entities, under any id that they ever had, and all that bears on these."""
        same, others = self._index.merge_class(first), self._index.merge_class(second)
        return self._knowledge(self._index.claims_of(same, others, self._most_claims + 1), {*same, *others}, position)

    def about(self, claims: Collection[str], position: int) -> Knowledge:
        """Some claims and all that bears on them."""
        return self._knowledge(self._index.claims_about(claims, self._most_claims + 1), (), position)

    def fold(self, streams: Collection[str], position: int) -> Knowledge:
        """Some streams, up to a position."""
        found = self._store.read_streams(streams, until=position)
        return fold(event for rows in found.values() for event in readable(rows))

    def _knowledge(self, claims: list[str], entities: Iterable[str], position: int) -> Knowledge:
        """The records of claims, of the articles they rest on, and of the merges among their entities."""
        if len(claims) > self._most_claims:
            raise QueryTooExpensive(f"More than {self._most_claims} claims would have to be read.")
        streams = [claim_stream(claim) for claim in claims]
        streams += [article_stream(article) for article in self._index.articles_of(claims)]
        streams += [entity_stream(entity) for entity in self._index.merged_among(claims, list(entities))]
        return self.fold(streams, position)


def recorded(row: StoredRecord) -> RecordedEvent:
    """A row of the log as the event that it holds."""
    return RecordedEvent(row.position, row.recorded_at, decode(row.topic, row.state, row.stream, row.version))


def readable(rows: Iterable[StoredRecord]) -> Iterator[RecordedEvent]:
    """The events of one stream, up to the first that cannot be read, where the projection holds it back, too."""
    for row in rows:
        try:
            yield recorded(row)
        except UnreadableEvent as error:
            _log.error("stream held back", stream=row.stream, position=row.position, error=str(error))
            return


def refs_of(knowledge: Knowledge) -> dict[str, str]:
    """The first ref of each claim that has one."""
    return {claim.id: claim.refs[0][1] for claim in knowledge.claims.values() if claim.refs}
