"""The ledger of erasures: a file beside the database, so that what was erased is erased again after a restore."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from events.values import Subject
from service.erasure.errors import LedgerUnusable


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One erasure: in which log, when, by whom, of what, why, and where the texts lay. Never what they said."""

    epoch: str
    at: datetime
    by: str | None
    subject: Subject
    reason: str
    references: tuple[str, ...]


_decode = msgspec.json.Decoder(Entry).decode


class Ledger:
    """A file with one line of JSON for each erasure, written before it is done. Lines are only ever added."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, entry: Entry) -> None:
        """Adds an erasure; when it returns, the line is on the disk. LedgerUnusable where that cannot be."""
        line = msgspec.json.encode(entry) + b"\n"
        with self._as_ours():
            is_new = not self.path.exists()
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                _write(file, b"\n\n" + line if _is_torn(file) else line)
                os.fsync(file)
            finally:
                os.close(file)
            if is_new:
                _sync_folder(self.path.parent)

    def entries(self) -> Iterator[Entry]:
        """All erasures in their order. LedgerUnusable names a line that is none.

        A last line that has no end is left out: whoever wrote it was cut short before anything was erased.
        """
        with self._as_ours():
            lines = self.path.read_bytes().split(b"\n")
        for number, line in enumerate(lines[:-1], 1):
            if not line:
                continue
            try:
                yield _decode(line)
            except (ValueError, RecursionError) as error:
                if lines[number] == b"" and number + 1 < len(lines):
                    continue  # cut short: `add` has put an empty line behind it
                raise LedgerUnusable(f"{self.path}, line {number}: {error}") from error

    @contextmanager
    def _as_ours(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise LedgerUnusable(f"{self.path}: {error.strerror}. Name another one with --ledger.") from error


def _is_torn(file: int) -> bool:
    """Whether the last line has no end."""
    size = os.fstat(file).st_size
    return size > 0 and os.pread(file, 1, size - 1) != b"\n"


def _write(file: int, line: bytes) -> None:
    left = memoryview(line)
    while left:
        left = left[os.write(file, left) :]


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
