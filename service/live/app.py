"""The application of the feed process (ASGI 3): streams, and pages that are waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

import structlog

from events.errors import Unknown
from service.feeds.cursor import NAME
from service.feeds.forms import BATCH, EVENT_STREAM, batch, ending
from service.http.query import DEFAULT_LIMIT
from service.keys.doorkeeper import Doorkeeper, WrongKey
from service.keys.errors import NotAuthorized
from service.keys.keyring import Keyring, NotRemembered
from service.keys.scopes import LOCAL_ID, Holder
from service.live.answers import JSON, answer, begin, refuse, refuse_method
from service.live.asking import Admission, Door, Request, request_of
from service.live.channel import Channel
from service.live.hub import Hub
from service.live.links import Link, Links, Send
from service.live.presence import Presence
from service.live.sending import Sending
from service.live.source import Place, Source
from service.live.streams import HEARTBEAT_SECONDS, Streaming, page
from service.metrics import FEED_EVENTS
from service.rates.errors import QuotaExceeded
from service.rates.rates import Rates
from service.rates.spent import Spent

PATIENCE = 10.0
"""Seconds after which a client that does not take what was sent is cut off."""
Receive = Callable[[], Awaitable[Any]]
_STREAMING = {"X-Accel-Buffering": "no", "Cache-Control": "no-cache, no-transform"}
_HEALTH = "/healthz"
_COUNT_SECONDS = 1.0
_log = structlog.get_logger(__name__)


class App:
    """Answers with a hub, which begins and ends with it."""

    def __init__(
        self,
        hub: Hub,
        channels: Iterable[Channel],
        keyring: Keyring,
        secret: str | None,
        rates: Rates,
        *,
        patience: float = PATIENCE,
        heartbeat: float = HEARTBEAT_SECONDS,
    ) -> None:
        self.links = Links(patience)
        self._hub = hub
        self._channels = {channel.address: channel for channel in channels}
        self._door = Door(Doorkeeper(keyring, rates), secret)
        self._presence = Presence(keyring)
        self._heartbeat = heartbeat

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """One connection of ASGI."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(request_of(scope), scope["client"], send)

    def end(self) -> None:
        """All streams end, and say so: whoever listens comes back."""
        self._hub.end()

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await self._hub.start()
        await self._presence.look()  # so that who comes during an outage need not wait for it
        await send({"type": "lifespan.startup.complete"})
        watching = [asyncio.create_task(work) for work in (self.links.watch(), self._presence.watch(), _count())]
        await receive()
        for one in watching:
            one.cancel()
        FEED_EVENTS.tell()
        self._hub.end()
        self._hub.close()
        self._presence.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, request: Request, client: Any, send: Send) -> None:
        headers: dict[str, str] = {}
        with Sending(send, request, (_HEALTH, *self._channels)) as sending:
            try:
                await self._serve(request, client, sending, headers)
            except Exception as error:  # noqa: BLE001
                await refuse(sending, request, error, headers)

    async def _serve(self, request: Request, client: Any, send: Sending, headers: dict[str, str]) -> None:
        if request.path == _HEALTH:
            await answer(send, b'{"status":"ok"}', JSON, headers)
        elif request.method not in ("GET", "HEAD"):
            await refuse_method(send, request)
        else:
            await self._hand_out(request, client, send, headers)

    async def _hand_out(self, request: Request, client: Any, send: Sending, headers: dict[str, str]) -> None:
        try:
            admitted = await self._admit(request)
        except (WrongKey, QuotaExceeded) as error:
            headers |= _told(error.spent)
            raise
        headers |= _told(admitted.spent)
        send.key = admitted.holder.id
        origin = request.headers.get("origin")
        if admitted.is_sent and origin:
            # Only a page that may read the API is sent here by it, with a ticket.
            headers["Access-Control-Allow-Origin"] = origin
        channel = self._channels.get(request.path)
        if channel is None:
            raise Unknown(f"it is one of {', '.join(self._channels)}")
        query = request.asked(channel.shape)
        holder = admitted.holder
        holder.demand(*channel.needs(query))
        is_stream = request.likes_best((BATCH, EVENT_STREAM)) == EVENT_STREAM
        channel.demand_fitting(query, is_stream)
        with self._hub.turn(None if holder.id == LOCAL_ID else holder.id):
            async with channel.open(query) as (source, place):
                if request.method == "HEAD":
                    await begin(send, 200, EVENT_STREAM if is_stream else BATCH, headers)
                    await self.links.to(client, send).end()
                elif is_stream:
                    await self._stream(source, place, holder, self.links.to(client, send), headers)
                else:
                    await self._page(source, place, holder, query, send, headers)

    async def _admit(self, request: Request) -> Admission:
        """Only where the database has to be asked does anybody wait for it."""
        try:
            return self._door.admit(request, may_ask=False)
        except NotRemembered:
            return await self._presence.in_thread(lambda: self._door.admit(request))

    async def _stream(
        self, source: Source, place: Place, holder: Holder, link: Link, headers: Mapping[str, str]
    ) -> None:
        self.links.use(link)
        try:
            await begin(link.send, 200, EVENT_STREAM, {**headers, **_STREAMING})
            async with self._presence.lasting(holder):
                await Streaming(source, place, link, self._hub.threads, self._heartbeat).run()
            await link.end()
        except NotAuthorized as error:
            if link.put_at_once(ending(error.detail)):
                await link.end()
            else:
                self.links.cut(link)
        except Exception:  # noqa: BLE001
            # The answer has begun, so the link is cut: the client comes back.
            _log.exception("a stream broke off", path=source.address)
        finally:
            self.links.leave(link)

    async def _page(
        self,
        source: Source,
        place: Place,
        holder: Holder,
        query: Mapping[str, Any],
        send: Send,
        headers: Mapping[str, str],
    ) -> None:
        limit = query.get("limit", DEFAULT_LIMIT)
        async with self._presence.lasting(holder):
            events, reached = await page(source, place, self._hub.threads, limit, query.get("timeout", 0) / 1_000)
        FEED_EVENTS.add(len(events))
        told = [one.event for one in events]
        if reached != (events[-1].place if events else place):
            told.append(source.checkpoint(reached).event)
        asked = {name: str(value) for name, value in query.items() if name not in ("last", "since", "after", "limit")}
        following = urlencode({NAME: source.checkpoint(reached).cursor, "limit": limit, **asked})
        await answer(send, batch(told), BATCH, {**headers, "Link": f'<{source.address}?{following}>; rel="next"'})


def _told(spent: Spent | None) -> dict[str, str]:
    return {} if spent is None else spent.headers


async def _count() -> None:
    """Tells now and then how many events were handed on: to tell of each at once would cost a stream as much as it."""
    while True:
        await asyncio.sleep(_COUNT_SECONDS)
        FEED_EVENTS.tell()
