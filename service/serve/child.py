"""A child process of the supervisor: in a process group of its own, started again when it ends."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from time import monotonic

import structlog

from service.serve.errors import KeepsFailing

MOST_FAILURES = 5
WINDOW_SECONDS = 60.0
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_log = structlog.get_logger(__name__)


class Child:
    """One program, kept running. KeepsFailing when it ended `MOST_FAILURES` times within `WINDOW_SECONDS`.

    One that is killed (SIGKILL: by an operator, or for want of memory) did not fail, and is never given up for it.
    """

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], files: Sequence[int] = ()
    ) -> None:
        self.name = name
        self._command = list(command)
        self._environment = dict(environment)
        self._files = tuple(files)
        self._process: subprocess.Popen[bytes] | None = None
        self._failures: list[float] = []
        self._next_start = 0.0

    def tend(self) -> float:
        """Starts it if it does not run and the time has come. Gives the seconds until it wants to be tended again."""
        if self._process is not None and self._process.poll() is not None:
            self._note_end(self._process)
        if self._process is not None:
            return LONGEST_PAUSE
        left = self._next_start - monotonic()
        if left > 0:
            return left
        self._start()
        return LONGEST_PAUSE

    def ask_to_end(self) -> None:
        """Sends SIGTERM, if it runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def end(self, deadline: float) -> None:
        """Waits for its end until `deadline`, and then kills it and all that it has started."""
        if self._process is None:
            return
        try:
            self._process.wait(max(deadline - monotonic(), 0))
        except subprocess.TimeoutExpired:
            _log.warning("killed", child=self.name)
        _kill_group(self._process.pid)
        self._process.wait()
        self._process = None

    def _start(self) -> None:
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            pass_fds=self._files,
            process_group=0,
            preexec_fn=_die_with_parent,  # the supervisor has one thread
        )
        _log.info("started", child=self.name, pid=self._process.pid)

    def _note_end(self, process: subprocess.Popen[bytes]) -> None:
        _kill_group(process.pid)
        self._process = None
        now = monotonic()
        pause = FIRST_PAUSE if process.returncode == -signal.SIGKILL else self._pause_after_failure(now)
        self._next_start = now + pause
        _log.warning("ended by itself", child=self.name, code=process.returncode, next_start_in=pause)

    def _pause_after_failure(self, now: float) -> float:
        self._failures = [*(at for at in self._failures if now - at < WINDOW_SECONDS), now]
        if len(self._failures) >= MOST_FAILURES:
            raise KeepsFailing(f"{self.name} ended {MOST_FAILURES} times in {WINDOW_SECONDS:.0f} seconds.")
        pause: float = min(FIRST_PAUSE * 2 ** (len(self._failures) - 1), LONGEST_PAUSE)
        return pause


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _die_with_parent() -> None:
    """In the child: have the kernel end it with the supervisor, however that ends (Linux)."""
    if _libc is not None:
        _libc.prctl(_DIE_WITH_PARENT, signal.SIGTERM)
