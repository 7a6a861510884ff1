"""Why somebody is not let in."""

from __future__ import annotations

from collections.abc import Iterable

from events.errors import DomainError


class NotAuthorized(DomainError):
    """A valid key is needed."""

    code = "not-authorized"


class Forbidden(DomainError):
    """The key does not allow this."""

    code = "forbidden"

    def __init__(self, detail: str, missing: Iterable[str]) -> None:
        """`missing` are the scopes that it would need besides."""
        super().__init__(detail)
        self.missing = tuple(missing)
