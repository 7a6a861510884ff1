"""The log of a leader as it stands in JetStream, and from the leader itself all that is missing there."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from threading import Event, Lock
from time import monotonic
from types import TracebackType
from typing import Self
from uuid import UUID

import structlog

from frenemies import Malformed
from frenemies.event import EVENT, Line, line_of
from frenemies.feed import FeedLines
from service.feeds.events import EventWriter
from service.following.leader import Leader
from service.jetstream.errors import JetStreamUnavailable
from service.jetstream.messages import Reading, Stored
from service.metrics import FOLLOWED
from service.store.texts import REFERENCE

POLL_SECONDS = 0.5
ASK_SECONDS = 5.0
"""How often the leader is asked for its head, and how long nothing may come that it has until it is read there."""
_PAUSE = 1.0
Lists = Generator[list[Line], None, None]
OF_STREAM, OF_LEADER = FOLLOWED.labels("jetstream"), FOLLOWED.labels("leader")
_log = structlog.get_logger(__name__)


class LinesThrough:
    """Lines of the log in lists, as `frenemies.FeedLines` hands them out: nothing missing between them, nothing twice.

    Whatever the stream lacks, or has of another log, is read from the feed of the leader; so is everything while the
    stream is out of reach, each 5 seconds. What the leader does not answer is raised.
    """

    def __init__(self, leader: Leader, read: Callable[[int], Reading], epoch: UUID, after: int, head: int) -> None:
        """`read` connects, and reads what is stored after a sequence; `head` is that of the leader by now."""
        self.caught_up = False
        self._leader = leader
        self._read = read
        self._epoch = epoch
        self._position = after
        self._writer = EventWriter(epoch)
        self._closed = Event()
        self._lock = Lock()
        self._asked: FeedLines | None = None
        self._head = head
        self._asked_at = self._came_at = monotonic()
        self._lists = self._through()

    def close(self) -> None:
        """Ends the iteration soon, from any thread."""
        self._closed.set()
        with self._lock:
            if self._asked is not None:
                self._asked.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
        self._lists.close()

    def __iter__(self) -> Lists:
        return self._lists

    def _through(self) -> Lists:
        while not self._closed.is_set():
            try:
                reading = self._read(self._position)
                try:
                    yield from self._live(reading)
                finally:
                    reading.close()
            except JetStreamUnavailable as error:
                self.caught_up = False
                _log.warning("JetStream is not read", error=str(error), again_in=_PAUSE)
                yield from self._compared(is_out_of_reach=True)
                self._closed.wait(_PAUSE)

    def _live(self, reading: Reading) -> Lists:
        while not self._closed.is_set():
            came = reading.next(POLL_SECONDS)
            new = [one for one in came if one.sequence > self._position]
            if new:
                self._came_at = monotonic()
                yield from self._in_order(new, new[-1].pending)
            yield from self._compared()

    def _in_order(self, came: Sequence[Stored], pending: int) -> Lists:
        """The events that came, and from the leader those that are missing among them."""
        lines = [self._line(one) for one in came]
        missing = [place for place, one in enumerate(came) if lines[place] is None or self._is_after_gap(came, place)]
        if not missing:
            yield self._from_stream(lines, pending)
            return
        first, last = missing[0], missing[-1]
        if first:
            yield self._from_stream(lines[:first], 1)
        rest = lines[last:] if lines[last] is not None else lines[last + 1 :]
        until = came[last].sequence - (lines[last] is not None)
        yield from self._refilled(until, 1 if rest else pending)
        # Where the leader has less than the stream, what comes next is after a gap again.
        if rest and self._position == until:
            yield self._from_stream(rest, pending)

    def _is_after_gap(self, came: Sequence[Stored], place: int) -> bool:
        before = came[place - 1].sequence if place else self._position
        return came[place].sequence != before + 1

    def _line(self, stored: Stored) -> Line | None:
        """The event of a message; None where it has to be asked of the leader: one with texts, or not of this log."""
        try:
            line = line_of(stored.body)
        except Malformed:
            return None
        is_ours = line is not None and line.kind == EVENT and line.position == stored.sequence
        if line is None or not is_ours or line.cursor != self._writer.cursor(stored.sequence):
            return None
        # Texts may have to be forgotten, so only the leader has them.
        return None if REFERENCE in stored.body else line

    def _compared(self, *, is_out_of_reach: bool = False) -> Lists:
        """Each few seconds the leader is asked how far it is. What it had the last time and did not come is read there;
        what it has now, where the stream is out of reach.
        """
        now = monotonic()
        if now < self._asked_at + ASK_SECONDS:
            return
        self._asked_at = now
        before, self._head = self._head, self._leader.head()
        expected = self._head if is_out_of_reach else before
        if self._position < expected and now >= self._came_at + ASK_SECONDS:
            _log.warning("JetStream lacks events", after=self._position, head=self._head)
            yield from self._refilled(self._head, 0)
        else:
            self.caught_up = self._position >= self._head
            yield []

    def _refilled(self, until: int, pending: int) -> Lists:
        """The events up to a position, with their texts, from the feed of the leader."""
        with self._leader.lines(self._epoch, self._position, live=False, until=until) as asked:
            with self._lock:
                self._asked = asked
            if self._closed.is_set():
                return
            for lines in asked:
                if lines:
                    OF_LEADER.inc(sum(line.kind == EVENT for line in lines))
                    yield self._handed_out(lines, pending if lines[-1].position >= until else 1)
        self._came_at = monotonic()

    def _from_stream(self, lines: Sequence[Line | None], pending: int) -> list[Line]:
        whole = [line for line in lines if line is not None]
        OF_STREAM.inc(len(whole))
        return self._handed_out(whole, pending)

    def _handed_out(self, lines: list[Line], pending: int) -> list[Line]:
        self._position = max(self._position, lines[-1].position)
        self.caught_up = pending == 0 and self._position >= self._head
        return lines
