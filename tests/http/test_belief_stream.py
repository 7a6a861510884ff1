"""Belief changes from the feed process: as a stream that goes on, and as pages that are waited for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import pytest

from service.live.app import App
from service.live.bootstrap import live_app
from tests.http.conftest import Service, surroundings_of
from tests.http.test_belief_feed import BATCH, CHECKPOINT, PATH, in_lines, in_pages
from tests.loops import run_in_loop

SECONDS = 20.0
STREAM = "text/event-stream"


class Client:
    """Asks the application as a server would."""

    def __init__(self, app: App) -> None:
        self._app = app

    @asynccontextmanager
    async def open(self, accept: str, headers: dict[str, str] | None = None, **query: str) -> AsyncIterator[Answer]:
        """An answer as it comes; it is cut off at the end of the block."""
        answer = Answer()
        named = {"accept": accept, **(headers or {})}
        scope = {
            "type": "http", "method": "GET", "path": PATH, "raw_path": PATH.encode(), "scheme": "http",
            "query_string": urlencode(query).encode(), "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
            "headers": [(name.encode(), value.encode()) for name, value in named.items()], "http_version": "1.1",
        }  # fmt: skip
        task = asyncio.create_task(self._app(scope, _never, answer.take))
        try:
            yield answer
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


class Answer:
    """What has come of an answer."""

    def __init__(self) -> None:
        self._parts: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._text = ""

    async def take(self, message: dict[str, Any]) -> None:
        await self._parts.put(message)

    async def part(self) -> dict[str, Any]:
        async with asyncio.timeout(SECONDS):
            return await self._parts.get()

    async def told(self) -> tuple[str, str, str]:
        """The next thing that is told: its name, its id and its data."""
        while True:
            while "\n\n" not in self._text:
                self._text += (await self.part()).get("body", b"").decode()
            block, _, self._text = self._text.partition("\n\n")
            fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
            if "data" in fields:
                return fields.get("event", ""), fields.get("id", ""), fields["data"]

    async def events_until(self, name: str) -> tuple[list[bytes], str]:
        """The events before something that has a name, and the id that it has."""
        found = []
        while True:
            kind, id, data = await self.told()
            if kind == name:
                return found, id
            if not kind:
                assert json.loads(data)["id"] == id
                found.append(data.encode())

    async def whole(self) -> Any:
        """The data of an answer of JSON."""
        body = b""
        while True:
            part = await self.part()
            body += part.get("body", b"")
            if part["type"] == "http.response.body" and not part["more_body"]:
                return json.loads(body)


async def _never() -> Any:
    await asyncio.Event().wait()


def with_client(service: Service, use: Callable[[Client], Awaitable[None]]) -> None:
    """Uses the feed process on the database of a service, from its start to its end."""

    async def run() -> None:
        settings = surroundings_of(service).settings
        assert settings.database_url is not None
        app = live_app(settings, settings.database_url)
        told: asyncio.Queue[str] = asyncio.Queue()
        wishes: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        await wishes.put({"type": "lifespan.startup"})

        async def send(message: dict[str, Any]) -> None:
            await told.put(message["type"])

        life = asyncio.create_task(app({"type": "lifespan"}, wishes.get, send))
        async with asyncio.timeout(SECONDS):
            assert await told.get() == "lifespan.startup.complete"
        try:
            await use(Client(app))
        finally:
            await wishes.put({"type": "lifespan.shutdown"})
            async with asyncio.timeout(SECONDS):
                await life

    run_in_loop(run())


@pytest.mark.parametrize("query", [{}, {"entity": "red-hat", "include": "evidence"}, {"kind": "relation"}])
def test_a_stream_tells_what_was_and_then_what_comes(own_service: Service, query: dict[str, str]) -> None:
    own_service.claim()
    before = in_lines(own_service, **query)
    assert before

    async def use(client: Client) -> None:
        async with client.open(STREAM, **query) as answer:
            events, caught_up = await answer.events_until("caught-up")
            assert events == before
            await asyncio.to_thread(own_service.claim, time={"kind": "instant", "edtf": "2011"})
            await asyncio.to_thread(own_service.catch_up)
            after = await asyncio.to_thread(in_lines, own_service, **query)
            new = after[len(before) :]
            assert new and [(await answer.told())[2].encode() for _ in new] == new
        assert await asyncio.to_thread(in_pages, own_service, start=caught_up, **query) == new
        for cursor, rest in ((json.loads(before[0])["id"], after[1:]), (caught_up, new)):
            async with client.open(STREAM, {"last-event-id": cursor}, after="0", **query) as answer:
                assert (await answer.events_until("caught-up"))[0] == rest

    with_client(own_service, use)


def test_it_has_not_caught_up_before_the_read_side_has(own_service: Service) -> None:
    own_service.claim()
    own_service.catch_up()
    own_service.claim(time={"kind": "instant", "edtf": "2010"})

    async def use(client: Client) -> None:
        async with client.open(STREAM) as answer:
            reading = asyncio.create_task(answer.events_until("caught-up"))
            await asyncio.sleep(0)
            await asyncio.to_thread(own_service.catch_up)
            events, _ = await reading
        assert events == await asyncio.to_thread(in_lines, own_service)

    with_client(own_service, use)


def test_a_page_is_waited_for(own_service: Service) -> None:
    own_service.claim()
    page = own_service.get(PATH, headers={"Accept": BATCH}, limit="200").get_json(force=True)
    end = page[-1]["id"]
    assert page[-1]["type"] == CHECKPOINT

    async def use(client: Client) -> None:
        async with client.open(BATCH, lastEventId=end, timeout="60") as answer:
            assert await answer.whole() == []
        async with client.open(BATCH, lastEventId=end, timeout="15000") as answer:
            await asyncio.to_thread(own_service.claim, time={"kind": "instant", "edtf": "2009"})
            await asyncio.to_thread(own_service.catch_up)
            told = await answer.whole()
        assert told and all(event["type"] == "io.frenemies.BeliefChanged.v1" for event in told if "data" in event)
        seen = [event for event in told if event["type"] != CHECKPOINT]
        whole = [json.loads(event) for event in await asyncio.to_thread(in_lines, own_service)]
        assert seen and whole[whole.index(seen[0]) :][: len(seen)] == seen
        assert whole.index(seen[0]) == len(page) - 1

    with_client(own_service, use)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"entity": "nobody"}, 404),
        ({"lastEventId": "x"}, 400),
        ({"until": "1"}, 422),
        ({"cursor": "x"}, 422),
        ({"limit": "1"}, 422),
        ({"matter": "x"}, 422),
        ({"after": "1", "since": "2020-01-01T00:00:00Z"}, 422),
    ],
)
def test_refuses_what_the_api_refuses(own_service: Service, query: dict[str, str], status: int) -> None:
    async def use(client: Client) -> None:
        async with client.open(STREAM, **query) as answer:
            assert (await answer.part())["status"] == status

    with_client(own_service, use)
