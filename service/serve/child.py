"""A child process of the supervisor: started again when it ends."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from time import monotonic

import structlog

from service.serve.errors import KeepsFailing
from service.serve.fork import Fork, Program

MOST_FAILURES = 5
WINDOW_SECONDS = 60.0
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
_SECONDS_TO_BE_KILLED = 5.0
_log = structlog.get_logger(__name__)


class Child:
    """One program, kept running. KeepsFailing when it ended `MOST_FAILURES` times within `WINDOW_SECONDS`.

    One that is killed (SIGKILL: by an operator, or for want of memory) did not fail, and is never given up for it.
    """

    def __init__(self, name: str, program: Program, environment: Mapping[str, str], files: Sequence[int] = ()) -> None:
        self.name = name
        self._program = program
        self._environment = dict(environment)
        self._files = tuple(files)
        self._process: Fork | None = None
        self._failures: list[float] = []
        self._next_start = 0.0

    @property
    def pid(self) -> int | None:
        """The number of the process, if it was started and its end was not noticed."""
        return None if self._process is None else self._process.pid

    def tend(self) -> float:
        """Starts it if it does not run and the time has come. Gives the seconds until it wants to be tended again."""
        if self._process is not None and (code := self._process.poll()) is not None:
            self._note_end(self._process, code)
        if self._process is not None:
            return LONGEST_PAUSE
        left = self._next_start - monotonic()
        if left > 0:
            return left
        self._start()
        return LONGEST_PAUSE

    def ask_to_end(self) -> None:
        """Sends SIGTERM, if it runs."""
        if self._process is not None:
            self._process.ask_to_end()

    def end(self, deadline: float) -> None:
        """Waits for its end until `deadline`, and then kills it and all that it has started."""
        if self._process is None:
            return
        if self._process.wait(deadline - monotonic()) is None:
            _log.warning("killed", child=self.name)
        self._process.kill()
        self._process.wait(_SECONDS_TO_BE_KILLED)
        self._process = None

    def _start(self) -> None:
        self._process = Fork(self.name, self._program, self._environment, self._files)
        _log.info("started", child=self.name, pid=self._process.pid)

    def _note_end(self, process: Fork, code: int) -> None:
        process.kill()
        self._process = None
        now = monotonic()
        pause = FIRST_PAUSE if code == -signal.SIGKILL else self._pause_after_failure(now)
        self._next_start = now + pause
        _log.warning("ended by itself", child=self.name, code=code, next_start_in=pause)

    def _pause_after_failure(self, now: float) -> float:
        self._failures = [*(at for at in self._failures if now - at < WINDOW_SECONDS), now]
        if len(self._failures) >= MOST_FAILURES:
            raise KeepsFailing(f"{self.name} ended {MOST_FAILURES} times in {WINDOW_SECONDS:.0f} seconds.")
        pause: float = min(FIRST_PAUSE * 2 ** (len(self._failures) - 1), LONGEST_PAUSE)
        return pause
