"""The feed told by a plain reading of the stored bytes, and pages walked to their end."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from service.errors import NotBuilt
from service.projections.index import Index
from service.projections.status import TableState
from service.store.protocol import StoredRecord
from service.timeline.feed import Feed, FeedPage, Wanted

MOST_STEPS = 4
"""How far it is gone from one response to the next."""
ENTITIES = ("ant", "bee", "cat", "guild", "board", "forge", "kit", "pat")


def concerned(log: Sequence[StoredRecord]) -> list[set[str]]:
    """Whom each event of a log concerns."""
    return [_named(log[:number], record.stream, MOST_STEPS) for number, record in enumerate(log, 1)]


def _named(log: Sequence[StoredRecord], stream: str, steps: int) -> set[str]:
    """Everybody that a stream has named by the end of a log; a response also those named in what it is about."""
    names: set[str] = set()
    attributes: dict[str, Any] = {}
    category, _, own = stream.partition("-")
    for number, record in enumerate(log, 1):
        if record.stream != stream:
            continue
        said = json.loads(record.state)
        content = said.get("content") or said.get("changes") or {}
        if category == "entity":
            names |= {own, *([said["into"]] if "into" in said else [])}
        elif category == "claim" and content:
            names |= _names_in(content)
            attributes = content.get("attributes", attributes)
            if "target" in attributes and steps:
                for other in {attributes["target"], attributes.get("by", own)} - {own}:
                    names |= _named(log[:number], f"claim-{other}", steps - 1)
    return names


def _names_in(content: dict[str, Any]) -> set[str]:
    by = content.get("asserted_by") or {}
    moved = (content.get("attributes") or {}).get("moves") or {}
    names = {one["entity"] for one in content.get("participants", ())}
    return (
        names | {*by.get("agent", ()), *by.get("affiliation", ())} | {moved[end] for end in moved if end != "relation"}
    )


def chosen(log: Sequence[StoredRecord], wanted: Wanted) -> list[StoredRecord]:
    """The events of a log that are wanted."""
    return [
        record
        for record, names in zip(log, concerned(log), strict=True)
        if (wanted.topics is None or record.topic in wanted.topics)
        and (wanted.entities is None or names & wanted.entities)
    ]


class PlainIndex(Index):
    """The streams in which something is recorded of entities, known up to a position; None: it was never built."""

    def __init__(self, log: Sequence[StoredRecord], known: int | None, parked: int = 0) -> None:
        self._told = list(zip(log, concerned(log), strict=True))
        self._known = known
        self._parked = parked

    def position(self) -> int:
        if self._known is None:
            raise NotBuilt("There is none.")
        return self._known

    def state(self) -> TableState:
        return TableState(self.position(), True, self._parked)

    def streams_about(self, entities: Collection[str], limit: int) -> list[str]:
        if self._parked:
            return []
        streams = {record.stream for record, names in self._told[: self._known] if names & set(entities)}
        return sorted({f"entity-{name}" for name in entities} | streams)[:limit]


def pages(feed: Feed, after: int, limit: int, wanted: Wanted, until: int | None = None) -> Iterator[FeedPage]:
    """The pages from a position to the end, each checked by itself."""
    while True:
        page = feed.page(after, limit, wanted, until)
        assert len(page.records) <= limit and page.is_full == (len(page.records) == limit)
        assert after <= page.last and all(after < record.position <= page.last for record in page.records)
        if page.is_full:
            assert page.last == page.records[-1].position
        yield page
        if page.is_end:
            return
        assert page.last > after, "it does not get on"
        after = page.last


def walked(
    feed: Feed, after: int, limit: Callable[[], int], wanted: Wanted, until: int | None = None
) -> tuple[list[StoredRecord], set[int]]:
    """Everything from a position on, and every position at which somebody may go on: events, checkpoints, the end."""
    seen: list[StoredRecord] = []
    places = {after}
    while True:
        page = next(pages(feed, after, limit(), wanted, until))
        seen += page.records
        places |= {*(record.position for record in page.records), page.last}
        after = page.last
        if page.is_end:
            return seen, places
