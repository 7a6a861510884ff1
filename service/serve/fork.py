"""A process that goes on with what its parent has loaded, in an environment and a process group of its own."""

from __future__ import annotations

import atexit
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import NoReturn

import structlog
from setproctitle import setproctitle

Program = Callable[[], int]
"""What a process does; gives its exit code."""
_OURS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
_LOOK_EVERY = 0.01
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_log = structlog.get_logger(__name__)


class Fork:
    """A child that runs a program. Its standard input is empty, and of the open files it keeps only those given.

    Its environment is another one, its memory is not: what its parent knew is in there, secrets too.
    On Linux the kernel ends it (SIGTERM) with its parent, however that ends. To be made in a process with one thread:
    what other threads hold at that moment nobody would let go of in the child.
    """

    def __init__(self, name: str, program: Program, environment: Mapping[str, str], files: Iterable[int] = ()) -> None:
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        with _held_back(_OURS):
            self.pid = os.fork()
            if self.pid == 0:
                _live(name, program, lambda: _begin_anew(name, environment, files, parent))
        self._code: int | None = None

    def poll(self) -> int | None:
        """The exit code, that of a signal below zero; None while it runs."""
        if self._code is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if ended else None
        return self._code

    def wait(self, seconds: float) -> int | None:
        """As `poll`, after its end or so many seconds."""
        until = monotonic() + seconds
        while self.poll() is None and monotonic() < until:
            sleep(_LOOK_EVERY)
        return self._code

    def ask_to_end(self) -> None:
        """Sends SIGTERM, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """Kills it and all that it has started, which may be there when it has ended itself."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


@contextmanager
def _held_back(signals: Iterable[int]) -> Iterator[None]:
    """A child that is asked to end before it has handlers of its own must not take the request for its parent's."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _live(name: str, program: Program, begin: Callable[[], None]) -> NoReturn:
    """The life of the child, in which nothing of what the parent was about to do may happen."""
    code = 1
    try:
        atexit._clear()
        begin()
        code = program()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 - told, and the code of the end
        _log.exception("failed", child=name)
    finally:
        # In the order of the interpreter's own end; as the standard library does in the processes it forks.
        atexit._run_exitfuncs()
        os._exit(code)


def _begin_anew(name: str, environment: Mapping[str, str], files: Iterable[int], parent: int) -> None:
    with suppress(PermissionError):
        os.setpgid(0, 0)
    _die_with(parent)
    _forget_signals()
    _leave_all_but(files)
    own = dict(environment)
    os.environ.clear()
    os.environ.update(own)
    setproctitle(f"frenemies: {name}")


def _die_with(parent: int) -> None:
    if _libc is not None:
        _libc.prctl(_DIE_WITH_PARENT, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)


def _forget_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in _OURS:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _OURS)


def _leave_all_but(kept: Iterable[int]) -> None:
    """Objects of the parent still hold its files. What they write goes nowhere, and not into the next file of ours."""
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    for handle in {int(handle.name) for handle in Path("/dev/fd").iterdir()} - {0, 1, 2, nowhere, *kept}:
        with suppress(OSError):
            os.dup2(nowhere, handle)
