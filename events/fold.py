"""The whole log, folded: what was recorded about every entity, article and claim."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from events.envelope import RecordedEvent
from events.event_types import ABOUT_THE_LOG
from events.identity import split_stream
from events.records import ArticleRecord, ClaimRecord, EntityRecord, Placed, Record, fold_placed

RULES_VERSION = 2
"""Of the rules by which states follow from records. Raised when the same records come to give another state."""


@dataclass(frozen=True)
class Knowledge:
    """Records by id. May hold a part of the log: what an answer needs. Events about the log itself tell nothing."""

    entities: dict[str, EntityRecord] = field(default_factory=dict)
    articles: dict[str, ArticleRecord] = field(default_factory=dict)
    claims: dict[str, ClaimRecord] = field(default_factory=dict)


_SHELVES = {"entity": "entities", "article": "articles", "claim": "claims"}


def fold(events: Iterable[RecordedEvent]) -> Knowledge:
    """All that these events tell. Streams may be interleaved in any way; each is in order."""
    streams: dict[str, list[Placed]] = {}
    for recorded in events:
        if not isinstance(recorded.event, ABOUT_THE_LOG):
            streams.setdefault(recorded.event.originator_id, []).append(Placed(recorded.position, recorded.event))
    knowledge = Knowledge()
    for stream, placed in streams.items():
        category, name = split_stream(stream)
        records: dict[str, Record | None] = getattr(knowledge, _SHELVES[category])
        records[name] = fold_placed(placed)
    return knowledge
