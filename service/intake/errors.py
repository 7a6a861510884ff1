"""Why what came in cannot be taken, before the domain has looked at it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from events.errors import DomainError, Invalid


class Place(NamedTuple):
    """Where in a document: `offset` in bytes from 0, `line` and `column` (in characters) from 1."""

    offset: int
    line: int
    column: int

    @classmethod
    def in_text(cls, text: str, index: int) -> Place:
        """The place of a character."""
        before = text[:index]
        return cls(len(before.encode()), before.count("\n") + 1, index - before.rfind("\n"))


class Fault(NamedTuple):
    """One thing that is wrong, and where (a JSON Pointer)."""

    pointer: str
    detail: str


class MalformedJson(DomainError):
    """The document is not JSON as the service takes it."""

    code = "malformed-json"

    def __init__(self, detail: str, pointer: str = "", place: Place | None = None) -> None:
        super().__init__(detail, pointer)
        self.place = place

    def at(self, prefix: str) -> DomainError:
        """The same refusal, its pointer given from further outside."""
        return type(self)(self.detail, prefix + self.pointer, self.place)


class Misshapen(Invalid):
    """The data does not have the shape that is asked for."""

    code = "misshapen"

    def __init__(self, detail: str, pointer: str = "", faults: Iterable[Fault] = ()) -> None:
        super().__init__(detail, pointer)
        self.faults = tuple(faults) or (Fault(pointer, detail),)

    def at(self, prefix: str) -> DomainError:
        """The same refusal, all its pointers given from further outside."""
        faults = (Fault(prefix + fault.pointer, fault.detail) for fault in self.faults)
        return type(self)(self.detail, prefix + self.pointer, faults)
