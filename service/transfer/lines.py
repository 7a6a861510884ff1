"""A file of newline-delimited JSON, line by line from any place on, and where in a line something is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from service.intake.strict_json import locate, without_mark

_BLOCK = 1 << 20


class Line(NamedTuple):
    """A line that is not empty, without its end: its number (from 1), the byte at which it starts, its content."""

    number: int
    start: int
    content: bytes


class Place(NamedTuple):
    """Where to go on reading: how many lines were read, and how many bytes."""

    line: int = 0
    byte: int = 0


BEGINNING = Place()


class Size(NamedTuple):
    """How many lines make a chunk, and with about how many bytes it ends before that."""

    lines: int
    bytes: int


USUAL = Size(1_000, 2 << 20)
"""Lines that are decided and recorded together: their append holds the lock of the log for some 30 ms."""


class Chunk(NamedTuple):
    """Consecutive lines; empty ones count between `begin` and `end`, and are left out of `lines`."""

    begin: Place
    end: Place
    lines: list[Line]


class Survey(NamedTuple):
    """A file as a whole: its SHA-256 in hexadecimal digits, its lines and its bytes."""

    sha256: str
    lines: int
    size: int


@dataclass(frozen=True)
class Lines:
    """A file that can be read more than once. `name` is what messages call it, `longest` the bytes a line may have."""

    name: str
    path: Path
    longest: int

    def chunks(self, begin: Place = BEGINNING, size: Size = USUAL) -> Iterator[Chunk]:
        """The lines from a place on, so many at a time.

        They end with LF or CRLF; one byte order mark at the beginning is dropped. Of a line that is too long, a part
        that is too long is given.
        """
        with self.path.open("rb") as file:
            file.seek(begin.byte)
            number, lines, taken = begin.line, list[Line](), 0
            while content := file.readline(self.longest + 3):
                number += 1
                start = file.tell() - len(content)
                if len(content) == self.longest + 3 and not content.endswith(b"\n"):
                    _skip_line(file)
                if start == 0:
                    content = without_mark(content)
                content = content.removesuffix(b"\n").removesuffix(b"\r")
                if content.strip():
                    lines.append(Line(number, start, content))
                    taken += len(content)
                if len(lines) == size.lines or taken >= size.bytes:
                    end = Place(number, file.tell())
                    yield Chunk(begin, end, lines)
                    begin, lines, taken = end, [], 0
            if lines:
                yield Chunk(begin, Place(number, file.tell()), lines)

    def chunk(self, begin: Place, end: Place) -> Chunk:
        """The chunk between two places, read again."""
        lines = [line for chunk in self._until(begin, end) for line in chunk.lines]
        return Chunk(begin, end, [line for line in lines if line.number <= end.line])

    def line_at(self, start: int) -> bytes:
        """The line that starts at a byte."""
        return next(self.chunks(Place(0, start), Size(1, 1))).lines[0].content

    def at(self, number: int, start: int, pointer: str, column: int | None = None) -> str:
        """`file:line:column` of the value at a JSON Pointer in a well-formed line."""
        if column is None:
            found = locate(self.line_at(start), pointer)
            column = found.column if found else 1
        return f"{self.name}:{number}:{column}"

    def survey(self) -> Survey:
        """What can be told of the file without taking its lines apart."""
        digest, lines, size, last = hashlib.sha256(), 0, 0, b"\n"
        with self.path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                lines += block.count(b"\n")
                size += len(block)
                last = block[-1:]
        return Survey(digest.hexdigest(), lines + (last != b"\n"), size)

    def _until(self, begin: Place, end: Place) -> Iterator[Chunk]:
        for chunk in self.chunks(begin):
            yield chunk
            if chunk.end.line >= end.line:
                return


def _skip_line(file: object) -> None:
    """Reads on to the end of a line, however long."""
    readline = file.readline  # type: ignore[attr-defined]
    while (part := readline(_BLOCK)) and not part.endswith(b"\n"):
        pass
