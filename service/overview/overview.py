"""How everything stands: read from the primary, each part by itself and within a time of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from psycopg.rows import args_row, scalar_row

from service import budget
from service.db import Database
from service.errors import BrokenOff, SchemaMissing, ServiceError, StoreUnavailable
from service.hooks.overseeing import GivenUp, Overseen, Overseer
from service.keys.issuing import Key, some_keys
from service.listing import Listed
from service.projections.parking import Parked, some_parked
from service.projections.status import ProjectionStatus, read_status
from service.projections.vitals import DatabaseVitals
from service.replica.replicated import Replicated
from service.replica.standing import Standing
from service.sql import load_queries
from service.store.followers import FollowerHeard, Followers
from service.store.following import Following, read_following
from service.tree.reading import Restore, TreeReader

PART_SECONDS = 1.0
"""How long a part may take."""
MOST = 100
"""So many subscriptions, followers and keys are shown."""
MOST_PARKED = 20
"""So many of the parked streams of a projection."""
MOST_GIVEN_UP = 5
"""So many of the parked events of a subscription."""
_QUERIES = load_queries("overview")
_VITALS = load_queries("vitals")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log ends, its identity, how many events no signed checkpoint covers, but for the one that tells of the
    last checkpoint, and that one: its size, root and instant, None where there is none.
    """

    position: int
    epoch: UUID
    uncovered: int
    size: int | None
    root: bytes | None
    signed_at: datetime | None


@dataclass(frozen=True, slots=True)
class LogSeen:
    """The log. `unsigned`: the age in seconds of the first event that is not covered; None where nothing is signed."""

    head: Head
    unsigned: float | None
    restores: Sequence[Restore]


@dataclass(frozen=True, slots=True)
class ProjectionSeen:
    """A projection, and some of the streams that it holds back."""

    status: ProjectionStatus
    parked: Sequence[Parked]


@dataclass(frozen=True, slots=True)
class HooksSeen:
    """Subscriptions, and some of the parked events of each."""

    subscriptions: Listed[Overseen]
    given_up: Sequence[GivenUp]


@dataclass(frozen=True, slots=True)
class Seen:
    """All parts. What is named in `unknown` could not be told, and is None; so is what there is not."""

    log: LogSeen | None
    database: DatabaseVitals | None
    projections: Sequence[ProjectionSeen] | None
    following: Following | None
    replica: Standing | None
    followers: Listed[FollowerHeard] | None
    subscriptions: HooksSeen | None
    keys: Listed[Key] | None
    unknown: Sequence[str]


class Overview:
    """Looks at everything for an operator. `followers` hears of those who follow, `hooks` acts for owners."""

    def __init__(
        self, database: Database, schemas: Sequence[str], hooks: Overseer, replicated: Replicated | None = None
    ) -> None:
        """`schemas` are those of the projections; `replicated` is the database, where it has a replica."""
        self.followers = Followers(database)
        self.hooks = hooks
        self._database = database
        self._schemas = tuple(schemas)
        self._replicated = replicated
        self._parts: dict[str, Callable[[], Any]] = {
            "log": self._read_log,
            "database": self._read_database,
            "projections": lambda: [self._read_projection(schema) for schema in self._schemas],
            "following": lambda: read_following(database),
            "replica": self._read_replica,
            "followers": lambda: self.followers.some(MOST),
            "subscriptions": self._read_subscriptions,
            "keys": lambda: some_keys(database, MOST),
        }

    def look(self) -> Seen:
        """How everything stands now. StoreUnavailable where the database is away: then nothing is known."""
        found: dict[str, Any] = dict.fromkeys(self._parts)
        unknown = []
        for name, read in self._parts.items():
            try:
                with budget.within(PART_SECONDS):
                    found[name] = read()
            except ServiceError as error:
                if _is_away(error):
                    raise
                _log.warning("a part of the overview is not known", part=name, error=str(error))
                unknown.append(name)
        return Seen(**found, unknown=unknown)

    def _read_log(self) -> LogSeen:
        (head,) = self._database.read(_QUERIES["log"], {}, args_row(Head))
        unsigned = self._database.read(_VITALS["unsigned"], {}, scalar_row)
        return LogSeen(head, unsigned[0] if unsigned else None, TreeReader(self._database).restores())

    def _read_database(self) -> DatabaseVitals:
        return self._database.read(_VITALS["database"], {}, args_row(DatabaseVitals))[0]

    def _read_projection(self, schema: str) -> ProjectionSeen:
        status, parked = read_status(self._database, schema), list[Parked]()
        with suppress(SchemaMissing):
            parked = some_parked(self._database, schema, MOST_PARKED)
        return ProjectionSeen(status, parked)

    def _read_replica(self) -> Standing | None:
        return None if self._replicated is None else self._replicated.standing()

    def _read_subscriptions(self) -> HooksSeen:
        found = self.hooks.some(MOST)
        given_up = self.hooks.given_up([one.id for one in found.listed if one.parked], MOST_GIVEN_UP)
        return HooksSeen(found, given_up)


def _is_away(error: ServiceError) -> bool:
    """Whether it is the database that is away, and not a single thing in it."""
    return isinstance(error, StoreUnavailable) and not isinstance(error, SchemaMissing | BrokenOff)
