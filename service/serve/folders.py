"""Folders in memory for the time of a run, which the next run clears where this one is killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_MEMORY = "/dev/shm"  # noqa: S108
_OWNER = "owner"
"""Whoever made the folder holds the lock of this file in it, and the kernel takes that back however a process ends."""


@contextmanager
def folder_of_run(purpose: str) -> Iterator[Path]:
    """A folder for the time of the block. First those are cleared for the same purpose whose owner is gone."""
    above = Path(_MEMORY if os.access(_MEMORY, os.W_OK) else tempfile.gettempdir())
    prefix = f"frenemies-{purpose}-"
    for left in above.glob(f"{prefix}*"):
        with suppress(OSError):
            _clear_if_left(left)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=above) as made, _owned(Path(made)):
        yield Path(made)


@contextmanager
def _owned(folder: Path) -> Iterator[None]:
    """The file has its name when it is locked: a folder that is only being made is nobody's to clear."""
    new = folder / f"{_OWNER}.new"
    with new.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        new.rename(folder / _OWNER)
        yield


def _clear_if_left(folder: Path) -> None:
    """OSError where it has an owner, or is not ours."""
    if folder.lstat().st_uid != os.geteuid():
        return
    with (folder / _OWNER).open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
