"""Belief changes as entries of Atom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import uuid5

from service.feeds.atom import Entry
from service.feeds.beliefs import TOPIC, BeliefFeed, Told
from service.feeds.events import TYPE_PREFIX
from service.feeds.runs import Found
from service.timeline.beliefs import BeliefChange, Spot

_BATCH = 50
"""So many are read at once: what is believed takes some reading."""


class BeliefEntries:
    """See `service.feeds.reading.Readable`; a place is a log position and a matter."""

    def __init__(self, feed: BeliefFeed, about: str | None) -> None:
        """`about`: the one thing that it is about, if it is."""
        self._feed = feed
        self.title = "What is believed" + (f" about {about}" if about else "")
        self.epoch = feed.epoch

    def end(self) -> Spot:
        """The last place that was reached."""
        return self._feed.end()

    def place(self, cursor: str) -> Spot:
        """The place of a cursor."""
        return self._feed.spot(cursor)

    def cursor(self, key: Spot) -> str:
        """The cursor of a place."""
        return self._feed.cursor(key)

    def mark(self, key: Spot) -> bytes:
        """The place as it is written."""
        return f"{key.position}/{key.matter}".encode()

    def time(self, key: Spot) -> datetime | None:
        """When the event at the log position of a place was recorded."""
        return self._feed.recorded_at(key.position)

    def back(self, until: Spot, limit: int) -> Found[Spot, Told]:
        """The last belief changes."""
        return Found(*self._feed.back(until, min(limit, _BATCH)))

    def forth(self, after: Spot, limit: int) -> Found[Spot, Told]:
        """The next belief changes."""
        page = self._feed.page(after, min(limit, _BATCH))
        return Found(page.events, None if page.is_end else page.last)

    def entries(self, events: Sequence[Told]) -> list[Entry]:
        """Each with what the matter is in its title."""
        return [self._entry(told) for told in events]

    def _entry(self, told: Told) -> Entry:
        change = told.change
        words = "First belief" if change.is_first else "Belief changed"
        return Entry(
            id=uuid5(self.epoch, self.mark(told.key).decode()),
            title=f"{words}: {_matter(change)}",
            time=change.recorded_at,
            category=TYPE_PREFIX + TOPIC,
            event=told.event,
            page=_page(change),
        )


def _matter(change: BeliefChange) -> str:
    """What the matter is, in words."""
    about = change.about or {}
    moves = about.get("moves")
    if "relation" in about:
        return _relation(about)
    if moves:
        return f"vote of {about['body']} on {_relation(moves)}"
    if "body" in about:
        return f"vote of {about['body']} on {about['motion']}"
    if "speaker" in about:
        return f"stance of {about['speaker']} on {about['about']}"
    what = about.get("name") or about.get("measure") or change.kind
    return f"{what} of {about['entity']}".replace("_", " ") if "entity" in about else change.kind.replace("_", " ")


def _relation(key: Mapping[str, Any]) -> str:
    return f"{key['subject']} {str(key['relation']).replace('_', ' ')} {key['object']}"


def _page(change: BeliefChange) -> str:
    """The page that shows what changed."""
    return f"/beliefs?matter={quote(change.matter)}"
