"""Which server answers a question: a replica, where one is current, else the primary; and all of it one of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

import structlog
from flask import Flask, Response, current_app, request

from events.errors import DomainError
from service import asking, metrics
from service.asking import Question
from service.errors import DeadlineExceeded, QueryTooExpensive, ServiceError, TooManyQuestions
from service.http.admission import READING
from service.http.context import surroundings, timeline

View = Callable[..., Any]
_CURRENT = "is_current"
_ALIKE = (DeadlineExceeded, QueryTooExpensive, TooManyQuestions)
"""What the primary would say as well, and only later."""
_log = structlog.get_logger(__name__)


def answer_currently(view: View) -> None:
    """Has a view asked of the primary alone."""
    setattr(view, _CURRENT, True)


def register(app: Flask) -> None:
    """Has the questions to an application answered by the replica that its surroundings name, if they name one."""
    if surroundings(app).replicated is None:
        return
    for endpoint, view in app.view_functions.items():
        if not getattr(view, _CURRENT, False):
            app.view_functions[endpoint] = _asked_there(view)


def await_there(position: int) -> None:
    """Waits, not for long, until who answers the next question can show a position."""
    replicated = surroundings().replicated
    standing = None if replicated is None else replicated.standing()
    if replicated is not None and standing is not None and standing.is_used:
        with asking.of_replica(replicated.patience(standing)), suppress(ServiceError):
            timeline().clocks(min_position=position)


def _asked_there(view: View) -> View:
    @wraps(view)
    def answering(**path: str) -> Any:
        replicated = surroundings().replicated
        if replicated is None or request.method not in READING:
            return view(**path)
        standing = replicated.standing()
        if not standing.is_used:
            metrics.observe_question(metrics.PASSED)
            return view(**path)
        with asking.of_replica(replicated.patience(standing)) as question:
            found = _found(view, path, question)
        if found is not None:
            metrics.observe_question(metrics.ANSWERED)
            return found
        metrics.observe_question(metrics.MOVED)
        return view(**path)

    return answering


def _found(view: View, path: dict[str, str], question: Question) -> Response | None:
    """The answer of the replica; None where that refuses, or fails: it may not have what the primary has."""
    try:
        response = current_app.make_response(view(**path))
    except _ALIKE:
        raise
    except Exception as error:  # what is wrong besides is found with the primary as well, and told then
        if not question.has_asked:
            raise
        if not isinstance(error, DomainError):
            _log.info("the primary is asked in place of the replica", error=str(error))
        return None
    return response if response.status_code < 400 or not question.has_asked else None
