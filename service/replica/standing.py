"""How a replica stands beside the primary."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isinf

LATE = "The replica of the database is"
"""How it begins to be told that it is late."""


class State(StrEnum):
    """What is the matter with a replica.

    BEHIND: by more than it may be. PROMOTED: it replays the log of no server, so it is none. OTHER: it is one of
    another database, or holds another log.
    """

    CURRENT = "current"
    BEHIND = "behind"
    UNREACHABLE = "unreachable"
    PROMOTED = "promoted"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a replica stands: where its log ends, and how much it lacks of what the primary has.

    `lag_seconds` is infinite where it lacks what was written before it was first looked at.
    """

    state: State
    position: int = 0
    lag_events: int = 0
    lag_seconds: float = 0.0

    @property
    def is_used(self) -> bool:
        """Whether questions are answered from it."""
        return self.state is State.CURRENT

    @property
    def follows(self) -> bool:
        """Whether it replays the log of the primary, however late."""
        return self.state in (State.CURRENT, State.BEHIND)

    @property
    def lateness(self) -> str:
        """How far it is behind, in words."""
        if isinf(self.lag_seconds):
            return f"{LATE} behind, and it is not known by how much."
        return f"{LATE} {self.lag_seconds:.1f} s behind."

    def plain(self) -> dict[str, object]:
        """As data for JSON; what is not known is null."""
        told: dict[str, object] = {
            "position": self.position,
            "lag_events": self.lag_events,
            "lag_seconds": None if isinf(self.lag_seconds) else round(self.lag_seconds, 3),
        }
        return {"state": str(self.state), **(told if self.follows else dict.fromkeys(told))}
