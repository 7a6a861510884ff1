"""Leading a work that only one may do: the lead ends where the link ends, and a pulse notices early that it did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from threading import Event, Thread
from time import monotonic

import structlog

from service.db import Connection, Database, connect
from service.errors import ServiceError
from service.failures import translated
from service.sql import load_queries

ABSENCE = 30.0
"""Seconds after which the server ends the session of a leader that says nothing."""
# What carries nothing that takes time tells early that the server fell silent.
_PATIENCE = 4.0
_PULSE_SECONDS = 1.0
POLL_SECONDS = 1.0
"""How often one who does not lead asks whether the lead is free."""
LONGEST_PAUSE = 2.0
"""However long the database was away, who leads is back within five seconds of it."""
_QUERIES = load_queries("leading")
_log = structlog.get_logger(__name__)


class Leader:
    """Has a work done by one at a time in a database, whoever comes first; another one goes on when it is gone."""

    def __init__(self, database: Database, work: str, absence: float = ABSENCE, pause: float = LONGEST_PAUSE) -> None:
        """`work` is its name; after `absence` seconds of silence the server takes the lead from it; `pause` is the
        longest one after failures.
        """
        self.stopped = Event()
        self._database = database
        self._work = work
        self._absence = absence
        self._longest_pause = pause

    def run(self, do: Callable[[Connection], None]) -> None:
        """Leads, or waits to lead, until stopped. `do` gets the link that holds the lead, and asks it now and then.

        Failures of the database are waited out with growing pauses.
        """
        pause = POLL_SECONDS
        while not self.stopped.is_set():
            begun = monotonic()
            try:
                self._try(do)
            except ServiceError as error:
                if monotonic() > begun + self._longest_pause:
                    pause = POLL_SECONDS
                _log.warning("interrupted", work=self._work, error=str(error), next_try_in=pause)
                self.stopped.wait(pause)
                pause = min(pause * 2, self._longest_pause)
            else:
                pause = POLL_SECONDS
                self.stopped.wait(POLL_SECONDS)

    def _try(self, do: Callable[[Connection], None]) -> None:
        with self._database.connection() as connection:
            end_left_sessions(self._database, connection)
            # The lock goes with the connection.
            row = connection.execute(_QUERIES["lead"], {"work": self._work}).fetchone()
            if row is not None and row[0]:
                with leading(self._database, connection, self._absence):
                    do(connection)


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
