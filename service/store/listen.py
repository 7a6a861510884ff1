"""Being told of appends by PostgreSQL: a hint. The link may be dead without a word, so whoever waits also polls."""

from __future__ import annotations

import logging
from contextlib import suppress
from threading import Event
from time import monotonic

from service.db import Connection, connect
from service.errors import ServiceError
from service.failures import translated

CHANNEL = "frenemies_log"
_SLICE = 0.25
_PATIENCE = 2.0
_QUIET = 30.0

_log = logging.getLogger(__name__)


class AppendListener:
    """Waits for the notice that `log.append` sends (see `service.store.protocol.AppendSignal`).

    For one waiting thread. It holds a connection of its own, makes a new one when that breaks, and never raises. After
    half a minute without a notice it asks whether the server is still there.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._closed = Event()
        self._connection: Connection | None = None
        self._heard_at = 0.0

    def wait(self, timeout: float) -> bool:
        """True after an append, and after each new connection, for something may have been missed meanwhile."""
        if self._closed.is_set():
            self._drop()
            return False
        try:
            if self._connection is None:
                self._connection = self._listen()
                return True
            return self._wait_on(self._connection, timeout)
        except ServiceError as error:
            _log.warning("not listening for appends: %s", error)
            self._drop()
            self._closed.wait(timeout)
            return False

    def close(self) -> None:
        """Ends the wait of the other thread within a quarter of a second; within two when the link is dead."""
        self._closed.set()

    def __del__(self) -> None:
        self._drop()

    def _listen(self) -> Connection:
        connection = connect(self._url, name="frenemies-listen", patience=_PATIENCE)
        with translated():
            connection.execute(f"LISTEN {CHANNEL}")
        self._heard_at = monotonic()
        return connection

    def _wait_on(self, connection: Connection, timeout: float) -> bool:
        """Waits in slices, so that `close` is noticed."""
        left = timeout
        with translated():
            if monotonic() > self._heard_at + _QUIET:
                connection.execute("SELECT 1")
                self._heard_at = monotonic()
            while not self._closed.is_set():
                if any(True for _ in connection.notifies(timeout=min(_SLICE, max(left, 0)), stop_after=1)):
                    self._heard_at = monotonic()
                    return True
                left -= _SLICE
                if left <= 0:
                    return False
        self._drop()
        return False

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.close()
