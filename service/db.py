"""Connections to PostgreSQL."""

from __future__ import annotations

import logging
import select
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import ceil, inf
from time import monotonic
from traceback import clear_frames
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar, cast

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import RowFactory, TupleRow
from psycopg_pool import ConnectionPool

from service import budget, errors, tracing
from service.arrays import register
from service.budget import Budget
from service.failures import LinkLost, translated
from service.metrics import PoolUse
from service.settings import DatabaseSettings

OWNER_ROLE = "frenemies_owner"
API_ROLE = "frenemies_api"
PROJECTOR_ROLE = "frenemies_projector"
KEEPER_ROLE = "frenemies_keeper"
SENDER_ROLE = "frenemies_sender"
FOLLOWER_ROLE = "frenemies_follower"
ERASER_ROLE = "frenemies_eraser"
TAKEN_ROLES = (API_ROLE, PROJECTOR_ROLE, KEEPER_ROLE, SENDER_ROLE, FOLLOWER_ROLE, ERASER_ROLE)
"""Those that the service takes, each for its work; the owner is for whoever migrates."""

Row = TypeVar("Row")

_log = logging.getLogger(__name__)

# A server that vanished without a word is noticed within some five seconds. libpq waits at least 2 s for a connection.
_LINK = {
    "connect_timeout": "2",
    "keepalives": "1",
    "keepalives_idle": "2",
    "keepalives_interval": "1",
    "keepalives_count": "3",
    "tcp_user_timeout": "4000",
}
# A server that was asked has this long beyond the time of the statement to say that it ended it.
_GRACE = 0.5
# How long the driver waits before it looks around, in seconds.
_TICK = 0.1
# After this long the pool gives up and the next caller starts a new attempt; a longer time only means longer pauses.
_RECONNECT_TIMEOUT = 1.0


class Connection(psycopg.Connection[TupleRow]):
    """A connection that breaks when the server says nothing for `patience` seconds while an answer is due (0: never).

    Keepalives do not notice a server that was stopped, nor a proxy that was: the kernel answers for them.
    """

    patience = 0.0
    fell_silent = False
    left_session = 0
    """The process of the server behind it, once it fell silent."""
    _is_given_up = False

    @classmethod
    def connect(cls, *args: Any, **kwargs: Any) -> Self:
        """Does what the driver's does, and leaves nothing behind where it fails.

        The error of the driver holds what was begun in a circle, until garbage is collected: a link, and with it a
        session of a server that was only slow.
        """
        try:
            return super().connect(*args, **kwargs)
        except psycopg.Error as error:
            clear_frames(error.__traceback__)
            raise

    def give_up(self) -> None:
        """From any thread: what waits on this connection, or will, waits no longer than an answer that is there."""
        self._is_given_up = True

    def wait(self, gen: PQGen[RV], interval: float = _TICK, timeout: float | None = None) -> RV:
        """Does what the driver's does. Who names a time, as for notices, is content with silence."""
        if self.patience and timeout is None:
            gen = self._until_silent(gen)
        return super().wait(gen, interval, timeout)

    def _until_silent(self, gen: PQGen[RV]) -> PQGen[RV]:
        until = monotonic() + self.patience
        try:
            state = next(gen)
            while True:
                ready = yield state
                if ready:
                    until = monotonic() + self.patience
                elif self._is_given_up or monotonic() > until:
                    self.fell_silent, self.left_session = True, self.pgconn.backend_pid
                    self.pgconn.finish()
                    raise psycopg.OperationalError(f"the server has said nothing for {self.patience:g} s")
                state = gen.send(ready)
        except StopIteration as ended:
            return cast(RV, ended.value)


def user_of(url: str) -> str | None:
    """Who logs in at an address; None where it does not say. SettingsError for what is none."""
    user = _taken_apart(url).get("user")
    return None if user is None else str(user)


def demand_one_server(url: str) -> None:
    """SettingsError for what is no address of a database, or means one server now and perhaps another one later."""
    given = _taken_apart(url)
    if any("," in str(given.get(name) or "") for name in ("host", "hostaddr", "port")):
        raise errors.SettingsError("READ_DATABASE_URL has to name one server: no answer may come from several.")


def _taken_apart(url: str) -> Mapping[str, Any]:
    """The parts of an address. What is said of one that is none is without its text, which may hold a password."""
    try:
        return conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        names = "DATABASE_URL, MIGRATE_URL, READ_DATABASE_URL"
        raise errors.SettingsError(f"The address of the database ({names}) cannot be read.") from None


def connect(url: str, *, name: str = "frenemies", patience: float = 0.0) -> Connection:
    """A connection of its own in autocommit, to be closed by the caller. StoreUnavailable when there is no server.
    SettingsError for an address that is none.

    `patience`: seconds of silence after which a statement is given up; 0 is without end.
    """
    user_of(url)
    with translated():
        link = cast(dict[str, Any], _LINK)
        connection = Connection.connect(url, autocommit=True, application_name=name, **link)
    connection.patience = patience
    return connection


class Reads(Protocol):
    """What can be asked for rows."""

    def read(self, query: str, params: Mapping[str, object], row: RowFactory[Row]) -> list[Row]:
        """The rows of a query that changes nothing."""
        ...


class Session:
    """One connection, asked as a pool is: what it has written and not committed is there, too."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(self, query: str, params: Mapping[str, object], row: RowFactory[Row]) -> list[Row]:
        """The rows of a query that changes nothing."""
        with translated():
            return _rows(self._connection, query, params, row)


class Database:
    """A pool of connections in autocommit, each with the role and the time limits of the settings.

    Names without a schema mean those of `schema`, and what it lacks those of the schemas `behind` it. Open it after a
    fork, not before. All that is raised is ours.
    """

    def __init__(
        self,
        settings: DatabaseSettings,
        *,
        role: str = API_ROLE,
        name: str = "frenemies",
        schema: str = "public",
        behind: Sequence[str] = (),
        is_read_only: bool = False,
    ) -> None:
        self.settings = settings
        self.role = role
        self.name = name
        self.schema = schema
        self.behind = tuple(behind)
        self._is_read_only = is_read_only
        self.role_missing = False
        self._use = PoolUse(name)
        self._taken: set[Connection] = set()
        self._left: deque[int] = deque(maxlen=settings.pool_size)
        self._pool = ConnectionPool(
            settings.url,
            connection_class=Connection,
            kwargs={"autocommit": True, "application_name": name, **_LINK},
            min_size=1,
            max_size=settings.pool_size,
            open=False,
            configure=self._configure,
            name=name,
            timeout=settings.pool_timeout,
            reconnect_timeout=_RECONNECT_TIMEOUT,
        )

    def open(self) -> Self:
        """Starts to connect; does not wait for the server."""
        self._pool.open(wait=False)
        return self

    def close(self) -> None:
        """Closes all connections; the object cannot be used again."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def connection(self, until: float = inf) -> Iterator[Connection]:
        """A connection in autocommit for the time of the block. It is waited for until a moment (`monotonic`) at most,
        and no longer than the settings say.
        """
        with translated():
            with self._use.waiting():
                connection = self._sound_connection(until)
            self._taken.add(connection)
            try:
                with self._use.using():
                    yield connection
            finally:
                self._taken.discard(connection)
                self._pool.putconn(connection)
                if connection.fell_silent:  # and most likely those made at the same time, too
                    self._left.append(connection.left_session)
                    self._pool.drain()

    def give_up(self) -> None:
        """From any thread: the server fell silent, so nobody is to wait on the connections there are.

        It counts for those that have a limit for silence.
        """
        self._pool.drain()
        for connection in list(self._taken):
            connection.give_up()

    def left_sessions(self) -> list[int]:
        """The processes of the server behind connections that fell silent since it was asked, as many as are pooled."""
        sessions = list(self._left)
        self._left.clear()
        return sessions

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection in a transaction that is committed at the end of the block, and rolled back by an error."""
        with self.connection() as connection, connection.transaction():
            yield connection

    def read(self, query: str, params: Mapping[str, object], row: RowFactory[Row]) -> list[Row]:
        """The rows of a query that changes nothing; asked once more when the connection turns out to be broken.

        It takes no longer than the request has (see `service.budget`): OutOfTime.
        """
        try:
            return self.read_once(query, params, row)
        except LinkLost as lost:
            try:
                return self.read_once(query, params, row)
            except errors.OutOfTime:
                raise lost from None

    def write(self, query: str, params: Mapping[str, object], row: RowFactory[Row], *, until: float = inf) -> list[Row]:
        """The rows of a statement that changes something, sent once. OutcomeUnknown when the connection breaks, or says
        nothing until a moment (`monotonic`).
        """
        with self.connection(until) as connection, _patient(connection, until - monotonic()), translated(sent=True):
            return _rows(connection, query, params, row)

    def _sound_connection(self, until: float) -> Connection:
        """A connection that the server has not left; the pool's own check would pause for a second in between."""
        deadline = min(monotonic() + self.settings.pool_timeout, until)
        while True:
            connection = self._pool.getconn(max(deadline - monotonic(), 0))
            if not _is_left(connection):
                return connection
            connection.close()
            self._pool.putconn(connection)

    def read_once(self, query: str, params: Mapping[str, object], row: RowFactory[Row]) -> list[Row]:
        """As `read`, and not asked again."""
        own = budget.current()
        if own is None:
            with self.connection() as connection:
                return _rows(connection, query, params, row)
        own.left()
        try:
            with self.connection() as connection, self._in_time(connection, own):
                return _rows(connection, query, params, row)
        except errors.DeadlineExceeded as error:
            raise own.out_of_time() from error

    @contextmanager
    def _in_time(self, connection: Connection, own: Budget) -> Iterator[None]:
        """Has what is asked within the block end with the request. It costs something only for one that is late."""
        left, usual = own.left(), self.settings.statement_timeout
        if 0 < usual <= left:
            yield
            return
        with _patient(connection, left + _GRACE):
            try:
                _limit_statements(connection, left)
                yield
            finally:
                if not connection.closed:
                    _limit_statements(connection, usual)

    def _configure(self, connection: Connection) -> None:
        if self.settings.statement_timeout:
            connection.patience = self.settings.statement_timeout + _GRACE
        register(connection.adapters)
        limits = {
            "statement_timeout": self.settings.statement_timeout,
            "lock_timeout": self.settings.lock_timeout,
            "idle_in_transaction_session_timeout": self.settings.idle_in_transaction_timeout,
        }
        values = {name: f"{round(seconds * 1000)}ms" for name, seconds in limits.items()}
        path = ", ".join((self.schema, *self.behind))
        values |= {"TimeZone": "UTC", "default_transaction_isolation": "read committed", "search_path": path}
        if self._is_read_only:
            values["default_transaction_read_only"] = "on"
        connection.execute(
            "SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) AS given(name, value)",
            [list(values), list(values.values())],
        )
        self._take_role(connection)

    def _take_role(self, connection: Connection) -> None:
        try:
            connection.execute("SELECT set_config('role', %s, false)", [self.role])
        except (psycopg.errors.InvalidParameterValue, psycopg.errors.InsufficientPrivilege) as error:
            if not self.role_missing:
                _log.warning("the role %s cannot be taken (%s): only the triggers protect the log", self.role, error)
            self.role_missing = True
        else:
            self.role_missing = False


@contextmanager
def _patient(connection: Connection, seconds: float) -> Iterator[None]:
    """Has the server say something within so many seconds, if not before."""
    patience = connection.patience
    if seconds < (patience or inf):
        connection.patience = max(seconds, _TICK)
    try:
        yield
    finally:
        connection.patience = patience


def _limit_statements(connection: Connection, seconds: float) -> None:
    connection.execute("SELECT set_config('statement_timeout', %s, false)", [f"{ceil(seconds * 1000)}ms"])


def _rows(connection: Connection, query: str, params: Mapping[str, object], row: RowFactory[Row]) -> list[Row]:
    about = {"db.system.name": "postgresql", "db.query.text": query}
    with tracing.part("query", **about), connection.cursor(binary=True, row_factory=row) as cursor:
        cursor.execute(query, params, prepare=True)
        return cursor.fetchall()


def _is_left(connection: Connection) -> bool:
    """Whether the server has left an idle connection. Nothing is sent: a healthy one has nothing to say by itself."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
