"""Ctrl-C is for the process that was asked, which ends those that it started; SIGTERM where a command asks for it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM, which ends what is under way as Ctrl-C does."""


@contextmanager
def raised_on_termination() -> Iterator[None]:
    """SIGTERM raises Terminated in the block. For the main thread."""
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


@contextmanager
def deaf_children() -> Iterator[None]:
    """Processes that are started in the block never hear of Ctrl-C, not even while they load. Here it comes late."""
    resource_tracker.ensure_running()  # it would unblock the signal when the first process starts it
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
