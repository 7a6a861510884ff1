"""What leases read and note: which events are free, who has which, and what came of them. One clock: the database's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec
from psycopg.rows import args_row, scalar_row

from service.arrays import InstantArray, IntegerArray, TextArray
from service.db import Connection, Database
from service.hooks.errors import OtherMode, UnknownSubscription
from service.hooks.outbox import (
    ACTIVE,
    LEASED,
    MOST_ATTEMPTS_KEPT,
    PARKED,
    PULL,
    QUERIES,
    Followed,
    attempt,
    wanted,
)
from service.hooks.queue import ready
from service.hooks.schedule import ATTEMPTS
from service.hooks.sending import Answer
from service.sql import load_queries

EXPIRED = "expired"
"""The result of an attempt whose lease ran out."""
PIECE = 300
"""How many events that wait are looked at together."""
MOST_LOOKED_AT = 2_000
"""How many of them are looked at for one lease."""
LEASES = load_queries("leases")
_RAN_OUT = "the lease ran out"


class Open(NamedTuple):
    """An event that is to be delivered: it waits until `due`, or is leased until then."""

    position: int
    state: str
    concerns: frozenset[str]
    tries: int
    due: datetime
    lease: UUID | None
    leased_at: datetime | None

    @property
    def is_leased(self) -> bool:
        """Whether somebody has it, or had it when the lease ran out."""
        return self.state == LEASED


class Given(NamedTuple):
    """An event that was leased, after so many attempts that failed."""

    position: int
    tries: int


class Held(NamedTuple):
    """What became of an event, and the last lease that it was under."""

    position: int
    state: str
    lease: UUID | None
    tries: int
    leased_at: datetime | None


class Settled(NamedTuple):
    """What became of an event. `due` is when it may be leased again, if it may; without an answer it was no attempt."""

    position: int
    state: str
    due: datetime
    answer: Answer | None
    begun: datetime

    @property
    def attempts(self) -> list[dict[str, object]]:
        """The attempt that this was, if it was one."""
        return [] if self.answer is None else [attempt(self.begun, self.answer)]


class Filling(NamedTuple):
    """A subscription as far as more is to be taken for it, what time it is, and what it has."""

    followed: Followed
    now: datetime
    open: int
    parked: int


class LeaseTable:
    """The tables of leases. For many threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def demand_pulled(self, owner: str, name: UUID) -> None:
        """Unknown, or OtherMode, unless workers pull from this subscription of an owner."""
        found = self._database.read(LEASES["mode"], {"id": name, "owner": owner}, scalar_row)
        _demand_pulled(name, found[0] if found else None)

    def lease(self, owner: str, name: UUID, lease: UUID, most: int, lasting: timedelta) -> list[Given]:
        """Leases at most so many events for a time, in the order of the log: those that may go now. Unknown, OtherMode.

        It is done alone for a subscription. What others settle meanwhile only lets go of more than it sees.

        Of a lease that ran out, an attempt counts for the first event that was not settled: it may have been begun.
        """
        with self._database.transaction() as connection:
            found = connection.execute(QUERIES["lock"], {"id": name, "owner": owner}).fetchone()
            _demand_pulled(name, found[0] if found else None)
            if found is None or found[1] != ACTIVE:
                return []
            now = _now(connection)
            connection.execute(LEASES["let_go"], {"id": name, "now": now})
            held = _under_way(connection, name, now)
            chosen = ready(self._open(connection, name, now), now, held, most)
            rows = _moved(connection, name, chosen, now, LEASED, lease, now + lasting)
        return sorted(rows)

    def filling(self, name: UUID) -> Filling | None:
        """What is to be known to take more for a subscription; None where there is none any more."""
        found = self._database.read(LEASES["filling"], {"id": name}, args_row(_filling))
        return found[0] if found else None

    def is_stirring(self, name: UUID) -> bool:
        """Whether there may be something to lease by now, or the subscription is gone."""
        found = self._database.read(LEASES["is_stirring"], {"id": name}, scalar_row)
        return not found or bool(found[0])

    @contextmanager
    def held(self, owner: str, name: UUID, positions: Sequence[int], *, is_alone: bool = False) -> Iterator[Hold]:
        """Events of a subscription, kept from others for the time of the block; `is_alone`: nothing is leased in it."""
        with self._database.transaction() as connection:
            if is_alone:
                connection.execute(QUERIES["lock"], {"id": name, "owner": owner})
            params = {"id": name, "owner": owner, "positions": list(positions)}
            rows = connection.execute(LEASES["held"], params).fetchall()
            yield Hold(connection, name, {row[0]: Held(*row) for row in rows}, _now(connection))

    def _open(self, connection: Connection, name: UUID, now: datetime) -> Iterator[Open]:
        """What is to be delivered, without what is parked on the way: its last lease ran out without a word."""
        after, seen = 0, 0
        while seen < MOST_LOOKED_AT:
            params = {"id": name, "after": after, "limit": PIECE}
            rows = [_open_row(*row) for row in connection.execute(LEASES["open"], params).fetchall()]
            lost = [row for row in rows if row.is_leased and row.due <= now and row.tries + 1 >= ATTEMPTS]
            parked = {one.position for one in _moved(connection, name, lost, now, PARKED, None, now)}
            yield from (row for row in rows if row.position not in parked)
            if len(rows) < PIECE:
                return
            after, seen = rows[-1].position, seen + len(rows)


class Hold:
    """Events that nobody else changes, and what time it is. For the time of one transaction."""

    def __init__(self, connection: Connection, name: UUID, events: dict[int, Held], now: datetime) -> None:
        self.events = events
        self.now = now
        self._connection = connection
        self._name = name

    def settle(self, settled: Sequence[Settled]) -> None:
        """Notes what came of leased events."""
        self._run(
            "settle",
            most=MOST_ATTEMPTS_KEPT,
            positions=[one.position for one in settled],
            states=TextArray(one.state for one in settled),
            dues=InstantArray(one.due for one in settled),
            attempts=TextArray(_written(one.attempts) for one in settled),
        )

    def overtaken(self, positions: Sequence[int]) -> set[int]:
        """Those that no lease holds at this moment, while one holds another event that shares a concern with them."""
        params = {"id": self._name, "positions": list(positions), "now": self.now}
        return {row[0] for row in self._connection.execute(LEASES["overtaken"], params).fetchall()}

    def extend(self, positions: Sequence[int], until: datetime) -> None:
        """Has the lease of events end at another time."""
        self._run("extend", positions=list(positions), due=until)

    def _run(self, query: str, **params: object) -> None:
        self._connection.execute(LEASES[query], {"id": self._name, **params})


def _demand_pulled(name: UUID, mode: str | None) -> None:
    if mode is None:
        raise UnknownSubscription(name)
    if mode != PULL:
        raise OtherMode("its events are sent to its address, and cannot be leased")


def _now(connection: Connection) -> datetime:
    (now,) = connection.execute(LEASES["now"]).fetchone() or (None,)
    if not isinstance(now, datetime):
        raise TypeError(f"the clock of the database says {now!r}")
    return now


def _under_way(connection: Connection, name: UUID, now: datetime) -> set[str]:
    """What the events concern that are leased: also the later ones, before which a replay may have put others."""
    return {row[0] for row in connection.execute(LEASES["under_way"], {"id": name, "now": now}).fetchall()}


def _moved(
    connection: Connection,
    name: UUID,
    chosen: Sequence[Open],
    now: datetime,
    state: str,
    lease: UUID | None,
    due: datetime,
) -> list[Given]:
    """Gives events another state, those that are still as they were found; of an attempt that ended so, it is noted."""
    if not chosen:
        return []
    params = {
        "id": name,
        "now": now,
        "state": state,
        "lease": lease,
        "due": due,
        "most": MOST_ATTEMPTS_KEPT,
        "positions": [one.position for one in chosen],
        "states": TextArray(one.state for one in chosen),
        "leases": [one.lease for one in chosen],
        "tries": IntegerArray(one.tries + one.is_leased for one in chosen),
        "attempts": TextArray(_written(_expired(one, now)) for one in chosen),
    }
    return [Given(*row) for row in connection.execute(LEASES["move"], params).fetchall()]


def _expired(one: Open, now: datetime) -> list[dict[str, object]]:
    """The attempt that ended because nobody said anything; none for an event that nobody had."""
    if not one.is_leased or one.leased_at is None:
        return []
    return [attempt(one.leased_at, Answer(EXPIRED, None, _RAN_OUT, (now - one.leased_at).total_seconds()))]


def _written(told: object) -> str:
    return msgspec.json.encode(told).decode()


def _open_row(
    position: int,
    state: str,
    concerns: list[str],
    tries: int,
    due: datetime,
    lease: UUID | None,
    leased_at: datetime | None,
) -> Open:
    return Open(position, state, frozenset(concerns), tries, due, lease, leased_at)


def _filling(
    name: UUID,
    state: str,
    position: int,
    edition: int,
    topics: list[str] | None,
    entities: list[str] | None,
    now: datetime,
    open: int,
    parked: int,
) -> Filling:
    return Filling(Followed(name, state, position, edition, wanted(topics, entities)), now, open, parked)
