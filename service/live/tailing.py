"""The one reader that follows the log for a whole process: a notice wakes it, and it looks each second in any case."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Callable, Sequence
from threading import Event, Thread
from uuid import UUID

import structlog

from service.errors import ServiceError
from service.feeds.events import EventWriter
from service.live.log_source import told
from service.live.tail import Kept
from service.store.protocol import AppendSignal, StoredRecord
from service.timeline.feed import Feed

POLL_SECONDS = 1.0
BATCH = 500
_log = structlog.get_logger(__name__)


class Tailing:
    """Reads what is appended after a position and hands it to an event loop, in order and without a gap.

    `put` and `end` are called there. `end` is called once, when the log turns out to be another one. Whom events
    concern is told as long as `concerns` says so.
    """

    def __init__(
        self,
        feed: Feed,
        signal: AppendSignal,
        loop: AbstractEventLoop,
        *,
        put: Callable[[Sequence[Kept]], None],
        end: Callable[[], None],
        concerns: Callable[[], bool],
    ) -> None:
        self._feed = feed
        self._signal = signal
        self._loop = loop
        self._put = put
        self._end = end
        self._concerns = concerns
        self._stopped = Event()
        self._woken = Event()
        self._thread: Thread | None = None

    def start(self, epoch: UUID, position: int) -> None:
        """Begins after a position of a log."""
        self._thread = Thread(target=self._run, args=(epoch, position), name="tailing", daemon=True)
        self._thread.start()
        Thread(target=self._listen, name="listening", daemon=True).start()

    def stop(self) -> None:
        """Ends it soon."""
        self._stopped.set()
        self._woken.set()
        self._signal.close()

    def _listen(self) -> None:
        """Apart from the reader, which polls whatever becomes of the connection for notices."""
        while not self._stopped.is_set():
            if self._signal.wait(POLL_SECONDS):
                self._woken.set()

    def _run(self, epoch: UUID, position: int) -> None:
        writer = EventWriter(epoch)
        while not self._stopped.is_set():
            try:
                records = self._feed.following(epoch, position, BATCH)
                if records:
                    kept = self._kept(writer, records)
                    self._hand(lambda kept=kept: self._put(kept))  # type: ignore[misc]
                    position = records[-1].position
                elif self._feed.epoch() != epoch:
                    self._hand(self._end)
                    self.stop()
                    return
                if len(records) < BATCH:
                    self._woken.wait(POLL_SECONDS)
                    self._woken.clear()
            except ServiceError as error:
                _log.warning("the log cannot be followed", position=position, error=str(error))
                self._stopped.wait(POLL_SECONDS)
            except Exception:  # noqa: BLE001
                # Without this thread everybody would wait for ever, and nobody would know.
                _log.exception("the log cannot be followed", position=position)
                self._stopped.wait(POLL_SECONDS)

    def _kept(self, writer: EventWriter, records: Sequence[StoredRecord]) -> list[Kept]:
        concerned: Sequence[frozenset[str] | None] = [None] * len(records)
        if self._concerns():
            concerned = self._feed.concerned(records)
        return [
            Kept(record.position, record.topic, entities, told(writer, record))
            for record, entities in zip(records, concerned, strict=True)
        ]

    def _hand(self, act: Callable[[], None]) -> None:
        if not self._stopped.is_set():
            self._loop.call_soon_threadsafe(act)
