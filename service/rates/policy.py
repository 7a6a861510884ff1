"""How much may be asked in a while: a quota that refills evenly (the generic cell rate algorithm, ITU-T I.371)."""

from __future__ import annotations

from typing import NamedTuple


class Policy(NamedTuple):
    """At most `quota` requests in any `window` of seconds that begins with the quota whole; it refills evenly."""

    name: str
    quota: int
    window: float

    @property
    def interval(self) -> float:
        """After how many seconds there is room for one more."""
        return self.window / self.quota


class Room(NamedTuple):
    """What came of asking: how many more may be asked at once, and in how many seconds the quota is whole again.

    `wait`: in how many seconds there is room, where there is none now; else 0.
    """

    remaining: int
    whole_in: float
    wait: float

    @property
    def is_granted(self) -> bool:
        """Whether there was room."""
        return self.wait <= 0


def ask(policy: Policy, spent_until: float, now: float) -> tuple[Room, float]:
    """What comes of one more request, and until when the quota is spent then; a refused request spends nothing."""
    begin = max(spent_until, now)
    wait = begin - now - (policy.window - policy.interval)
    # What is left of a sum of hundredths is not the time of a request.
    if wait > policy.interval * 1e-6:
        return Room(0, begin - now, wait), spent_until
    after = begin + policy.interval
    remaining = int((policy.window - (after - now)) / policy.interval + 1e-6)
    return Room(remaining, after - now, 0.0), after
