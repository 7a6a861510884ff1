"""The feed, read from a cursor to its end and on: nothing missing, nothing twice, however often the link breaks."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import takewhile
from types import TracebackType
from typing import Self

from frenemies.asked import Asked
from frenemies.errors import Gap, Malformed, Unreachable
from frenemies.event import CAUGHT_UP, CHECKPOINT, EVENT, TEXTS, Line, line_of
from frenemies.link import Link
from frenemies.parsing import LineParser, Message, StreamParser
from frenemies.waiting import Trouble, Waits

PATH = "/v1/feed"
LINES, STREAM = "application/x-ndjson", "text/event-stream"
_KINDS = {"": EVENT, "message": EVENT, CHECKPOINT: CHECKPOINT, CAUGHT_UP: CAUGHT_UP, TEXTS: TEXTS}
_ENDED = "ended"
_log = logging.getLogger("frenemies")

Lists = Generator[list[Line], None, None]


class FeedLines:
    """Lines of the feed in lists, each of what has come by then. One that is empty is a sign of life.

    Nothing is missing between them and nothing comes twice, or Gap is raised. `cursor` says how far everything was
    handed out: read on from there, now or weeks later. `caught_up`: all that the log held was handed out, and nothing
    broke since. Ends with the log; never when it is followed. `close` ends it, from any thread.
    """

    def __init__(self, link: Link, asked: Asked, *, compressed: bool) -> None:
        self.caught_up = False
        self._link = link
        self._asked = asked
        self._query = asked.query()
        self._encoding = "gzip" if compressed else "identity"
        self._track = asked.track()
        self._waits = Waits()
        self._is_history = True
        self._lists = self._read()

    @property
    def cursor(self) -> str | None:
        """How far everything was handed out; None at the beginning of the log."""
        return self._track.cursor

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._link.is_closed

    def close(self) -> None:
        """Ends the iteration, also in another thread that waits for what comes next."""
        self._link.close()

    def __iter__(self) -> Iterator[list[Line]]:
        return self

    def __next__(self) -> list[Line]:
        if self.is_closed:
            raise StopIteration
        return next(self._lists)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
        self._lists.close()

    def _read(self) -> Lists:
        """History as lines, until it has come to its end; what comes then as a stream."""
        while not self.is_closed:
            before, was_history = self.cursor, self._is_history
            self._waits.begin()
            trouble = Trouble("the connection was closed")
            try:
                yield from self._history() if was_history else self._live()
            except Trouble as error:
                trouble = error
            if was_history and not self._is_history:
                if not self._asked.follow:
                    return
                continue
            self.caught_up = False
            if not self.is_closed:
                self._wait(trouble, brought_something=self.cursor != before)

    def _history(self) -> Lists:
        """All there is by now. The checkpoint with which it ends says that it is whole; without it, it was cut off.

        The last event is held back until more comes, or the end: so that it is handed out together with that.
        """
        parser = LineParser()
        held: list[Line] = []
        try:
            with self._ask(LINES, self._encoding) as blocks:
                for block in blocks:
                    held += [line for raw in parser.feed(block) if (line := line_of(raw)) is not None]
                    last = max((place for place, line in enumerate(held) if line.kind == EVENT), default=0)
                    ready, held = held[:last], held[last:]
                    yield from self._handed_out(ready)
        except Trouble:
            yield from self._handed_out(held)
            raise
        if held and held[-1].kind == CHECKPOINT:
            self._is_history = False
            if self._asked.until is None:
                held[-1] = held[-1]._replace(kind=CAUGHT_UP)
        yield from self._handed_out(held)

    def _live(self) -> Lists:
        """What is recorded, as it comes."""
        parser = StreamParser()
        with self._ask(STREAM, "identity") as blocks:
            for block in blocks:
                messages = parser.feed(block)
                told = list(takewhile(lambda one: one.name != _ENDED, messages))
                yield from self._handed_out([line for one in told if (line := _told(one)) is not None])
                if len(told) < len(messages):
                    raise Trouble("the service ended the stream")

    def _handed_out(self, lines: list[Line]) -> Lists:
        """The lines, and before a gap those that are in order."""
        if self.is_closed:
            return
        in_order = []
        try:
            for line in lines:
                self._track.take(line)
                in_order.append(line)
        except Gap:
            if in_order:
                yield in_order
            raise
        self.caught_up = self.caught_up or any(line.kind == CAUGHT_UP for line in lines)
        yield in_order

    @contextmanager
    def _ask(self, media: str, encoding: str) -> Iterator[Iterator[bytes]]:
        """The blocks of an answer from the cursor on."""
        cursor = self.cursor
        place = self._asked.beginning() if cursor is None else {"lastEventId": cursor}
        headers = {"Accept": media, "Accept-Encoding": encoding}
        with self._link.open(PATH, place | self._query, headers) as opened:
            if opened.media != media:
                raise Malformed(f"asked for {media}, the service sent {opened.media or 'nothing'}")
            yield opened.blocks

    def _wait(self, trouble: Trouble, *, brought_something: bool) -> None:
        seconds = self._waits.next(trouble.retry_after, brought_something=brought_something)
        if self._waits.failing + seconds > self._asked.patience:
            raise Unreachable(str(trouble), trouble.retry_after) from trouble
        _log.warning("the feed broke off (%s); again in %.1f s", trouble, seconds)
        self._link.pause(seconds)


def _told(message: Message) -> Line | None:
    """The line of a message of the stream; None for one that this client does not know."""
    kind = _KINDS.get(message.name)
    line = line_of(message.data) if kind is not None else None
    return None if line is None or kind is None else line._replace(kind=kind)
