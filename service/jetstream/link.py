"""A link to NATS JetStream, for code that waits: the one place that knows the client of NATS, and its event loop.

Nothing is mended behind the back of who uses it. The client does not connect anew by itself, and a link that broke, or
told of an error, is over: who makes the next one looks first where the stream ends.
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future
from contextlib import suppress
from itertools import count
from random import sample
from threading import Thread
from typing import Any, Self, TypeVar
from uuid import UUID

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error

from service.jetstream.answers import NO_MESSAGE, Refused, as_ours, checked, told
from service.jetstream.errors import JetStreamUnavailable, OutOfStep
from service.jetstream.messages import EPOCH, End, Message, Stored
from service.jetstream.place import Place
from service.jetstream.pulling import LEFT_ALONE, NANO, Pulling

PATIENCE = 5.0
"""Seconds that the server may take for an answer."""
STORE_SECONDS = 20.0
"""Seconds that it may take to store what is under way: one that syncs each message to a disk takes a while."""
REMEMBERED_SECONDS = 10
"""How long the stream knows the ids that it has stored: longer than a message is under way. It holds them in memory."""
Result = TypeVar("Result")


class JetStream:
    """A link to one stream. JetStreamUnavailable from all that it does, also for what is wrong with the link."""

    def __init__(self, place: Place, name: str) -> None:
        """Connects to one of the servers, as a client of a name."""
        self._place = place
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="jetstream", daemon=True)
        self._thread.start()
        self._wire = _Wire(place)
        try:
            self._wait_for(self._wire.open(name))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the link, and whatever waits on it."""
        if not self._loop.is_closed():
            with suppress(Exception):
                self._start(self._wire.close()).result(PATIENCE)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    @property
    def most_bytes(self) -> int:
        """How large a message may be, with its headers."""
        return self._wire.client.max_payload

    def end(self) -> End:
        """Where the stream ends. NoStream where there is none."""
        return self._wait_for(self._wire.end())

    def create(self, replicas: int, epoch: UUID) -> None:
        """Makes the stream of a log: kept on disk, for ever, on so many servers; nobody may take anything out of it."""
        self._wait_for(self._wire.create(replicas, epoch))

    def publish(self, messages: Sequence[Message]) -> Future[None]:
        """Has messages that follow each other stored, in their order and after those before: done when they are.

        Fails with OutOfStep where the stream does not end before the first of them. Of those before what fails, some
        may be stored.
        """
        return self._start(self._wire.publish(messages))

    def read(self, after: int) -> None:
        """Has the messages after a sequence sent; to be called once."""
        self._wait_for(self._wire.read(after))

    def next(self, seconds: float) -> list[Stored]:
        """The next messages, in their order; none where none came in so many seconds."""
        return self._wait_for(self._wire.next(seconds))

    def _start(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _wait_for(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self._start(work).result()


class _Wire:
    """What happens within the event loop. All that waits for the server is given up when the connection is gone."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._turn = asyncio.Lock()
        self._numbers = count()
        self._awaited: dict[str, asyncio.Future[Msg | None]] = {}
        self._reading: Pulling | None = None
        self._said = ""
        self._is_closed = False

    async def open(self, name: str) -> None:
        trouble: Exception = JetStreamUnavailable("no server was named")
        for server in sample(self._place.servers, len(self._place.servers)):
            self.client = Client()
            try:
                return await self._connect(server, name)
            except (Error, OSError, TimeoutError) as error:
                trouble = error
                await self._end_client()
        raise JetStreamUnavailable(f"No server of NATS could be reached: {told(trouble)}.") from trouble

    async def _connect(self, server: str, name: str) -> None:
        await asyncio.wait_for(
            self.client.connect(
                server,
                name=name,
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                connect_timeout=2,
                ping_interval=2,
                max_outstanding_pings=2,
                flush_timeout=PATIENCE,
                error_cb=self._note,
                closed_cb=self._gone,
            ),
            PATIENCE,
        )
        self._answers = self.client.new_inbox()
        await self.client.subscribe(f"{self._answers}.*", cb=self._answered)

    async def close(self) -> None:
        self._is_closed = True
        await self._end_client()
        await self._gone()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _end_client(self) -> None:
        """A client that never came to connect raises whatever it comes upon."""
        with suppress(Exception):
            await self.client.close()

    async def end(self) -> End:
        told = await self._ask(f"STREAM.INFO.{self._place.stream}")
        config, last = told["config"], int(told["state"]["last_seq"])
        try:
            kept = await self._ask(f"STREAM.MSG.GET.{self._place.stream}", {"seq": last}) if last else {}
        except Refused as refused:
            if refused.code != NO_MESSAGE:
                raise
            kept = {}
        body = b64decode(kept["message"].get("data", "")) if kept else None
        return End(last, body, last < int(config.get("first_seq", 1)), config.get("metadata", {}).get(EPOCH))

    async def create(self, replicas: int, epoch: UUID) -> None:
        wanted = {
            "name": self._place.stream,
            "subjects": [self._place.subjects],
            "storage": "file",
            "retention": "limits",
            "num_replicas": replicas,
            "duplicate_window": REMEMBERED_SECONDS * NANO,
            "deny_delete": True,
            "deny_purge": True,
            "metadata": {EPOCH: str(epoch)},
        }
        await self._ask(f"STREAM.CREATE.{self._place.stream}", wanted)

    async def publish(self, messages: Sequence[Message]) -> None:
        """Only the last is answered: each names the sequence that it comes after, so all before it are stored, too.

        What is kept apart by the turn are the messages themselves; answers are waited for together.
        """
        *before, last = messages
        async with self._turn:
            answer, reply = self._await_answer()
            with as_ours(self._lost):
                for one in before:
                    await self.client.publish(one.subject, one.body, headers=one.headers)
                await self.client.publish(last.subject, last.body, reply, last.headers)
        stored = checked(await self._answer(answer, reply, STORE_SECONDS))
        if int(stored.get("seq", 0)) != last.position:
            raise OutOfStep(f"Position {last.position} was stored as {stored.get('seq')}.")

    async def read(self, after: int) -> None:
        wanted = {
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": after + 1,
            "ack_policy": "none",
            "replay_policy": "instant",
            "inactive_threshold": int(LEFT_ALONE * NANO),
            "mem_storage": True,
            "num_replicas": 1,
        }
        stream = self._place.stream
        made = await self._ask(f"CONSUMER.CREATE.{stream}", {"stream_name": stream, "config": wanted})
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{made['name']}"
        self._reading = Pulling(self.client, subject, self._lost)
        await self._reading.begin()

    async def next(self, seconds: float) -> list[Stored]:
        if self._reading is None:
            raise JetStreamUnavailable("Nothing is read yet.")
        return await self._reading.next(seconds)

    async def _ask(self, what: str, question: object = None) -> dict[str, Any]:
        """What the interface of JetStream answers. NoStream, or Refused."""
        answer, reply = self._await_answer()
        with as_ours(self._lost):
            await self.client.publish(f"$JS.API.{what}", json.dumps(question).encode() if question else b"", reply)
        return checked(await self._answer(answer, reply))

    def _await_answer(self) -> tuple[asyncio.Future[Msg | None], str]:
        """An answer to come, and where it has to be sent to.

        Not by `publish_async` of the client, for its answers never come where they tell of an error.
        """
        if self._is_closed:
            raise self._lost()
        reply = f"{self._answers}.{next(self._numbers)}"
        answer = self._awaited[reply] = asyncio.get_running_loop().create_future()
        return answer, reply

    async def _answer(self, answer: asyncio.Future[Msg | None], reply: str, seconds: float = PATIENCE) -> Msg:
        try:
            message = await asyncio.wait_for(answer, seconds)
        except TimeoutError:
            said = f" It said: {self._said}." if self._said else ""
            raise JetStreamUnavailable(f"It did not answer within {seconds:.0f} seconds.{said}") from None
        finally:
            del self._awaited[reply]
        if message is None:
            raise self._lost()
        return message

    async def _answered(self, message: Msg) -> None:
        answer = self._awaited.get(message.subject)
        if answer is not None and not answer.done():
            answer.set_result(message)

    async def _note(self, error: Exception) -> None:
        self._said = told(error)

    async def _gone(self) -> None:
        self._is_closed = True
        for answer in self._awaited.values():
            if not answer.done():
                answer.set_result(None)
        if self._reading is not None:
            self._reading.end()

    def _lost(self) -> JetStreamUnavailable:
        return JetStreamUnavailable(f"The link to NATS broke: {self._said or 'it was closed'}.")
