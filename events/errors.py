"""The refusals of the domain. The docstring of a class is its title, `code` its stable name."""

from __future__ import annotations


class DomainError(Exception):
    """The request cannot be granted."""

    code = "domain-error"

    def __init__(self, detail: str, pointer: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.pointer = pointer

    @property
    def title(self) -> str:
        """What went wrong, in general."""
        return (type(self).__doc__ or "").strip()

    def at(self, prefix: str) -> DomainError:
        """The same refusal, its place given from further outside (`prefix` is a JSON Pointer, RFC 6901)."""
        return type(self)(self.detail, prefix + self.pointer)


class Invalid(DomainError):
    """The data is not valid."""

    code = "invalid"


class InvalidDate(Invalid):
    """The date is not valid."""

    code = "invalid-date"


class TooMany(Invalid):
    """There is more of it than the service takes."""

    code = "too-many"


class Unknown(DomainError):
    """What the request refers to is not known."""

    code = "unknown"


class UnknownReference(Invalid):
    """The data refers to something that is not known."""

    code = "unknown-reference"


class Conflict(DomainError):
    """The request contradicts what is stored."""

    code = "conflict"


class StaleVersion(DomainError):
    """Somebody else changed it first."""

    code = "stale-version"
