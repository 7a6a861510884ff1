"""Why a log cannot be taken over from its leader."""

from __future__ import annotations

from service.errors import ServiceError


class LeaderUnreachable(ServiceError):
    """The leader does not answer as it should."""

    def __init__(self, detail: str, retry_after: float = 0.0) -> None:
        """`retry_after`: after how many seconds it wants to be asked again, if it said so."""
        super().__init__(detail)
        self.retry_after = retry_after


class Halted(ServiceError):
    """Nothing more is taken over from the leader until somebody has looked at it."""


class EpochLost(Halted):
    """The leader has begun another log. What is here stays as it is; begin anew with an empty database."""


class CheckpointWrong(Halted):
    """The events of the leader are not those of its checkpoint."""


class TypeUnknown(Halted):
    """The leader has events of a type that this version does not know: bring this one up to date."""


class FeedBroken(Halted):
    """What the leader sends are not the next events of the log."""
