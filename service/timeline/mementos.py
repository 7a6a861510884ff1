"""When something about an entity was recorded: the points of the recorded clock at which its state may have changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from events.identity import article_stream, claim_stream, entity_stream
from service.store.protocol import EventStore
from service.timeline.loading import Loader


class Recording(NamedTuple):
    """A log position at which something was recorded, and when."""

    position: int
    recorded_at: datetime


def recordings(store: EventStore, load: Loader, entity: str, position: int) -> list[Recording]:
    """The recordings that bear on an entity, up to a position: of each second the last one."""
    load.entity(entity)
    knowledge = load.of(entity, position)
    streams = {entity_stream(name) for name in (entity, *knowledge.entities)}
    streams |= {claim_stream(claim) for claim in knowledge.claims}
    streams |= {article_stream(article) for article in knowledge.articles}
    found = store.read_streams(streams, until=position)
    return _last_of_seconds(Recording(row.position, row.recorded_at) for rows in found.values() for row in rows)


def _last_of_seconds(found: Iterable[Recording]) -> list[Recording]:
    """`recorded_at` grows with the position, so the last of a second by one is that by the other."""
    return list({one.recorded_at.replace(microsecond=0): one for one in sorted(found)}.values())
