"""Logins: what a browser keeps in the place of a key, and the mark of a form that was made for it.

It names the key, which it does not hold, says until when it counts, and is signed. It ends with the key.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

SECONDS = 12 * 3_600
"""How long a login counts at most."""
_LOGIN = re.compile("(([0-9]{1,12})[.]([a-z0-9]{1,20})[.][0-9a-f]{32})[.]([0-9a-f]{64})")
_VISIT = re.compile("[0-9a-f]{32}")


class Logins:
    """Makes and checks logins and marks with a secret that only the processes of one service have."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def begin(self, holder: str, now: float) -> str:
        """A login for the key of an id, good from now on."""
        told = f"{int(now) + SECONDS}.{holder}.{secrets.token_hex(16)}"
        return f"{told}.{self._sign('login', told)}"

    def holder(self, login: str, now: float) -> str | None:
        """The id of the key of a login; None for one that is over, or that was not made here."""
        match = _LOGIN.fullmatch(login)
        if match is None or int(match[2]) < now:
            return None
        return match[3] if hmac.compare_digest(match[4], self._sign("login", match[1])) else None

    def mark(self, whose: str) -> str:
        """What a form carries that was made for a login, or for a visit."""
        return self._sign("form", whose)

    def is_mark(self, mark: str, whose: str) -> bool:
        """Whether a form carries this mark."""
        return hmac.compare_digest(mark.encode(), self.mark(whose).encode())

    def _sign(self, what: str, text: str) -> str:
        return hmac.new(self._secret, f"{what}\n{text}".encode(), hashlib.sha256).hexdigest()


def new_visit() -> str:
    """A name for a browser that nobody has logged in with yet."""
    return secrets.token_hex(16)


def is_visit(text: str) -> bool:
    """Whether this is such a name."""
    return _VISIT.fullmatch(text) is not None
