"""A file of newline-delimited JSON, line by line, and the place of what is wrong in it."""

from __future__ import annotations

import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from service.cli.group import WrongUsage
from service.intake.strict_json import locate, without_mark

STDIN = "-"


class Line(NamedTuple):
    """A line that is not empty, without its end; numbers start at 1."""

    number: int
    content: bytes


@dataclass(frozen=True)
class Lines:
    """A file that can be read more than once. `name` is what messages call it."""

    name: str
    path: Path
    longest: int

    def __iter__(self) -> Iterator[Line]:
        """The lines; of one that is too long, a part that is too long. They end with LF or CRLF; one BOM is dropped."""
        with self.path.open("rb") as file:
            number = 0
            while content := file.readline(self.longest + 3):
                number += 1
                if number == 1:
                    content = without_mark(content)
                content = content.removesuffix(b"\n").removesuffix(b"\r")
                if content.strip():
                    yield Line(number, content)

    def place(self, number: int, pointer: str) -> str:
        """`file:line:column` of the value at a JSON Pointer in a well-formed line."""
        content = next((line.content for line in self if line.number == number), b"")
        found = locate(content, pointer)
        return self.at(number, found.column if found else 1)

    def at(self, number: int, column: int) -> str:
        """`file:line:column`."""
        return f"{self.name}:{number}:{column}"


@contextmanager
def open_lines(name: str, longest: int) -> Iterator[Lines]:
    """The lines of a file; what can be read only once (standard input, a pipe) is copied first."""
    path = Path(name)
    if name != STDIN and _is_regular(path):
        yield Lines(name, path, longest)
        return
    with tempfile.NamedTemporaryFile(prefix="frenemies-") as copy:
        if name == STDIN:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        else:
            with path.open("rb") as file:
                shutil.copyfileobj(file, copy)
        copy.flush()
        yield Lines("<stdin>" if name == STDIN else name, Path(copy.name), longest)


def _is_regular(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise WrongUsage(f"{path}: {error.strerror}") from None
    if stat.S_ISDIR(mode):
        raise WrongUsage(f"{path} is a folder, not a file")
    return stat.S_ISREG(mode)
