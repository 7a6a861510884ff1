"""Signals as something to wait for."""

from __future__ import annotations

import select
import signal
import socket
from types import FrameType, TracebackType
from typing import Any, Self

_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Signals:
    """For the time of the block, the signals that end a process only set `stopping`, and wake up `wait`.

    For the main thread, once in a process. A child that ends wakes up `wait` as well.
    """

    def __init__(self) -> None:
        self.stopping = False
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._woken.setblocking(False)
        self._previous_wakeup = signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        self._previous = {number: signal.signal(number, self._end) for number in _ENDING}
        self._previous[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _pass)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._previous_wakeup)
        self._wake.close()
        self._woken.close()

    def wait(self, timeout: float) -> None:
        """Returns after a signal, or after `timeout` seconds."""
        if not self.stopping and select.select([self._woken], [], [], max(timeout, 0))[0]:
            self._woken.recv(4096)

    def _end(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True


def _pass(number: int, frame: FrameType | None) -> None:
    """A signal without a handler would not wake anybody up."""
