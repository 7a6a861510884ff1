"""Messages of a stream as they come, no more at a time than were asked for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress

from nats.aio.client import Client
from nats.aio.msg import Msg

from service.jetstream.answers import as_ours
from service.jetstream.errors import JetStreamUnavailable
from service.jetstream.messages import Stored

NANO = 1_000_000_000
LEFT_ALONE = 30.0
"""Seconds after which the server forgets a reader that asks for nothing."""
_HEARTBEAT, _MISSED = 1.0, 4.0
_BATCH = 500
_ASKED = json.dumps(
    {"batch": _BATCH, "expires": int(LEFT_ALONE / 2 * NANO), "idle_heartbeat": int(_HEARTBEAT * NANO)}
).encode()
_ENDED, _ALIVE = ("404", "408"), "100"


class Pulling:
    """Messages that the server sends as they come, as many at most as were asked for and not taken yet."""

    def __init__(self, client: Client, subject: str, lost: Callable[[], JetStreamUnavailable]) -> None:
        self._client = client
        self._subject = subject
        self._lost = lost
        self._inbox = client.new_inbox()
        self._came: list[Stored] = []
        self._left = 0
        """How many more the server may send."""
        self._trouble: str | None = None
        self._is_over = False
        self._woken = asyncio.Event()
        self._heard_at = 0.0

    async def begin(self) -> None:
        """Asks for the first."""
        with as_ours(self._lost):
            await self._client.subscribe(self._inbox, cb=self._take)
        await self._ask_on()

    def end(self) -> None:
        """The connection is gone."""
        self._is_over = True
        self._woken.set()

    async def next(self, seconds: float) -> list[Stored]:
        """The next messages; none where none came in so many seconds. JetStreamUnavailable where none will come."""
        await self._ask_on()
        if not self._came and not self._is_over and self._trouble is None:
            self._woken.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), seconds)
        came, self._came = self._came, []
        if came:
            return came
        if self._is_over:
            raise self._lost()
        if self._trouble is not None:
            raise JetStreamUnavailable(f"It reads no further: {self._trouble}.")
        if asyncio.get_running_loop().time() > self._heard_at + _MISSED:
            raise JetStreamUnavailable(f"Nothing was heard of it for {_MISSED:.0f} seconds.")
        return []

    async def _ask_on(self) -> None:
        if self._left < _BATCH and not self._is_over:
            self._left += _BATCH
            with as_ours(self._lost):
                await self._client.publish(self._subject, _ASKED, self._inbox)
            self._heard_at = asyncio.get_running_loop().time()

    async def _take(self, message: Msg) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        status = (message.headers or {}).get("Status")
        if status is None:
            # $JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<of the consumer>.<instant>.<pending>, or with domain
            # and account before the name of the stream, and something of its own behind.
            fields = message.reply.split(".")
            fields = fields[4:] if len(fields) > 9 else fields[2:]
            self._left -= 1
            self._came.append(Stored(int(fields[3]), message.data, int(fields[6])))
            self._woken.set()
        elif status in _ENDED:
            self._left -= int((message.headers or {}).get("Nats-Pending-Messages", 0))
            self._woken.set()
        elif status != _ALIVE:
            self._trouble = (message.headers or {}).get("Description", status)
            self._woken.set()
