"""Leading a loop that only one may run: the lead ends where the link ends, and a pulse notices early that it did."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Event, Thread

from service.db import Connection, Database, connect, translated
from service.errors import ServiceError
from service.sql import load_queries

ABSENCE = 30.0
"""Seconds after which the server ends the session of a leader that says nothing."""
# What carries nothing that takes time tells early that the server fell silent.
_PATIENCE = 4.0
_PULSE_SECONDS = 1.0
_QUERIES = load_queries("leading")


@contextmanager
def leading(database: Database, connection: Connection, absence: float = ABSENCE) -> Iterator[None]:
    """For a session that holds a leader's lock: its locks go at the end of the block.

    They also go when the server hears nothing from it for `absence` seconds: the link may have broken without a word.
    When the server falls silent meanwhile, whatever waits on a link of the database is given up, however long it may
    take; what only takes long goes on.
    """
    patience, connection.patience = connection.patience, _PATIENCE
    connection.execute("SELECT set_config('idle_session_timeout', %s, false)", [f"{round(absence * 1000)}ms"])
    pulse = _Pulse(database)
    try:
        yield
    finally:
        pulse.stop()
        connection.execute("SELECT pg_advisory_unlock_all(); RESET idle_session_timeout")
        connection.patience = patience


def end_left_sessions(database: Database, connection: Connection) -> None:
    """Has the server end the sessions behind links that were given up: they may hold the lead, and locks of tables.

    Each is tried once. One that cannot be ended so goes when its time is over.
    """
    sessions = database.left_sessions()
    if sessions:
        with connection.transaction():
            connection.execute("SET LOCAL ROLE NONE")  # a session may be ended by its login
            connection.execute(_QUERIES["end_sessions"], {"sessions": sessions})


class _Pulse:
    """Asks the server each second, on a link of its own that is made before the leader's work begins."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stopped = Event()
        self._link = self._connect()
        self._thread = Thread(target=self._run, name=f"{database.name}-pulse", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._link.give_up()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._beat()
            except ServiceError:
                if self._link.fell_silent and not self._stopped.is_set():
                    self._database.give_up()
            self._stopped.wait(_PULSE_SECONDS)

    def _beat(self) -> None:
        """Beats until it is stopped; on a new link, where the last one is gone."""
        if self._link.closed:
            self._link = self._connect()
        with closing(self._link), translated():
            while not self._stopped.wait(_PULSE_SECONDS):
                self._link.execute("SELECT 1")

    def _connect(self) -> Connection:
        return connect(self._database.settings.url, name=self._database.name, patience=_PATIENCE)
