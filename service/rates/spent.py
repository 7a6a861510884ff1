"""What a client is told of its quota."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

from service.rates.policy import Policy, Room

POLICY, LIMIT = "RateLimit-Policy", "RateLimit"


class Spent(NamedTuple):
    """What came of a request that is limited."""

    policy: Policy
    room: Room

    @property
    def headers(self) -> dict[str, str]:
        """What the client is told (draft-ietf-httpapi-ratelimit-headers)."""
        name, quota, window = self.policy
        return {
            POLICY: f'"{name}";q={quota};w={window:.0f}',
            LIMIT: f'"{name}";r={self.room.remaining};t={ceil(self.room.whole_in)}',
        }

    @property
    def retry_after(self) -> int:
        """After how many whole seconds there is room again; at least one."""
        return max(1, ceil(self.room.wait))
