"""What one question may cost: the time that it has, and how much it may read before it needs a turn.

The budget of the current request is found from anywhere in its thread. Whoever works without one is not limited: what
records has limits of its own, and is not broken off in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import BoundedSemaphore
from time import monotonic

from service.errors import OutOfTime, TooManyQuestions

_current: ContextVar[Budget | None] = ContextVar("budget", default=None)


class Turns:
    """So many questions that need much reading are answered at once; one that reads less than `light` needs no turn."""

    def __init__(self, most: int, light: int) -> None:
        self.most = most
        self.light = light
        self._free = BoundedSemaphore(most)

    def take(self) -> Callable[[], None]:
        """What gives the turn back, once. TooManyQuestions where none is free: nobody waits for one."""
        if not self._free.acquire(blocking=False):
            raise TooManyQuestions(
                f"At most {self.most} at once in a process. Try again in a second, or ask for less: a smaller limit,"
                " one entity, one relation."
            )
        held = [self._free]

        def give_back() -> None:
            while held:
                held.pop().release()

        return give_back


class Budget:
    """That of one question."""

    def __init__(self, seconds: float, turns: Turns) -> None:
        self._seconds = seconds
        self._until = monotonic() + seconds
        self._turns = turns
        self._cost = 0
        self._give_back: Callable[[], None] | None = None

    def left(self) -> float:
        """The seconds that are left. OutOfTime where there are none."""
        left = self._until - monotonic()
        if left <= 0:
            raise self.out_of_time()
        return left

    def out_of_time(self) -> OutOfTime:
        """The refusal of a request that takes too long, and what to do instead."""
        return OutOfTime(
            f"It has {self._seconds:g} seconds. Ask for less at once: a smaller limit, one entity, one relation; or try"
            " again when the service is less busy."
        )

    def spend(self, cost: int) -> None:
        """Notes that so many records or beliefs are read. OutOfTime; TooManyQuestions where it needs a turn by now."""
        self.left()
        self._cost += cost
        if self._cost > self._turns.light and self._give_back is None:
            self._give_back = self._turns.take()

    def part(self, seconds: float) -> Budget:
        """One for a part of the question, which has so many of the seconds that are left. OutOfTime where none are."""
        return Budget(min(seconds, self.left()), self._turns)

    def hand_over(self, seconds: float) -> Callable[[], None]:
        """For an answer that is written while it is sent: it holds a turn until what is given is called.

        What is found within the request has so many seconds from now on.
        """
        self._seconds, self._until = seconds, monotonic() + seconds
        give_back, self._give_back = self._give_back or self._turns.take(), _nothing
        return give_back

    def close(self) -> None:
        """Gives the turn back, if it holds one."""
        if self._give_back is not None:
            self._give_back()
            self._give_back = None


def begin(budget: Budget) -> None:
    """From now on this is the budget of the current request."""
    _current.set(budget)


def end() -> None:
    """The current request is over."""
    budget = _current.get()
    if budget is not None:
        _current.set(None)
        budget.close()


def current() -> Budget | None:
    """That of the current request."""
    return _current.get()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What the current request asks for in the block has so many seconds at most. OutOfTime where it has none left."""
    budget = _current.get()
    token = _current.set(budget.part(seconds) if budget is not None else None)
    try:
        yield
    finally:
        _current.reset(token)


def demand_time() -> None:
    """OutOfTime where the current request has none left."""
    budget = _current.get()
    if budget is not None:
        budget.left()


def spend(cost: int) -> None:
    """Notes what the current request reads (see `Budget.spend`)."""
    budget = _current.get()
    if budget is not None:
        budget.spend(cost)


def _nothing() -> None:
    """The turn is given back by somebody else."""
