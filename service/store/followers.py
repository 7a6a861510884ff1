"""Who follows the log of a database, as followers say it themselves: how far each is, and what it lacks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import scalar_row

from service.db import Database, Reads
from service.listing import Listed, read_listed
from service.sql import load_queries
from service.store.following import LATELY

MOST = 1_000
"""So many are known; whoever was heard of longest ago makes room."""
KEPT_SECONDS = 86_400.0
"""Who is not heard of for so long is forgotten."""
QUERIES = load_queries("followers")


@dataclass(frozen=True, slots=True)
class FollowerHeard:
    """A follower; `key_name` is None for a key that is not in the table of keys. `is_heard`: it speaks at present.

    `lag_seconds` is the age of the first event that it lacked when it was heard; of one that is silent, its age now.
    """

    id: UUID
    name: str
    key: str
    key_name: str | None
    position: int
    heard_at: datetime
    is_heard: bool
    lag_events: int
    lag_seconds: float


class Followers:
    """The table of followers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hear(self, name: UUID, called: str, key: str, position: int) -> None:
        """A follower says how far it is, with a key."""
        said = {"id": name, "name": called, "key": key, "position": position}
        self._database.write(QUERIES["hear"], said, scalar_row)
        self._database.write(QUERIES["forget"], {"kept": KEPT_SECONDS, "most": MOST}, scalar_row)

    def some(self, limit: int) -> Listed[FollowerHeard]:
        """Those that lack most, at most so many."""
        return some_followers(self._database, limit)


def some_followers(database: Reads, limit: int) -> Listed[FollowerHeard]:
    """See `Followers.some`."""
    asked = {"limit": limit, "lately": LATELY, "kept": KEPT_SECONDS}
    return read_listed(database, QUERIES["some"], asked, FollowerHeard)
