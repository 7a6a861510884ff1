"""The relay: publishes the log in its order, and knows from the stream itself how far that is."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import AbstractContextManager
from threading import Event
from time import monotonic
from typing import Protocol
from uuid import UUID

from service.jetstream.errors import ForeignStream, JetStreamUnavailable, NoStream, OutOfStep
from service.jetstream.messages import EPOCH, End, Message, MessageWriter
from service.jetstream.place import Place
from service.metrics import relayed
from service.timeline.feed import Feed

BATCH = 500
AHEAD = 4
"""How many parts are under way at once."""
MOST_BYTES = 4 * 1024 * 1024
"""About how much is in a part: a server drops what it has to keep waiting."""
POLL_SECONDS = 1.0
CHECK_SECONDS = 2.0
"""How often it is looked whether the stream still has what it got, while nothing comes."""
PATIENCE = 60.0
"""Seconds after which a link is given up that neither stores nor fails; it should do one of them within 20."""
UnderWay = deque[tuple[int, Future[None]]]
"""What is being stored, with the position that the stream then has."""


class Stream(Protocol):
    """A stream as the relay needs it (see `service.jetstream.link.JetStream`)."""

    @property
    def most_bytes(self) -> int:
        """How large a message may be."""
        ...

    def end(self) -> End:
        """Where it ends. NoStream where there is none."""
        ...

    def create(self, replicas: int, epoch: UUID) -> None:
        """Makes it, for a log."""
        ...

    def publish(self, messages: Sequence[Message]) -> Future[None]:
        """Has messages stored; OutOfStep where it does not end before the first of them."""
        ...


class Relay:
    """Publishes a log to a stream. For one thread; `woken` is set by others when something may have been appended."""

    def __init__(
        self, feed: Feed, place: Place, connect: Callable[[], AbstractContextManager[Stream]], replicas: int = 1
    ) -> None:
        """`replicas`: on how many servers the stream is kept, if it is made here."""
        self.woken = Event()
        self._feed = feed
        self._place = place
        self._connect = connect
        self._replicas = replicas
        self._is_stopped = False

    def stop(self) -> None:
        """Ends `run` soon."""
        self._is_stopped = True
        self.woken.set()

    def run(self, still: Callable[[], None]) -> None:
        """Publishes what there is and what comes, until stopped. `still` is called in between, and raises where this
        is not ours to do any more.

        JetStreamUnavailable where it can go on later, on a new link; ForeignStream where somebody has to look first.
        """
        with self._connect() as stream:
            epoch = self._feed.epoch()
            writer = MessageWriter(self._place, epoch, stream.most_bytes)
            position = self._begin(stream, writer, epoch)
            relayed(self._place.stream, position)
            under_way: UnderWay = deque()
            checked_at = monotonic()
            while not self._is_stopped:
                still()
                self.woken.clear()
                records = self._feed.following(epoch, position, BATCH)
                for part in parts(writer.messages(records)):
                    position = part[-1].position
                    under_way.append((position, stream.publish(part)))
                    self._settle(under_way, AHEAD)
                if not records:
                    self._settle(under_way, 0)
                    if self._feed.epoch() != epoch:
                        raise OutOfStep("The log was replaced.")
                    if monotonic() > checked_at + CHECK_SECONDS:
                        checked_at = monotonic()
                        self._demand_kept(stream, position)
                    self.woken.wait(POLL_SECONDS)

    def _settle(self, under_way: UnderWay, most: int) -> None:
        """Waits until no more than so many parts are under way."""
        while len(under_way) > most:
            position, stored = under_way.popleft()
            try:
                stored.result(PATIENCE)
            except FutureTimeout:
                raise JetStreamUnavailable(f"It stored nothing for {PATIENCE:.0f} seconds.") from None
            relayed(self._place.stream, position)

    def _demand_kept(self, stream: Stream, position: int) -> None:
        """OutOfStep where what was stored is there no more: while nothing is published, nobody else would notice."""
        there = stream.end().sequence
        if there != position:
            raise OutOfStep(f"It ended at {position}, and now at {there}.")

    def _begin(self, stream: Stream, writer: MessageWriter, epoch: UUID) -> int:
        """How far the stream is, which has to be of this log."""
        try:
            end = stream.end()
        except NoStream:
            stream.create(self._replicas, epoch)
            end = stream.end()
        _demand_named(end, epoch)
        head = self._feed.head()
        if end.sequence > head:
            raise ForeignStream(f"It ends at {end.sequence}, the log at {head}: that lost events, or is another one.")
        if end.body is not None:
            (record,) = self._feed.page(end.sequence - 1, 1).records
            if not writer.is_of(record, end.body):
                raise ForeignStream(f"At {end.sequence} it has another event than the log.")
        return end.sequence


def _demand_named(end: End, epoch: UUID) -> None:
    """ForeignStream for one of another log by its metadata, or by none where there is no message to tell, either."""
    if end.epoch is None and end.body is None and not end.is_unused:
        raise ForeignStream(
            f"Its messages up to {end.sequence} are gone, so nobody knows of which log it is: set {EPOCH} to {epoch} in"
            " its metadata if it is of this one, else delete it."
        )
    if end.epoch not in (None, str(epoch)):
        raise ForeignStream(f"It is of the log {end.epoch} ({EPOCH} in its metadata), and this is {epoch}.")


def parts(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """Messages as they are sent together."""
    part: list[Message] = []
    size = 0
    for message in messages:
        part.append(message)
        size += len(message.body)
        if size >= MOST_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part
