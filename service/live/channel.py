"""A channel: an address of the feed process, at which a source is opened for each who asks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol

from events.errors import Invalid
from service.feeds.cursor import Cursor
from service.feeds.events import SOURCE
from service.feeds.question import question, scopes_of
from service.http.query import FeedQuery
from service.intake.fields import Shape
from service.live.log_source import LogSource
from service.live.source import Place, Source

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from service.live.hub import Hub

OF_PAGES, OF_STREAMS = frozenset(("limit", "timeout")), frozenset(("include",))


_ASKING = frozenset(("since", "entity"))
"""What has to be looked up."""


class Channel(Protocol):
    """What the feed process hands out at an address."""

    address: str
    shape: type[Shape]

    def needs(self, query: Mapping[str, Any]) -> Sequence[str]:
        """What a key has to allow for a question."""

    def demand_fitting(self, query: Mapping[str, Any], is_stream: bool) -> None:
        """Invalid for a parameter that means nothing to a stream, or to a page."""

    def open(self, query: Mapping[str, Any]) -> AbstractAsyncContextManager[tuple[Source, Place]]:
        """What is asked for, and the place to begin at. The refusals are those of the API."""


class LogChannel:
    """The log."""

    address = SOURCE
    shape: type[Shape] = FeedQuery

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def needs(self, query: Mapping[str, Any]) -> Sequence[str]:
        """More for the texts."""
        return scopes_of(query)

    def demand_fitting(self, query: Mapping[str, Any], is_stream: bool) -> None:
        """Neither waits for what was, nor tells the texts in pages."""
        for name in ("until", *(OF_PAGES if is_stream else OF_STREAMS)):
            if name in query:
                raise Invalid(f"{name} means nothing where new events are waited for", name)

    @asynccontextmanager
    async def open(self, query: Mapping[str, Any]) -> AsyncIterator[tuple[Source, Place]]:
        """The events wanted; whom they concern is found out for all as long as somebody asks for it."""
        epoch, feed = self._hub.tail.epoch, self._hub.feed
        if _ASKING.isdisjoint(query):
            asked = question(query, feed, epoch)
        else:
            asked = await self._hub.in_thread(lambda: question(query, feed, epoch))
        if asked.after > self._hub.tail.front.position:  # it lags a little; or the cursor is of what was lost
            await self._hub.in_thread(lambda: Cursor(epoch, asked.after).demand_there(feed.end()))
        with self._hub.telling_whom(asked.wanted.entities is not None):
            yield LogSource(self._hub.feed, self._hub.tail, asked), asked.after
