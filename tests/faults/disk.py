"""A disk of its own for a run, which can be filled. It takes root and a loop device."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_BALLAST = "ballast"


class Disk:
    """A folder, and whether it is a file system of its own (`can_be_filled`)."""

    def __init__(self, folder: Path, can_be_filled: bool) -> None:
        self.folder = folder
        self.can_be_filled = can_be_filled

    def fill(self) -> None:
        """Leaves no room. Nothing is written for it."""
        size = 0
        with (self.folder / _BALLAST).open("ab") as ballast:
            for step in (1 << power for power in range(30, 11, -1)):
                with suppress(OSError):
                    while True:
                        os.posix_fallocate(ballast.fileno(), size, step)
                        size += step

    def free(self) -> None:
        """Gives the room back."""
        (self.folder / _BALLAST).unlink(missing_ok=True)


@contextmanager
def disk(mebibytes: int) -> Iterator[Disk]:
    """A disk of that size for the time of the block; where none can be mounted, a plain folder."""
    with tempfile.TemporaryDirectory(prefix="frenemies-faults-") as name:
        place = Path(name)
        place.chmod(0o755)
        folder, image = place / "disk", place / "image"
        folder.mkdir()
        mounted = os.geteuid() == 0 and _mount(image, folder, mebibytes)
        try:
            yield Disk(folder, mounted)
        finally:
            if mounted:
                subprocess.run(["umount", "--lazy", folder], check=False)  # noqa: S607


def _mount(image: Path, folder: Path, mebibytes: int) -> bool:
    with image.open("wb") as file:
        file.truncate(mebibytes << 20)
    make = ["mkfs.ext4", "-q", "-m", "0", str(image)]
    return _does(*make) and _does("mount", "-o", "loop", str(image), str(folder))


def _does(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
