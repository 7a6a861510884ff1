"""The loop that keeps the relay going: one leader per database, pauses after what went wrong, notices to wake it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from time import monotonic

import structlog

from service.db import Connection, Database
from service.jetstream.errors import ForeignStream, JetStreamUnavailable
from service.jetstream.relay import Relay
from service.leading import Leader
from service.metrics import relay_halted, relayed
from service.store.protocol import AppendSignal

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
HALTED_PAUSE = 15.0
_BEAT_SECONDS = 1.0
_log = structlog.get_logger(__name__)


class RelayRunner:
    """Runs a relay until stopped. Of several runners on a database one leads; another one goes on when it is gone."""

    def __init__(self, relay: Relay, database: Database, signal: AppendSignal, stream: str) -> None:
        self._relay = relay
        self._signal = signal
        self._stream = stream
        # For each stream one: who relays to another one as well starts a service of its own.
        self._leader = Leader(database, f"relay {stream}")
        self._stopped: Event = self._leader.stopped
        self._pause = FIRST_PAUSE
        self._listener = Thread(target=self._listen, name="relay-listen", daemon=True)

    def stop(self) -> None:
        """Ends `run` soon."""
        self._stopped.set()
        self._signal.close()
        self._relay.stop()

    def run(self) -> None:
        """Leads, or waits to lead, until stopped. What is wrong with the database or with NATS is waited out."""
        self._listener.start()
        self._leader.run(self._go_on)

    def _go_on(self, connection: Connection) -> None:
        """Relays again and again; what was halted is tried again, too, and looked at as strictly."""

        def still() -> None:
            connection.execute("SELECT 1")  # the lock is gone when the connection is

        relayed(self._stream, 0)  # nothing is known yet
        while not self._stopped.is_set():
            begun = monotonic()
            try:
                self._relay.run(still)
            except ForeignStream as error:
                relay_halted(self._stream)
                _log.error("nothing is relayed", error=str(error), next_try_in=HALTED_PAUSE)
                self._wait(HALTED_PAUSE, still)
            except JetStreamUnavailable as error:
                if monotonic() - begun > LONGEST_PAUSE:
                    self._pause = FIRST_PAUSE
                _log.warning("relaying was interrupted", error=str(error), next_try_in=self._pause)
                self._wait(self._pause, still)
                self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def _wait(self, seconds: float, still: Callable[[], None]) -> None:
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0 and not self._stopped.wait(min(left, _BEAT_SECONDS)):
            still()

    def _listen(self) -> None:
        while not self._stopped.is_set():
            if self._signal.wait(_BEAT_SECONDS):
                self._relay.woken.set()
