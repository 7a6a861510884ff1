"""The refused lines of an import, written to a file as newline-delimited JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import msgspec

from events.errors import DomainError
from service.intake.strict_json import parse
from service.transfer.lines import Lines
from service.transfer.refusals import Refusal


def told(refusals: Sequence[Refusal], lines: Lines) -> dict[str, Any]:
    """A refused line: its number, its first error, `further` ones and how many `more` there are.

    `record` is the data of the line, or its text where it is not JSON.
    """
    first, *others = refusals
    raw = lines.line_at(first.start)
    try:
        record = msgspec.json.decode(raw) if isinstance(parse(raw), dict) else raw.decode()
    except (DomainError, ValueError):
        record = raw[: lines.longest].decode(errors="replace")
    further = [_error(refusal, lines) for refusal in others]
    left = {"further": further, "more": refusals[-1].more, "record": record}
    return {"line": first.line} | _error(first, lines) | left


def _error(refusal: Refusal, lines: Lines) -> dict[str, Any]:
    place = lines.at(refusal.line, refusal.start, refusal.pointer, refusal.column)
    return {"place": place, "pointer": refusal.pointer, "code": refusal.code, "detail": refusal.detail}


class RejectsFile:
    """A file that gets the refused lines of each chunk before the chunk is recorded, and so holds all in the end.

    When an import continues, what stands in the file about lines that are yet to be recorded is written anew.
    """

    def __init__(self, path: Path, lines: Lines) -> None:
        self._path = path
        self._lines = lines
        self._file: IO[bytes] | None = None
        self._last = (0, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def open(self, reached: int) -> None:
        """Keeps what the file says of lines up to the one reached, and drops the rest."""
        if self._file is not None:
            self._file.close()
        kept = self._kept(reached) if reached and self._path.exists() else 0
        self._file = self._path.open("r+b" if kept else "wb")
        self._file.truncate(kept)
        self._file.seek(kept)
        self._last = (0, kept)

    def put(self, first_line: int, refusals: list[Refusal], /) -> None:
        """Writes the refused lines of a chunk in place of those that were written for it before."""
        if self._file is None:
            raise ValueError("the file is not open")
        chunk, start = self._last
        if chunk == first_line:
            self._file.truncate(start)
            self._file.seek(start)
        self._last = (first_line, self._file.tell())
        for _, of_line in groupby(refusals, attrgetter("line")):
            self._file.write(msgspec.json.encode(told(list(of_line), self._lines)) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _kept(self, reached: int) -> int:
        """The bytes that speak of lines up to the one reached."""
        kept = 0
        with self._path.open("rb") as file:
            for raw in file:
                try:
                    line = json.loads(raw)["line"]
                except (ValueError, KeyError, TypeError):
                    return kept
                if not raw.endswith(b"\n") or line > reached:
                    return kept
                kept += len(raw)
        return kept
