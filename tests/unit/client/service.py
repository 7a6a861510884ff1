"""A service of a few lines, in place of the network: it tells a log, and breaks off where a test wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx2

from frenemies import Client
from service.feeds import forms
from service.feeds.cursor import format_cursor, parse_cursor
from service.feeds.events import EventWriter
from service.store.protocol import StoredRecord

EPOCH = UUID("6f3c3a55-7a1c-4b2e-9c34-0a8de4c7f901")
BEGINNING = datetime(2026, 11, 20, 14, tzinfo=UTC)
BASE = "http://127.0.0.1:8000"
Answer = Callable[[httpx2.Request], httpx2.Response]


def cursor(position: int) -> str:
    return format_cursor(EPOCH, position)


def record(position: int) -> StoredRecord:
    """An event whose text holds what must not be taken for the end of a line, or be changed on the way."""
    state = b'{"content":{"name":"\xe2\x80\xa8 \\n \xc3\xa9 %d"}}' % position
    return StoredRecord(
        position, f"entity-e{position}", 1, "EntityRegistered.v1", state, BEGINNING + timedelta(seconds=position)
    )


def event(position: int) -> bytes:
    return EventWriter(EPOCH).event(record(position))


def checkpoint(position: int) -> bytes:
    return EventWriter(EPOCH).checkpoint(position)


def texts(position: int, *contents: str) -> bytes:
    """A line of texts, as the service writes it."""
    told = [
        {
            "reference": f"r-{content}",
            "scope": "s",
            "salt": "c2FsdA==",
            "digest": "d",
            "content": content,
        }
        for content in contents
    ]
    marked = checkpoint(position).replace(b"Checkpoint", b"Texts")
    return marked[:-1] + b',"data":{"texts":%b}}' % httpx2.Request("POST", BASE, json=told).content


def lines(*told: bytes, cut: int | None = None, size: int = 1000) -> httpx2.Response:
    """Lines as an answer, in blocks of a size; with `cut` the link breaks after so many bytes."""
    return _answer(forms.NDJSON, forms.lines(told), cut, size)


def stream(*told: bytes, cut: int | None = None, size: int = 1000) -> httpx2.Response:
    """Messages as an answer that then breaks off."""
    return _answer(forms.EVENT_STREAM, forms.beginning(1000) + b"".join(told), cut, size)


def streamed(position: int) -> bytes:
    return forms.streamed(cursor(position), event(position))


def marker(name: str, position: int) -> bytes:
    return forms.marker(name, cursor(position), checkpoint(position))


def problem(status: int, code: str, **more: object) -> httpx2.Response:
    told = {"type": f"urn:frenemies:problem:{code}", "title": "No.", "status": status, "detail": "Not so.", **more}
    headers = {"Retry-After": "7"} if status in (429, 503) else {}
    return httpx2.Response(status, json=told, headers=headers)


def _answer(media: str, body: bytes, cut: int | None, size: int) -> httpx2.Response:
    return httpx2.Response(200, content=_blocks(body, cut, size), headers={"Content-Type": media})


def _blocks(body: bytes, cut: int | None, size: int) -> Iterator[bytes]:
    end = len(body) if cut is None else cut
    for begin in range(0, end, size):
        yield body[begin : min(begin + size, end)]
    if cut is not None:
        raise httpx2.ReadError("cut")


class Service:
    """Tells a log of some events. `answers` come first; then it does what a service does."""

    def __init__(self, size: int = 5, *answers: httpx2.Response | Exception) -> None:
        self.size = size
        self.answers = list(answers)
        self.asked: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        after = self.after(request)
        following = range(after + 1, self.size + 1)
        if request.headers["Accept"] == forms.NDJSON:
            return lines(*map(event, following), checkpoint(max(self.size, after)))
        return stream(*map(streamed, following), marker("caught-up", max(self.size, after)))

    @staticmethod
    def after(request: httpx2.Request) -> int:
        """Where a question begins."""
        given = request.url.params.get("lastEventId")
        return parse_cursor(given).position if given else 0

    def client(self, url: str = BASE, key: str | None = None) -> Client:
        return Client(url, key, transport=httpx2.MockTransport(self))
