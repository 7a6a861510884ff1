"""Calls of many threads gathered into few: whoever finds nobody at work does the work of all who came meanwhile.

This is group commit inside one process: the flush to disk at the end of a call is shared by all whose work was in it. A
caller who is alone goes straight through; nobody waits for company.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from service.errors import DeadlineExceeded

Given = TypeVar("Given")
Got = TypeVar("Got")


class _Caller(Generic[Given, Got]):
    """One who waits: for an outcome, or to be the one who works."""

    __slots__ = ("given", "leads", "outcome", "turn")

    def __init__(self, given: Given) -> None:
        self.given = given
        self.leads = False
        self.outcome: Got | BaseException | None = None
        self.turn = threading.Lock()
        self.turn.acquire()


class Grouping(Generic[Given, Got]):
    """Hands what callers give to `work`, at most `most` at once, and to each caller what came of his own.

    `work` gives one outcome for each item, in their order; an exception among them is raised to its caller alone, and
    one that it raises to all of them. One `work` is under way at a time.
    """

    def __init__(self, work: Callable[[Sequence[Given]], Sequence[Got | BaseException]], most: int) -> None:
        self._work = work
        self._most = most
        self._lock = threading.Lock()
        self._waiting: deque[_Caller[Given, Got]] = deque()
        self._is_working = False

    @property
    def waiting(self) -> int:
        """How many callers wait for their turn."""
        return len(self._waiting)

    def submit(self, given: Given, patience: float) -> Got:
        """What came of the item. DeadlineExceeded when its turn did not come within `patience` seconds."""
        caller: _Caller[Given, Got] = _Caller(given)
        with self._lock:
            has_to_wait = self._is_working
            self._is_working = True
            if has_to_wait:
                self._waiting.append(caller)
        if has_to_wait:
            self._await_turn(caller, patience)
        if not has_to_wait or caller.leads:
            self._lead(caller)
        if isinstance(caller.outcome, BaseException):
            raise caller.outcome
        return caller.outcome  # type: ignore[return-value]

    def _await_turn(self, caller: _Caller[Given, Got], patience: float) -> None:
        if caller.turn.acquire(timeout=patience):
            return
        with self._lock:
            if caller in self._waiting:
                self._waiting.remove(caller)
                raise DeadlineExceeded("Others were before it for too long.")
        caller.turn.acquire()  # it was taken along meanwhile, and the work has limits of its own

    def _lead(self, caller: _Caller[Given, Got]) -> None:
        with self._lock:
            others = [self._waiting.popleft() for _ in range(min(self._most - 1, len(self._waiting)))]
        callers = [caller, *others]
        try:
            outcomes: Sequence[Got | BaseException] = self._work([one.given for one in callers])
        except BaseException as error:  # noqa: BLE001 - each caller raises it; nobody may be left waiting
            outcomes = [error] * len(callers)
        for one, outcome in zip(callers, outcomes, strict=True):
            one.outcome = outcome
        self._pass_on()
        for one in others:
            one.turn.release()

    def _pass_on(self) -> None:
        with self._lock:
            if not self._waiting:
                self._is_working = False
                return
            following = self._waiting.popleft()
        following.leads = True
        following.turn.release()
