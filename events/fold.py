"""The whole log, folded: what was recorded about every entity, article and claim."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from events.envelope import RecordedEvent
from events.event_types import LogCheckpointed
from events.identity import split_stream
from events.records import ArticleRecord, ClaimRecord, EntityRecord, Record, evolve


@dataclass(frozen=True)
class Knowledge:
    """Records by id. May hold a part of the log: what an answer needs."""

    entities: dict[str, EntityRecord] = field(default_factory=dict)
    articles: dict[str, ArticleRecord] = field(default_factory=dict)
    claims: dict[str, ClaimRecord] = field(default_factory=dict)

    def take(self, recorded: RecordedEvent) -> None:
        """Take in one more event. Events of one stream come in order; those about the log itself tell nothing here."""
        if isinstance(recorded.event, LogCheckpointed):
            return
        category, name = split_stream(recorded.event.originator_id)
        records: dict[str, Record] = getattr(self, _SHELVES[category])
        records[name] = evolve(records.get(name), recorded.event, recorded.position)


_SHELVES = {"entity": "entities", "article": "articles", "claim": "claims"}


def fold(events: Iterable[RecordedEvent]) -> Knowledge:
    """All that these events tell. Streams may be interleaved in any way; each is in order."""
    knowledge = Knowledge()
    for recorded in events:
        knowledge.take(recorded)
    return knowledge
