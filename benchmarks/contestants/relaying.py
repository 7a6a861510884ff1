"""The relay, and a program that knows NATS only."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from threading import Event, Thread
from time import perf_counter
from typing import Any
from uuid import uuid4

import nats
from eventsourcing.persistence import StoredEvent
from nats.js import api

from benchmarks.contestants.task import perform
from benchmarks.figures import percentile
from benchmarks.load import once
from service.bootstrap import build
from service.db import connect
from service.jetstream.bootstrap import relay
from service.metrics import RELAY_POSITION
from service.settings import Settings
from service.store.postgres import PostgresStore

LOOK_SECONDS = 0.01
WARM_UP = 20
PATIENCE = 30.0
STREAM = "frenemies"


def publish(url: str, nats: str) -> dict[str, Any]:
    """The whole log, into a stream that the relay makes."""
    with connect(url) as connection:
        (events,) = connection.execute("SELECT max(position) FROM log.events").fetchone() or (0,)
    with relay(replace(Settings(), relay=nats), url) as (_, runner):
        thread, pause = Thread(target=runner.run, daemon=True), Event()

        def work() -> None:
            thread.start()
            while _relayed() < events:
                pause.wait(LOOK_SECONDS)

        said = once(events, work)
        runner.stop()
        thread.join()
        return said


def consume(url: str, nats: str, appends: int) -> dict[str, Any]:
    """Appends an event, waits until it has come, and appends the next; times are from before the append."""
    store = PostgresStore(build(Settings(), url).database)

    def append(number: int) -> object:
        state = b'{"content":{"kind":"company","name":"Company %d"},"recorder":{"key":"benchmark"}}' % number
        return store.append([StoredEvent(f"entity-{uuid4()}", 1, "EntityRegistered.v2", state)])

    times = asyncio.run(_consume(nats, append, appends + WARM_UP))[WARM_UP:]
    return {
        "rate": len(times) / sum(times),
        "count": len(times),
        "seconds": sum(times),
        "p50": percentile(times, 0.50) * 1_000,
        "p99": percentile(times, 0.99) * 1_000,
    }


async def _consume(url: str, append: Any, count: int) -> list[float]:
    client = await nats.connect(url)
    try:
        came: asyncio.Queue[int] = asyncio.Queue()
        stream = client.jetstream()
        await _until_there(stream)

        async def take(message: Any) -> None:
            came.put_nowait(message.metadata.sequence.stream)

        ordered = api.ConsumerConfig(ack_policy=api.AckPolicy.NONE)
        await stream.subscribe(f"{STREAM}.events.>", stream=STREAM, cb=take, ordered_consumer=True, config=ordered)
        times = []
        for number in range(1, count + 1):
            called = perf_counter()
            await asyncio.to_thread(append, number)
            sequence = await asyncio.wait_for(came.get(), PATIENCE)
            times.append(perf_counter() - called)
            if sequence != number:
                raise ValueError(f"message {sequence} came, not {number}")
        return times
    finally:
        await client.close()


async def _until_there(stream: Any) -> None:
    """The relay makes the stream when it starts."""
    until = perf_counter() + PATIENCE
    while perf_counter() < until:
        try:
            return await stream.stream_info(STREAM)
        except nats.js.errors.NotFoundError:
            await asyncio.sleep(LOOK_SECONDS)
    raise ValueError("the relay made no stream")


def _relayed() -> float:
    """How far the relay of this process is."""
    return max(_positions(), default=0.0)


def _positions() -> Iterator[float]:
    for family in RELAY_POSITION.collect():
        yield from (sample.value for sample in family.samples)


if __name__ == "__main__":
    perform({"publish": publish, "consume": consume})
