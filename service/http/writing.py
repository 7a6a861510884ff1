"""Recording what a request brings, and telling what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Response

from events.errors import DomainError, Invalid
from service.http.context import expected_version, recorder, request_key, timeline
from service.http.errors import BadPath
from service.http.jsons import json_answer
from service.http.records import written
from service.intake.errors import Misshapen
from service.timeline.drafts import Draft
from service.timeline.views import Outcome, Written


def record(drafts: Sequence[Draft], expected: int | None = None) -> Outcome:
    """Records drafts in the name of the request: its key, its note, its idempotency key."""
    return timeline().record(drafts, recorder=recorder(), expected=expected, request=request_key())


def change(
    draft: Draft, location: str, *, is_new: Callable[[Written], bool] = lambda item: item.changed, moves: bool = False
) -> Response:
    """Records a change of one thing, at the version that If-Match demands; 201 when it `is_new`, else 200.

    `moves`: also which claims moved with it.
    """
    try:
        outcome = record([draft], expected_version())
    except DomainError as error:
        raise _without_name(error) from None
    (item,) = outcome.items
    answer = told(outcome, item) | ({"also_moved": item.also_moved} if moves else {})
    return json_answer(answer, 201 if is_new(item) else 200, headers={"Location": location})


def told(outcome: Outcome, item: Written) -> dict[str, Any]:
    """What recording one thing did; `position` is what a reader has to have seen to see all of it."""
    answer = written(item) | {"recorded_at": outcome.recorded_at if item.changed else None}
    return answer | ({"position": outcome.position} if item.changed else {})


def demand_same(given: str | None, named: str, pointer: str) -> None:
    """Misshapen when the body says another name than the path."""
    if given not in (None, named):
        raise Misshapen("The path names another one.", pointer)


def _without_name(error: DomainError) -> DomainError:
    """What is wrong with the name of the thing itself is wrong in the path, not in the body."""
    if error.pointer not in ("/id", "/of"):
        return error
    return BadPath(error.detail, "id") if isinstance(error, Invalid) else type(error)(error.detail)
