"""Tickets: who was let in by the API need not show the key again to the feed process, to which it is sent on.

A ticket names the key, and counts as long as that is good.
"""

from __future__ import annotations

import hashlib
import hmac
import re

NAME = "ticket"
SECONDS = 60
"""How long a ticket lets in; whoever comes back asks the API for another one."""
_TICKET = re.compile("([0-9]{1,12})[.]([a-z0-9]{1,20})[.]([0-9a-f]{64})")


class Tickets:
    """Makes and checks tickets with a secret that only the processes of one service have."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def issue(self, query: str, holder: str, now: float) -> str:
        """A ticket for a query (without the ticket) and the id of a key, good from now on for `SECONDS`."""
        expires = int(now) + SECONDS
        return f"{expires}.{holder}.{self._mark(query, holder, expires)}"

    def holder(self, ticket: str, query: str, now: float) -> str | None:
        """The id of the key for which it was made; None where that was for another query, or is too long ago."""
        match = _TICKET.fullmatch(ticket)
        if match is None or int(match[1]) < now:
            return None
        is_ours = hmac.compare_digest(match[3], self._mark(query, match[2], int(match[1])))
        return match[2] if is_ours else None

    def _mark(self, query: str, holder: str, expires: int) -> str:
        return hmac.new(self._secret, f"{expires}.{holder}?{query}".encode(), hashlib.sha256).hexdigest()
