"""What of the log comes next for a subscription, with what keeps it in order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from events.identity import entity_stream
from service.hooks.outbox import Followed
from service.hooks.queue import Pending
from service.timeline.feed import Feed


class Coming(NamedTuple):
    """Events to be taken. All up to position `last` were looked at; `is_end`: there are no more by now."""

    events: Sequence[Pending]
    last: int
    is_end: bool


def coming(feed: Feed, one: Followed, most: int, now: datetime) -> Coming:
    """At most so many events for a subscription behind where it is."""
    page = feed.page(one.position, most, one.wanted)
    events = [
        Pending(record.position, one.edition, frozenset((record.stream, *map(entity_stream, entities))), 0, now)
        for record, entities in zip(page.records, feed.concerned(page.records), strict=True)
    ]
    return Coming(events, page.last, page.is_end)
