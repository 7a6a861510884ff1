"""What it ran on: the machine, the versions, and how long the disk takes to keep something."""

from __future__ import annotations

import os
import platform
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

from benchmarks.figures import percentile
from benchmarks.peers import ROOT

FLUSH_SECONDS = 1.0
PAGE = b"\0" * 8_192
IN_MEMORY = ("tmpfs", "ramfs")


@dataclass(frozen=True, slots=True)
class Flushes:
    """How fast the disk keeps pages of 8 KiB, one after the other, by `fdatasync`. Times are milliseconds."""

    file_system: str
    per_second: float
    p50: float
    p99: float

    @property
    def is_in_memory(self) -> bool:
        """Whether nothing is kept at all, so that no figure of a write means anything."""
        return self.file_system in IN_MEMORY


def describe() -> dict[str, str]:
    """The machine and the software of the service, as names and values."""
    return {
        "processor": f"{len(os.sched_getaffinity(0))} cores, {_processor()}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "commit": _commit(),
        **{name: version(name) for name in ("psycopg", "msgspec")},
    }


def load_average() -> float:
    """How many processes wanted to run during the last minute."""
    return os.getloadavg()[0]


def measure_flushes(folder: Path, seconds: float = FLUSH_SECONDS) -> Flushes:
    """Writes and flushes in a folder for so many seconds."""
    times = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        begun = perf_counter()
        while perf_counter() - begun < seconds:
            before = perf_counter()
            file.seek(0)
            file.write(PAGE)
            os.fdatasync(file.fileno())
            times.append(perf_counter() - before)
        took = perf_counter() - begun
    return Flushes(
        _file_system(folder), len(times) / took, percentile(times, 0.5) * 1_000, percentile(times, 0.99) * 1_000
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _file_system(folder: Path) -> str:
    """The kind of the file system that holds a folder: that of the longest mount point above it."""
    found = ("", "unknown")
    for line in Path("/proc/mounts").read_text().splitlines() if Path("/proc/mounts").exists() else ():
        _, place, kind, *_ = line.split()
        if folder.resolve().is_relative_to(place) and len(place) >= len(found[0]):
            found = (place, kind)
    return found[1]


def _commit() -> str:
    """Which state of the code it was; `changed` when the work tree differs from the commit."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty=, changed"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "not under version control"
