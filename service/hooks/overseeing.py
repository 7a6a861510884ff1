"""Subscriptions as an operator sees them: those of all owners, in whose place an operator acts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import args_row, scalar_row

from service.arrays import UuidArray
from service.db import Database
from service.hooks.errors import UnknownSubscription
from service.hooks.outbox import QUERIES
from service.hooks.subscriptions import Subscription, Subscriptions
from service.listing import Listed, read_listed


@dataclass(frozen=True, slots=True)
class Overseen:
    """A subscription, `lag` events behind the log; `owner_name` is None where the owner is no key of the table."""

    id: UUID
    owner: str
    owner_name: str | None
    mode: str
    url: str | None
    description: str | None
    state: str
    reason: str | None
    position: int
    lag: int
    pending: int
    leased: int
    parked: int
    created_at: datetime


class GivenUp(NamedTuple):
    """A parked event of a subscription, after so many failed attempts, with the last of them if one was noted."""

    subscription: UUID
    position: int
    tries: int
    last: Mapping[str, Any] | None


class Overseer:
    """The use cases of an operator."""

    def __init__(self, database: Database, subscriptions: Subscriptions) -> None:
        self._database = database
        self._subscriptions = subscriptions

    def some(self, limit: int) -> Listed[Overseen]:
        """Subscriptions, at most so many: those first with most parked events, then those that are not active."""
        return read_listed(self._database, QUERIES["overseen"], {"limit": limit}, Overseen)

    def given_up(self, names: Sequence[UUID], limit: int) -> list[GivenUp]:
        """Of some subscriptions the newest parked events, at most so many of each."""
        params = {"ids": UuidArray(names), "limit": limit}
        return self._database.read(QUERIES["given_up"], params, args_row(GivenUp)) if names else []

    def replay(self, name: UUID, position: int | None = None) -> int:
        """See `Subscriptions.replay`."""
        return self._subscriptions.replay(self._owner_of(name), name, position)

    def pause(self, name: UUID) -> Subscription:
        """See `Subscriptions.pause`."""
        return self._subscriptions.pause(self._owner_of(name), name)

    def resume(self, name: UUID) -> Subscription:
        """See `Subscriptions.resume`."""
        return self._subscriptions.resume(self._owner_of(name), name)

    def _owner_of(self, name: UUID) -> str:
        found = self._database.read(QUERIES["owner"], {"id": name}, scalar_row)
        if not found:
            raise UnknownSubscription(name)
        return str(found[0])
