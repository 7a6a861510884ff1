"""What is refused of an import, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec.structs import replace

from events.errors import DomainError, Invalid
from service.intake.errors import Fault, MalformedJson, Misshapen

MOST_FAULTS = 20
"""Things that are told of one line; of what else is wrong with it only the number is."""


class Counts(NamedTuple):
    """How many lines were new, already there, and refused."""

    recorded: int = 0
    present: int = 0
    refused: int = 0

    def plus(self, recorded: int, present: int, refused: int) -> Counts:
        """With more lines."""
        return Counts(self.recorded + recorded, self.present + present, self.refused + refused)


class Refusal(msgspec.Struct, frozen=True):
    """One thing that is wrong with a line: its number, the byte at which it starts, a JSON Pointer into it.

    `column` is set where the line is not JSON; `code` is the stable name of the problem, as in the API. `more` is set
    on the last refusal that is told of a line: how many there are besides.
    """

    line: int
    start: int
    pointer: str
    code: str
    detail: str
    column: int | None = None
    more: int = 0


class LineTooLong(Invalid):
    """The line is longer than the service takes."""

    code = "too-large"


class ImportRefused(DomainError):
    """The import holds lines that are refused."""

    def __init__(self, refusals: Sequence[Refusal], counts: Counts, *, is_complete: bool = True) -> None:
        first = refusals[0]
        super().__init__(first.detail, first.pointer)
        self.code = first.code
        self.refusals = tuple(refusals)
        self.counts = counts
        """What was recorded all the same: by an earlier go at it, or before others recorded something in between."""
        self.is_complete = is_complete
        self.import_id: UUID | None = None


class ImportRunning(DomainError):
    """The same import is running at this moment."""

    code = "conflict"


class UnknownImport(DomainError):
    """There is no such import."""

    code = "unknown"


def refusals_of(line: int, start: int, error: DomainError) -> list[Refusal]:
    """What is wrong with a line, at most so many things."""
    if isinstance(error, MalformedJson):
        column = error.place.column if error.place else 1
        return [Refusal(line, start, error.pointer, error.code, error.detail, column)]
    faults = error.faults if isinstance(error, Misshapen) else (Fault(error.pointer, error.detail),)
    told = [Refusal(line, start, fault.pointer, error.code, fault.detail) for fault in faults[:MOST_FAULTS]]
    return [*told[:-1], replace(told[-1], more=len(faults) - len(told))]
