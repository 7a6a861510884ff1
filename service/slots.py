"""Places for the numbers of processes: each running process has one, and one that is free again goes to the next.

A process holds the lock of its place, and the kernel takes it back however the process ends. So there are never more
files than processes at one time, and what a killed process has counted is carried on by its successor.
"""

from __future__ import annotations

import fcntl
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which the Prometheus client is told the folder."""


class Slot:
    """The place of this process in a folder, taken when it is first asked for; after a fork the child takes another."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number: str | None = None
        self._handle = -1
        os.register_at_fork(after_in_child=self._leave)

    def number(self) -> str:
        """The number of the place, the same for the life of the process."""
        if self._number is None:
            self._handle, self._number = _take(self._folder)
        return self._number

    def _leave(self) -> None:
        if self._number is not None:
            os.close(self._handle)
            self._number = None


def files_to_read(folder: Path) -> Iterator[str]:
    """The files that count: of totals all, of present values those of running processes."""
    for file in sorted(folder.glob("*.db")):
        kind, _, rest = file.stem.partition("_")
        is_present_value = kind == "gauge"
        if _size_of(file) and not (is_present_value and _is_free(folder, rest.rpartition("_")[2])):
            yield str(file)


def _size_of(file: Path) -> int:
    """0 for one that is gone by now: the next process has taken its place."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _take(folder: Path) -> tuple[int, str]:
    for number in map(str, itertools.count()):
        handle = _open(folder, number)
        if _lock(handle):
            for file in folder.glob(f"gauge_*_{number}.db"):
                file.unlink()
            return handle, number
        os.close(handle)
    raise AssertionError("there is always a next number")


def _is_free(folder: Path, number: str) -> bool:
    handle = _open(folder, number)
    try:
        return _lock(handle)
    finally:
        os.close(handle)


def _open(folder: Path, number: str) -> int:
    return os.open(folder / f"{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
