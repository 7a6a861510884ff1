"""The failures of storage and input/output. The docstring of a class is its message."""

from __future__ import annotations

from uuid import UUID

STALLED = "The read side does not follow the log."
"""Why a service is not ready that has much to take in, or cannot."""


class ServiceError(Exception):
    """Something outside the domain failed."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(f"{self.title} {detail}".strip())
        self.detail = detail

    @property
    def title(self) -> str:
        """What went wrong, in general."""
        return (type(self).__doc__ or "").strip()


class SettingsError(ServiceError):
    """The settings of the service are not valid."""


class MigrationError(ServiceError):
    """The database cannot be brought to the schema of this version."""


class EmbeddedServerError(ServiceError):
    """The embedded database server cannot be used."""


class StoreError(ServiceError):
    """The event store failed."""


class StoreUnavailable(StoreError):
    """The event store cannot be reached."""


class StoreFull(StoreUnavailable):
    """The event store has no room left."""


class SchemaMissing(StoreUnavailable):
    """The database does not hold the tables of this version."""


class OutcomeUnknown(StoreUnavailable):
    """The event store was lost before it answered; the append may or may not have been made."""


class BrokenOff(StoreUnavailable):
    """The event store broke off what was asked, in favour of something else; nothing was stored."""


class DeadlineExceeded(StoreError):
    """The event store did not answer in time; nothing was stored."""


class NotPermitted(StoreError):
    """The login of the database may not do this."""


class Locked(DeadlineExceeded):
    """What is asked for was locked by others all the time."""


class OutOfTime(DeadlineExceeded):
    """The question takes longer than it may."""


class AppendRefused(StoreError):
    """The append was refused; nothing was stored."""


class Unstorable(AppendRefused):
    """A text cannot be stored."""


class StreamConflict(AppendRefused):
    """Somebody else appended to the stream first."""

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"{stream}: expected version {expected}, found {actual}.")
        self.stream = stream
        self.expected = expected
        self.actual = actual


class GuardFailed(AppendRefused):
    """A stream that the decision rests on has moved on."""

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"{stream}: expected version {expected}, found {actual}.")
        self.stream = stream
        self.expected = expected
        self.actual = actual


class KeyTaken(AppendRefused):
    """The key belongs to another stream."""

    def __init__(self, kind: str, key: str, stream: str) -> None:
        super().__init__(f"{kind} {key!r} belongs to {stream}.")
        self.kind = kind
        self.key = key
        self.stream = stream


class TextTaken(AppendRefused):
    """The same text is stored under another reference."""

    def __init__(self, scope: str, reference: UUID) -> None:
        super().__init__(f"{scope}: {reference}.")
        self.scope = scope
        self.reference = reference


class RequestMismatch(AppendRefused):
    """The request key was used before with another body."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key!r}.")
        self.key = key


class HistoryImmutable(StoreError):
    """What is recorded cannot be changed."""


class ReadOnly(StoreError):
    """This service follows another one, its leader, and records nothing of its own."""

    def __init__(self, leader: str) -> None:
        super().__init__(f"Record it there: {leader}")
        self.leader = leader


class NotNext(StoreError):
    """These are not the next events of the log that is followed."""


class OtherLog(StoreError):
    """The database follows another log, or another life of it."""


class OwnLog(StoreError):
    """The database has a log of its own."""


class ReadSideBehind(ServiceError):
    """The read side has not yet seen what was asked for."""


class NotBuilt(ReadSideBehind):
    """The read side of this version is being built."""


class RebuildRunning(ServiceError):
    """The projection is being rebuilt already."""


class RebuildEnded(ServiceError):
    """The rebuild ended before its time; the same command goes on with it."""


class BuildKept(ServiceError):
    """The tables of an earlier rebuild are kept, to be gone on with or looked at."""


class NothingParked(ServiceError):
    """The stream is not held back."""


class TooManyQuestions(ServiceError):
    """As many questions that need much reading as the service answers at once are under way."""


class QueryTooExpensive(ServiceError):
    """The question needs more work than one request may cost."""
