"""Everybody who follows the feed of a running service: by pages, lines, a stream, or the client of this project."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from threading import Event, Thread
from typing import Any

import httpx2
import sseclient

from frenemies import Client, Events

BROKEN = (httpx2.HTTPError, httpx2.StreamError, OSError, ValueError)
"""What a client meets when what it talks to is gone."""
Answered = Callable[[httpx2.Response], None]


class Reader:
    """Follows the feed in a thread: begins again after the last id whenever something breaks, as any client would.

    `keep` makes of an event what is kept of it in `events`; `answered` is told of every answer.
    """

    socket_options: Sequence[tuple[int, int, int]] = ()

    def __init__(self, base: str, keep: Callable[[bytes], Any] = bytes, answered: Answered = lambda _: None) -> None:
        self.base = base
        self.events: list[Any] = []
        self.last: str | None = None
        self.breaks = 0
        self._keep = keep
        self._stopped = Event()
        self._http = httpx2.Client(
            base_url=base,
            follow_redirects=True,
            timeout=10.0,
            event_hooks={"response": [answered]},
            transport=httpx2.HTTPTransport(socket_options=self.socket_options),
        )
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def read(self) -> None:
        """Reads until something breaks, or the answer ends."""
        raise NotImplementedError

    def take(self, event: bytes) -> None:
        """One more event, or a checkpoint of the stream."""
        told = json.loads(event)
        self.last = told["id"]
        if "data" in told:
            self.events.append(self._keep(event))

    def asked(self, **more: str) -> dict[str, str]:
        """The query that goes on after the last event."""
        return more | ({"lastEventId": self.last} if self.last else {})

    def ask_to_end(self) -> None:
        """It reads no more once what it reads from comes to an end."""
        self._stopped.set()

    def end(self) -> None:
        """Reads no more."""
        self._stopped.set()
        self._http.close()
        self._thread.join(20.0)

    @property
    def is_ending(self) -> bool:
        return self._stopped.is_set()

    def rest(self, seconds: float) -> None:
        """A client's pause, cut short by its end."""
        self._stopped.wait(seconds)

    def _run(self) -> None:
        while not self.is_ending:
            try:
                self.read()
            except (*BROKEN, RuntimeError):
                self.breaks += 1
                self.rest(0.2)


class Pages(Reader):
    """Asks for page after page, and waits at the end."""

    def read(self) -> None:
        answer = self._http.get("/v1/feed", params=self.asked(limit="7", timeout="2000"))
        answer.raise_for_status()
        for told in json.loads(answer.content):
            self.take(answer.content[slice(*_place(answer.content, told["id"]))])


class Lines(Reader):
    """Has everything that is new sent at once, again and again."""

    def read(self) -> None:
        headers = {"Accept": "application/x-ndjson"}
        with self._http.stream("GET", "/v1/feed", params=self.asked(), headers=headers) as answer:
            answer.raise_for_status()
            for line in answer.iter_lines():
                self.take(line.encode())
        self.rest(0.2)


class Stream(Reader):
    """Keeps a stream open."""

    def read(self) -> None:
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": self.last} if self.last else {})
        with self._http.stream("GET", "/v1/feed", headers=headers, timeout=20.0) as answer:
            answer.raise_for_status()
            for message in sseclient.SSEClient(self.parts(answer)).events():
                if message.event == "message":
                    assert json.loads(message.data)["id"] == message.id
                    self.take(message.data.encode())

    def parts(self, answer: httpx2.Response) -> Iterator[bytes]:
        """What comes, as it comes."""
        return answer.iter_bytes()


class ByClient(Reader):
    """Uses the client of this project."""

    _following: Events | None = None

    def read(self) -> None:
        with Client(self.base) as client, client.events(self.last, follow=True) as self._following:
            if self.is_ending:
                return
            for event in self._following:
                self.take(event.raw)
                if self.is_ending:
                    return

    def end(self) -> None:
        """Otherwise it would try for ever to reach a service that has ended."""
        self.ask_to_end()
        if self._following is not None:
            self._following.close()
        super().end()


def _place(page: bytes, cursor: str) -> tuple[int, int]:
    """Where an event stands in a page: from its brace to that of the next one."""
    begin = page.index(b'{"specversion":"1.0","id":"%b"' % cursor.encode())
    following = page.find(b',{"specversion":', begin)
    return begin, following if following >= 0 else len(page) - 1
