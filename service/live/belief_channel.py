"""What is believed as a source: read from the tables of the read side, as far as that is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import structlog

from events.errors import Invalid
from service.errors import ServiceError
from service.feeds.beliefs import SOURCE, BeliefFeed
from service.http.belief_questions import beginning, belief_feed
from service.http.query import BeliefFeedQuery
from service.intake.fields import Shape
from service.keys.scopes import FEED_READ
from service.live.front import Front
from service.live.hub import Hub
from service.live.source import Place, Reading, Source, Told
from service.live.tail import Tail
from service.timeline.beliefs import BeliefChanges, Spot

OF_JSON, OF_PAGES = frozenset(("cursor", "until", "min_position")), frozenset(("limit", "timeout"))
MOST = 64
"""How many events are read at once."""
_PAUSE, _POLL_SECONDS = 0.02, 1.0
_log = structlog.get_logger(__name__)


class ReadSide:
    """How far the read side is. It is asked only while somebody follows what is believed. For one event loop."""

    def __init__(self, hub: Hub, changes: BeliefChanges) -> None:
        self._hub = hub
        self._changes = changes
        self._followers = 0
        self._task: asyncio.Task[None] | None = None
        self._front: Front | None = None
        self._tail: Tail | None = None

    @contextmanager
    def followed(self, position: int) -> Iterator[Front]:
        """How far it is, for the time of the block; it is at a position already."""
        self._followers += 1
        try:
            yield self._started(position)
        finally:
            self._followers -= 1

    def _started(self, position: int) -> Front:
        tail = self._hub.tail
        if self._front is None or self._task is None or self._task.done() or self._tail is not tail:
            loop = asyncio.get_running_loop()
            self._front, self._tail = Front(loop, position), tail
            self._task = loop.create_task(self._run(self._front, tail))
        return self._front

    async def _run(self, front: Front, tail: Tail) -> None:
        while self._followers and not tail.front.is_closed:
            try:
                front.move(max(front.position, await self._hub.in_thread(self._changes.reached)))
            except ServiceError as error:
                _log.warning("the read side cannot be followed", position=front.position, error=str(error))
                await asyncio.sleep(_POLL_SECONDS)
                continue
            if front.position < tail.front.position:
                await asyncio.sleep(_PAUSE)
            else:
                await tail.front.beyond(front.position, _POLL_SECONDS)
        if tail.front.is_closed:
            front.close()


class BeliefSource:
    """See `service.live.source.Source`; a place is a `Spot`."""

    address = SOURCE

    def __init__(self, feed: BeliefFeed, changes: BeliefChanges, front: Front, head: int) -> None:
        """`head` is the end of the log by now: before that is told of, it is not at its end."""
        self.front = front
        self._feed = feed
        self._changes = changes
        self._head = head

    def at_hand(self, place: Spot) -> Reading | None:
        """Nothing is kept in memory; but that there is nothing new is known."""
        is_at_end = place.position >= max(self.front.position, self._head) and place == self._feed.behind(place)
        return Reading([], place, True) if is_at_end else None

    def read(self, place: Spot) -> Reading:
        """What the tables have. It waits for the read side where that is behind what the log had in the beginning."""
        page = self._feed.page(place, MOST)
        if page.is_end and page.last.position < self._head:
            self._changes.until(None, self._head)
            page = self._feed.page(place, MOST)
        events = [Told(told.key, self._feed.cursor(told.key), told.event) for told in page.events]
        return Reading(events, page.last, page.is_end)

    def position(self, place: Spot) -> int:
        """The log position of a place."""
        return place.position

    def checkpoint(self, place: Spot) -> Told:
        """A checkpoint of what is believed."""
        return Told(place, self._feed.cursor(place), self._feed.checkpoint(place))


class BeliefChannel:
    """See `service.live.channel.Channel`."""

    address = SOURCE
    shape: type[Shape] = BeliefFeedQuery

    def __init__(self, hub: Hub, changes: BeliefChanges) -> None:
        self._hub = hub
        self._changes = changes
        self._read_side = ReadSide(hub, changes)

    def needs(self, query: Mapping[str, Any]) -> Sequence[str]:
        """It is a feed, whatever is asked of it."""
        return (FEED_READ,)

    def demand_fitting(self, query: Mapping[str, Any], is_stream: bool) -> None:
        """Nothing is waited for that was before."""
        for name in sorted(OF_JSON | (OF_PAGES if is_stream else frozenset())):
            if name in query:
                raise Invalid(f"{name} means nothing where new events are waited for", name)

    @asynccontextmanager
    async def open(self, query: Mapping[str, Any]) -> AsyncIterator[tuple[Source, Place]]:
        """The belief changes wanted."""
        tail = self._hub.tail

        def begun() -> tuple[BeliefFeed, Spot, int]:
            feed = belief_feed(query, self._changes, tail.epoch)
            place = beginning(query, self._changes, feed)
            return feed, place, feed.end().position

        feed, place, position = await self._hub.in_thread(begun)
        with self._read_side.followed(position) as front:
            yield BeliefSource(feed, self._changes, front, tail.front.position), place
