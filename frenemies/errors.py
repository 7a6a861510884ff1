"""What can go wrong between a client and its service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class FrenemiesError(Exception):
    """All errors of the client are of this class."""


class Unreachable(FrenemiesError):
    """The service does not answer; it may have said after how many seconds it wants to be asked again."""

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Malformed(FrenemiesError):
    """What answered does not look like Frenemies."""


class Gap(FrenemiesError):
    """Events are missing, or came twice: after position `after` came `found`."""

    def __init__(self, after: int, found: int) -> None:
        super().__init__(f"after position {after} came {found}")
        self.after = after
        self.found = found


class Refused(FrenemiesError):
    """The service refuses: its status, the stable code of the refusal, what it says, and each thing that is wrong."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("type", "")).rpartition(":")[2]
        self.title = str(problem.get("title") or f"The service answered {status}.")
        self.detail = str(problem.get("detail") or "")
        self.errors: Sequence[Mapping[str, Any]] = [
            error for error in problem.get("errors") or () if isinstance(error, Mapping)
        ]
        said = self.title if self.detail in ("", self.title) else f"{self.title} {self.detail}"
        super().__init__("; ".join([said, *map(_fault, self.errors)]))


class NotAuthorized(Refused):
    """The key is missing, or not a valid one."""


class EpochChanged(Refused):
    """The cursor belongs to an earlier life of the log.

    Drop what was built from it, and read `resync` from the start.
    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(status, problem)
        self.resync = str(problem.get("resync") or "")


class LeaseLost(Refused):
    """The lease does not hold the event any more: it ran out, and somebody else may have it."""

    @property
    def places(self) -> Sequence[int]:
        """Which of the events that were named those are."""
        pointers = (str(error.get("pointer", "")) for error in self.errors)
        return [int(one.removeprefix("/ids/")) for one in pointers if one.removeprefix("/ids/").isdecimal()]


def refusal(status: int, problem: Any) -> Refused:
    """The error for an answer that is a refusal."""
    told = problem if isinstance(problem, Mapping) else {}
    if status == 401:
        return NotAuthorized(status, told)
    if status == 410:
        return EpochChanged(status, told)
    found = Refused(status, told)
    return LeaseLost(status, told) if found.code == "lease-lost" else found


def _fault(error: Mapping[str, Any]) -> str:
    return f"{error.get('pointer', '')}: {error.get('detail', '')}"
