"""Looks at primary and replica each second, and says how the replica stands."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Thread
from time import monotonic
from typing import Generic, NamedTuple, TypeVar

import structlog
from psycopg.rows import args_row

from service.db import Connection, connect
from service.errors import ServiceError, StoreUnavailable
from service.failures import translated
from service.replica.standing import Standing, State
from service.replica.trail import Trail
from service.sql import load_queries

Told = TypeVar("Told")
BEAT = 1.0
"""How often both are looked at, in seconds."""
_SILENCE = 1.0
_QUERIES = load_queries("replica")
_log = structlog.get_logger(__name__)


class Primary(NamedTuple):
    """What the primary says: which database it is, how much it has written, and where its log ends."""

    identity: str
    written: int
    head: int


class Replayed(NamedTuple):
    """What the replica says: likewise, with how much it has replayed; and whether it replays at all."""

    identity: str
    replayed: int
    head: int
    is_replaying: bool


class Watch:
    """Knows how a replica stands; for many threads. Nothing is known before it was looked at."""

    def __init__(
        self,
        primary_url: str,
        replica_url: str,
        longest_lag: float,
        lost: Callable[[], None] = lambda: None,
        ticks: Callable[[], float] = monotonic,
    ) -> None:
        """`longest_lag`: seconds that a replica may be behind to be asked. `lost` is called when it does not answer."""
        self._primary = _Link(primary_url, Primary, _QUERIES["primary"])
        self._replica = _Link(replica_url, Replayed, _QUERIES["replica"])
        self._longest_lag = longest_lag
        self._lost = lost
        self._ticks = ticks
        self._trail = Trail()
        self._told: Primary | None = None
        self._found: Replayed | None = None
        self._lock = Lock()
        self._stopped = Event()
        self._thread: Thread | None = None
        self._was = State.UNREACHABLE
        self._is_heard = True

    def begin(self) -> None:
        """Looks each second from now on, in a thread of its own. Call it after a fork, not before."""
        self._thread = Thread(target=self._run, name="replica-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the looking, and frees the connections."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
        self._primary.close()
        self._replica.close()

    def standing(self) -> Standing:
        """How the replica stands."""
        with self._lock:
            told, found, lag = self._told, self._found, self._trail.lag(self._ticks())
        if found is None or told is None:
            return Standing(State.UNREACHABLE)
        if not found.is_replaying:
            return Standing(State.PROMOTED)
        if found.identity != told.identity:
            return Standing(State.OTHER)
        state = State.CURRENT if lag <= self._longest_lag else State.BEHIND
        return Standing(state, found.head, max(told.head - found.head, 0), lag)

    def fail(self) -> None:
        """The replica did not answer: it is not asked before it was looked at again."""
        with self._lock:
            self._found = None

    def look(self) -> None:
        """Looks at both once."""
        at = self._ticks()
        try:
            told = self._primary.ask()
        except ServiceError as error:
            if self._is_heard:
                _log.warning("the primary does not tell how far it is", error=str(error))
            self._is_heard = False
        else:
            self._is_heard = True
            with self._lock:
                self._told = told
                self._trail.note_written(at, told.written)
        try:
            found = self._replica.ask()
        except ServiceError as error:
            self._note_lost(error)
        else:
            with self._lock:
                self._found = found
                self._trail.note_replayed(self._ticks(), found.replayed)
        self._tell()

    def _note_lost(self, error: ServiceError) -> None:
        self.fail()
        self._lost()
        if self._was is not State.UNREACHABLE:
            _log.warning("the replica does not answer", error=str(error))

    def _tell(self) -> None:
        standing = self.standing()
        before, self._was = self._was, standing.state
        if before is not standing.state:
            tell = _log.info if standing.is_used else _log.warning
            tell("the replica is now", **standing.plain(), before=str(before))

    def _run(self) -> None:
        while not self._stopped.is_set():
            self.look()
            self._stopped.wait(BEAT)


class _Link(Generic[Told]):
    """A connection for looking at a server, made anew after it broke. For one thread."""

    def __init__(self, url: str, kind: type[Told], query: str) -> None:
        self._url = url
        self._kind = kind
        self._query = query
        self._connection: Connection | None = None

    def ask(self) -> Told:
        """What the server says; a ServiceError when it does not."""
        try:
            if self._connection is None:
                self._connection = connect(self._url, name="frenemies-watch", patience=_SILENCE)
            with translated():
                found = self._connection.cursor(row_factory=args_row(self._kind)).execute(self._query).fetchone()
        except ServiceError:
            self.close()
            raise
        if found is None:
            raise StoreUnavailable("There is no log.")
        return found

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.close()
