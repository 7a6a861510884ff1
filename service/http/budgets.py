"""The budget of each question: begun before its handler, and over with it (see `service.budget`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flask import Flask, Response, request

from service import asking, budget
from service.budget import Budget
from service.http.context import limits, surroundings

_ASKING = ("GET", "HEAD")


def register(app: Flask) -> None:
    """Gives every question to the application a budget."""
    app.before_request(_begin)
    app.teardown_request(_end)


def written_while_found(response: Response) -> Response:
    """The answer, which holds a turn until it is written. TooManyQuestions where none is free.

    What is still to be found is asked of the server that answered so far.
    """
    own = budget.current()
    if own is not None:
        give_back = own.hand_over(limits().stream_seconds + limits().request_deadline)
        response.response = _until_end(asking.continued(response.iter_encoded()), give_back)
        response.call_on_close(give_back)
    return response


def _until_end(parts: Iterator[bytes], give_back: Callable[[], None]) -> Iterator[bytes]:
    try:
        yield from parts
    finally:
        give_back()


def _begin() -> None:
    if request.method in _ASKING:
        budget.begin(Budget(limits().request_deadline, surroundings().heavy_turns))


def _end(_: BaseException | None) -> None:
    budget.end()
