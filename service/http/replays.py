"""All events there are, as lines: for those who copy the log or build on it from its beginning."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from socket import socket
from threading import BoundedSemaphore

import structlog
from flask import Response, request

from service.ahead import ahead
from service.errors import ServiceError
from service.feeds.events import EventWriter
from service.feeds.forms import NDJSON, lines
from service.feeds.question import Question
from service.http.budgets import written_while_found
from service.http.context import limits, surroundings, timeline
from service.http.errors import TooManyReplays
from service.timeline.feed import Feed, FeedPage

PAGE = 1_000
"""How many events are read and sent at once."""
_AHEAD = 2
"""So many pages are read ahead. With one, who reads asks for the next only once who writes lets go of the interpreter,
and the database waits for that; with two it is asked as soon as one is there.
"""
_GZIP, _WINDOW, _FAST = "gzip", 31, 1
_log = structlog.get_logger(__name__)


def replay(asked: Question) -> Response:
    """The events in order, and at the end a checkpoint. Without one the answer was cut off: go on after the last id.

    TooManyReplays where as many as a process gives at once are under way, TooManyQuestions where these and others are.
    """
    feed = timeline().feed
    return in_turn(lambda: _written(feed, feed.page(asked.after, PAGE, asked.wanted, asked.until), asked))


def in_turn(begin: Callable[[], Iterator[bytes]]) -> Response:
    """Lines that are written while they are sent; what `begin` raises is refused. TooManyReplays as above."""
    turns = surroundings().replay_turns
    if not turns.acquire(blocking=False):
        raise TooManyReplays(f"at most {limits().replays} at once; try again later")
    try:
        body = begin()
        link = request.environ.get("gunicorn.socket")
        _give_up_after(limits().silence, link)
        compressed = request.accept_encodings.best_match((_GZIP, "identity"), "identity") == _GZIP
        response = Response(_compressed(body) if compressed else body, content_type=NDJSON)
        response.vary.update(("Accept-Encoding",))
        if compressed:
            response.headers["Content-Encoding"] = _GZIP
        response.call_on_close(lambda: _end(turns, link))
        return written_while_found(response)
    except BaseException:
        turns.release()
        raise


def _end(turns: BoundedSemaphore, link: socket | None) -> None:
    _give_up_after(None, link)
    turns.release()


def _written(feed: Feed, first: FeedPage, asked: Question) -> Iterator[bytes]:
    """The parts of the answer."""
    writer = EventWriter(first.epoch)
    page = first
    try:
        for page in ahead(_pages(feed, first, asked), _AHEAD):
            yield from _told(feed, page, writer, asked)
            if page.is_end:
                yield lines([writer.checkpoint(page.last)])
    except ServiceError as error:
        _log.warning("a replay was cut off", position=page.last, error=str(error))


def _pages(feed: Feed, first: FeedPage, asked: Question) -> Iterator[FeedPage]:
    """A page and all that follow, as long as the log is the same."""
    page = first
    while page.epoch == first.epoch:
        yield page
        if page.is_end:
            return
        page = feed.page(page.last, PAGE, asked.wanted, asked.until)


def _told(feed: Feed, page: FeedPage, writer: EventWriter, asked: Question) -> Iterator[bytes]:
    if not asked.with_texts:
        yield lines(writer.events(page.records))
        return
    for records, texts in feed.with_texts(page.records):
        before = [writer.texts(records[0].position - 1, texts)] if texts else []
        yield lines([*before, *writer.events(records)])


def _compressed(parts: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(_FAST, wbits=_WINDOW)
    for part in parts:
        yield packer.compress(part)
    yield packer.flush()


def _give_up_after(seconds: float | None, link: socket | None) -> None:
    """Has the connection break where the client takes nothing for so long: it holds a thread that others wait for."""
    if link is not None:
        link.settimeout(seconds)
