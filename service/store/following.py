"""Whom the log of a database follows, and how far that is: read from there, so that all processes say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import args_row

from service.db import Database
from service.sql import load_queries

LATELY = 20.0
"""A leader that says nothing is asked each 5 seconds; one that was not heard of for so many is out of reach."""
_QUERIES = load_queries("following")


@dataclass(frozen=True)
class Following:
    """How far a log is behind the one it follows.

    `lag_seconds`: how long ago it last had all that the leader had; 0 while it has it and hears of the leader.
    `verified_size`: how many events the last checkpoint covers that was found right. `error`: what went wrong last;
    `is_halted`: nothing more is taken over because of it. `keys`: those that are trusted for checkpoints.
    `was_even`: whether it ever had all; as long as it had not, the seconds are those since it began. `id`: what the
    leader knows it by.
    """

    leader: str
    position: int
    leader_position: int
    lag_seconds: float
    verified_size: int
    error: str | None
    is_halted: bool
    keys: Sequence[str]
    id: UUID
    was_even: bool = True

    @property
    def lag_events(self) -> int:
        """How many events it lacks, as far as is known."""
        return self.leader_position - self.position

    def is_later_than(self, seconds: float) -> bool:
        """Whether it is further behind than that, as it is as long as it never had all that the leader had."""
        return self.lag_seconds > seconds or not self.was_even

    @property
    def lateness(self) -> str:
        """How far it is behind, in words."""
        if not self.was_even:
            return f"It has not had all of {self.leader} yet."
        return f"It is {self.lag_seconds:.1f} s behind {self.leader}."

    def plain(self) -> dict[str, object]:
        """As data for JSON."""
        return {
            "leader": self.leader,
            "position": self.position,
            "leader_position": self.leader_position,
            "lag_events": self.lag_events,
            "lag_seconds": self.lag_seconds,
            "verified_size": self.verified_size,
            "error": self.error,
        }


def read_following(database: Database) -> Following | None:
    """Whom the log follows; None for a log of its own."""
    found = database.read(_QUERIES["following"], {"lately": LATELY}, args_row(Following))
    return found[0] if found else None
