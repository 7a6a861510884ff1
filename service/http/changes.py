"""Differences: what changed in the state of an entity between two points of one clock, and which records did it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from service.feeds.cursor import BadCursor
from service.http import records
from service.http.api import Resource
from service.http.context import timeline
from service.http.demands import needs
from service.http.errors import BadQuery
from service.http.items import shown
from service.http.jsons import json_answer
from service.http.paging import asked, linked, next_page
from service.http.pinning import pinned
from service.http.plain import Answer, clocks_answer, enveloped, named
from service.http.query import ChangesQuery
from service.intake.errors import Fault
from service.keys.scopes import STATE_READ
from service.timeline.views import ChangesView, Clocks, ExplainedChange

RESOURCE = Resource(
    "changes", "What changed between two points of a clock, and which records did it.", reads=needs(STATE_READ)
)
NEWEST_CAUSES = 20


@RESOURCE.get("/v1/entities/<id>/changes", "Changes", query=ChangesQuery)
def read_changes(id: str, query: dict[str, Any]) -> Response:
    """What is different in the state of an entity at `to`, seen from `from`: applied to the one it gives the other.

    States are meant whole, with what is over (`include=ended`). A later `from` gives the inverse.
    """
    _demand_free_axis(query)
    question = asked(query)
    told, _ = changes_answer(id, query, question.clocks, question.after)
    return linked(json_answer(pinned(told, question.clocks, query, question.after)), told["next"])


def changes_answer(id: str, query: Mapping[str, Any], clocks: Clocks, after: str | None) -> tuple[Answer, Clocks]:
    """A page of the differences along an axis, and the second of the two points; `after` is what a cursor carries."""
    before, then = timeline().two_points(clocks, query["axis"], query["from_"], query["to"])
    view = timeline().changes(id, before, then, query["limit"], _skipped(after))
    following = next_page(clocks, view.after, query.get("token"))
    points = {"from": clocks_answer(before), "to": clocks_answer(then)}
    answer = {"axis": query["axis"], "points": points, **_changes(view), "next": following}
    return enveloped(answer, then, named(answer, view.refs), view.notices), then


def _demand_free_axis(query: Mapping[str, Any]) -> None:
    """BadQuery when the clock along which the points lie is given as well; a token or a cursor always gives it."""
    axis = query["axis"]
    if axis in query and "token" not in query and "cursor" not in query:
        detail = "Along this clock the two points are `from` and `to`; it cannot be given as well."
        raise BadQuery(detail, f"/{axis}", [Fault(f"/{axis}", detail)])


def _skipped(after: str | None) -> int:
    """How many changes were on the pages before."""
    if after is not None and not (after.isascii() and after.isdecimal() and len(after) <= 9):
        raise BadCursor("this is not a cursor of the service", "cursor")
    return int(after or 0)


def _changes(view: ChangesView) -> Answer:
    changes = [_change(item) for item in view.changes]
    return {"entity": records.entity(view.entity), "changes": changes, "names": view.names}


def _change(item: ExplainedChange) -> Answer:
    change = item.change
    return {
        "kind": change.subject.kind,
        "key": change.subject.key,
        "before": shown(change.subject, change.before),
        "after": shown(change.subject, change.after),
        "changed": change.changed,
        "cause": [cause._asdict() for cause in item.causes[-NEWEST_CAUSES:]],
        "cause_count": len(item.causes),
    }
