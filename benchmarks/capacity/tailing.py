"""Many followers' worth of traffic: clients that read the log as a follower does, and keep nothing of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from time import monotonic

from benchmarks.model import NotMeasured
from frenemies.feed import FeedLines
from service.following.ahead import ahead
from service.following.batch import batches
from service.following.follower import AHEAD, QUIET_SECONDS
from service.following.leader import Leader
from service.store.protocol import StoredRecord

PATIENCE = 60.0


@dataclass
class Tail:
    """One of them: from the end of the log on, each event once and in order, or it says what was wrong."""

    leader: Leader
    begun: Event = field(default_factory=Event)
    news: Event = field(default_factory=Event)
    position: int = 0
    events: int = 0
    error: str | None = None
    lines: FeedLines | None = None
    is_stopped: bool = False

    def run(self) -> None:
        """Follows until stopped."""
        try:
            self._follow()
        except Exception as error:  # noqa: BLE001 - whatever it is, the page tells it
            self.error = self.error or (None if self.is_stopped else repr(error))
        self.begun.set()
        self.news.set()

    def _follow(self) -> None:
        """As `service.following.follower` reads ahead, and asks for the head where it is quiet."""
        self.leader.identity()
        epoch = self.leader.epoch()
        self.position = self.leader.head()
        asked = monotonic()
        with (
            self.leader.lines(epoch, self.position, live=True) as self.lines,
            ahead(batches(self.lines, epoch), AHEAD, QUIET_SECONDS, self.lines.close) as read_ahead,
        ):
            for batch in read_ahead:
                if self.is_stopped:
                    return
                if batch is not None:
                    self.take(batch.records)
                if batch is not None and batch.is_even:
                    self.begun.set()
                if batch is None or (not batch.is_even and monotonic() - asked > QUIET_SECONDS):
                    asked = monotonic()
                    self.leader.head()

    def take(self, records: Sequence[StoredRecord]) -> None:
        """The next events. ValueError when one is missing, or comes twice."""
        for record in records:
            if record.position != self.position + 1:
                self.error = f"{record.position} came after {self.position}"
                raise ValueError(self.error)
            self.position = record.position
            self.events += 1
        self.news.set()

    def stop(self) -> None:
        """Has `run` end soon, from any thread."""
        self.is_stopped = True
        if self.lines is not None:
            self.lines.close()

    def reach(self, position: int) -> None:
        """Returns when it has an event. NotMeasured when it does not come."""
        until = monotonic() + PATIENCE
        while self.position < position:
            self.news.clear()
            if self.error or (self.position < position and not self.news.wait(until - monotonic())):
                raise NotMeasured(f"a follower stayed at {self.position}: {self.error or 'nothing came'}")


@contextmanager
def tailing(url: str, count: int) -> Iterator[list[Tail]]:
    """So many that follow a leader and have all that it has, for the time of the block."""
    tails = [Tail(Leader(url, None)) for _ in range(count)]
    threads = [Thread(target=tail.run, daemon=True) for tail in tails]
    try:
        for tail, thread in zip(tails, threads, strict=True):
            thread.start()
            if not tail.begun.wait(PATIENCE) or tail.error:
                raise NotMeasured(f"a follower could not begin: {tail.error}")
        yield tails
    finally:
        for tail in tails:
            tail.stop()
        for tail, thread in zip(tails, threads, strict=True):
            if thread.ident is not None:
                thread.join(QUIET_SECONDS * 2)
            tail.leader.close()
