"""From which server what is asked now is answered: all of one question from one.

A question that a replica answers is found from anywhere in its thread. Whoever works without one asks the primary; so
does whatever records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Given = ParamSpec("Given")


@dataclass
class Question:
    """One that a replica answers. It waits there for what the replica lacks for so many seconds.

    `has_asked`: whether the replica was asked for anything.
    """

    patience: float
    has_asked: bool = False


_current: ContextVar[Question | None] = ContextVar("asking", default=None)


def current() -> Question | None:
    """The question that a replica answers; None where the primary is asked."""
    return _current.get()


def patience(longest: float) -> float:
    """For how many seconds the question may wait for the read side: not for long on a replica."""
    own = _current.get()
    return longest if own is None else min(own.patience, longest)


@contextmanager
def of_replica(patience: float) -> Iterator[Question]:
    """What is asked within the block is asked of the replica."""
    question = Question(patience)
    with _as(question):
        yield question


@contextmanager
def aside() -> Iterator[None]:
    """What is asked within the block is asked of the primary: what the log holds by now, and no part of the answer."""
    with _as(None):
        yield


def continued(parts: Iterator[Item]) -> Iterator[Item]:
    """What is found as it is sent, after the request is over: from the server that answers now."""
    own = _current.get()
    return parts if own is None else _within(own, parts)


def carried(do: Callable[Given, Result]) -> Callable[Given, Result]:
    """What another thread does for the question: it asks the same server."""
    own = _current.get()

    def done(*args: Given.args, **named: Given.kwargs) -> Result:
        with _as(own):
            return do(*args, **named)

    return done


def _within(own: Question, parts: Iterator[Item]) -> Iterator[Item]:
    try:
        while True:
            with _as(own):
                try:
                    part = next(parts)
                except StopIteration:
                    return
            yield part
    finally:
        if hasattr(parts, "close"):
            parts.close()


@contextmanager
def _as(question: Question | None) -> Iterator[None]:
    token = _current.set(question)
    try:
        yield
    finally:
        _current.reset(token)
