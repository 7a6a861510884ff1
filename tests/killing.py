"""PostgreSQL ended as a machine does that loses its power."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

from tests.feeding import wait_until


def postmaster_of(cluster: Path) -> int:
    """The process that started all others of a server."""
    return int((cluster / "postmaster.pid").read_text().split()[0])


def kill_database(cluster: Path) -> None:
    """All processes of a server at once (SIGKILL), and waits until their end was noticed.

    As long as nobody has taken note of it, the server seems to run, and whoever starts one uses that.
    """
    postmaster = postmaster_of(cluster)
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    processes = [postmaster, *map(int, children)]
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    wait_until(lambda: not any(Path(f"/proc/{process}").exists() for process in processes))
