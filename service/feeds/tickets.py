"""Tickets: who was let in by the API need not show the key again to the feed process, to which it is sent on."""

from __future__ import annotations

import hashlib
import hmac
import re

NAME = "ticket"
SECONDS = 60
"""How long a ticket lets in; whoever comes back asks the API for another one."""
_TICKET = re.compile("([0-9]{1,12})[.]([0-9a-f]{64})")


class Tickets:
    """Makes and checks tickets with a secret that only the processes of one service have."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def issue(self, query: str, now: float) -> str:
        """A ticket for a query (without the ticket), good from now on for `SECONDS`."""
        expires = int(now) + SECONDS
        return f"{expires}.{self._mark(query, expires)}"

    def is_good(self, ticket: str, query: str, now: float) -> bool:
        """Whether it was made for this query and is not too old."""
        match = _TICKET.fullmatch(ticket)
        if match is None or int(match[1]) < now:
            return False
        return hmac.compare_digest(match[2], self._mark(query, int(match[1])))

    def _mark(self, query: str, expires: int) -> str:
        return hmac.new(self._secret, f"{expires}?{query}".encode(), hashlib.sha256).hexdigest()
