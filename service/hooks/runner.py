"""The loop that keeps the sender going: one leader per database, a hint to wake it, a poll in any case."""

from __future__ import annotations

from threading import Event, Thread
from time import monotonic

from service.db import Connection, Database
from service.hooks.sender import REFRESH_SECONDS, Sender
from service.leading import ABSENCE, Leader
from service.store.protocol import AppendSignal


class SenderRunner:
    """Runs a sender until stopped. Of several runners one leads; another one takes over when it is gone."""

    def __init__(self, sender: Sender, database: Database, signal: AppendSignal, absence: float = ABSENCE) -> None:
        """`absence`: seconds of silence after which the server takes the lead from it."""
        self._sender = sender
        self._signal = signal
        self._leader = Leader(database, "hooks", absence)
        self._stopped = self._leader.stopped
        self._appended = Event()
        self._listener = Thread(target=self._listen, name="webhooks-listen", daemon=True)

    def stop(self) -> None:
        """Ends `run` soon."""
        self._stopped.set()
        self._signal.close()
        self._sender.woken.set()

    def run(self) -> None:
        """Leads, or waits to lead, until stopped."""
        self._listener.start()
        self._leader.run(self._follow)

    def _follow(self, connection: Connection) -> None:
        self._sender.forget()
        asked_at = 0.0
        while not self._stopped.is_set():
            connection.execute("SELECT 1")  # the lock is gone when the connection is
            self._sender.woken.clear()
            if self._appended.is_set() or monotonic() >= asked_at + REFRESH_SECONDS:
                self._appended.clear()
                rest = self._sender.step()
                asked_at = monotonic() if rest else 0.0
            else:
                rest = self._sender.settle()
            self._sender.woken.wait(max(rest, 0.0))

    def _listen(self) -> None:
        while not self._stopped.is_set():
            if self._signal.wait(REFRESH_SECONDS):
                self._appended.set()
                self._sender.woken.set()
