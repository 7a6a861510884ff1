"""The explorer: who is with whom, in a network, on a timeline and in a table, all moved by the dates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from flask import Response

from events.errors import DomainError
from events.facts import NOT_HELD, UNKNOWN
from events.vocabulary import RELATIONS
from service.errors import QueryTooExpensive
from service.http.context import timeline
from service.http.parameters import parsed
from service.http.periods import found, periods_answer
from service.http.plain import Answer
from service.http.query import PeriodsQuery
from service.http.scope import demand_one_scope
from service.http.statuses import status_of
from service.web.blueprint import PAGES, in_api, page
from service.web.live import live_picture
from service.web.names import demand_known
from service.web.question import asked, clocks_asked
from service.web.reading import in_words, offered

SCOPE = ("center", "depth", "entities", "relation")


class Row(NamedTuple):
    """A relation on the day that is shown."""

    relation: str
    subject: str
    object: str
    period: Mapping[str, Any]


@PAGES.get("/")
def explore() -> Response:
    """The explorer around an entity, among some, or of everybody where they are few."""
    given = asked()
    scope = {name: given[name] for name in SCOPE if name in given}
    if "center" not in scope:
        scope.pop("depth", None)  # a form without scripts always sends it
    around: dict[str, Any] = {"asked": given, "scope": scope, "offered": offered(), "relations": sorted(RELATIONS)}
    try:
        world = _world(scope)
    except (DomainError, QueryTooExpensive) as error:
        is_first = not scope and isinstance(error, QueryTooExpensive)
        refusal = None if is_first else in_words(error)
        return page("explorer.html", 200 if is_first else status_of(type(error)), refusal=refusal, world=None, **around)
    day = given.get("as_of") or _last_change(world) or world["clocks"]["as_of"]
    rows = _rows(world, day)
    return page(
        "explorer.html",
        refusal=None,
        world=world,
        day=day,
        rows=rows,
        json=in_api("/v1/periods", **scope),
        **around,
        live=live_picture(world["position"]),
    )


def _world(scope: Mapping[str, str]) -> Answer:
    """What is so on all days; with the end of the log, and around whom it is and how far."""
    demand_known()
    question = parsed(PeriodsQuery, scope)
    demand_one_scope(question)
    clocks = clocks_asked()
    answer = periods_answer(found(question, clocks), clocks)
    goes_on = {notice["asked"]: notice["answered"] for notice in answer["notices"]}
    center = goes_on.get(scope.get("center", ""), scope.get("center"))
    return answer | {"head": timeline().head(), "center": center, "depth": question.get("depth", 1)}


def _last_change(world: Answer) -> str | None:
    """The last day until today on which anything changed."""
    items = [*world["relations"], *world["votes"]]
    days = {period["from"] for item in items for period in item["periods"] or ()} - {None}
    return max((day for day in days if day <= world["clocks"]["as_of"]), default=None)


def _rows(world: Answer, day: str) -> list[Row]:
    """The relations that hold, may hold or are planned on a day, as near to the center as is asked for on that day."""
    rows = []
    for told in world["relations"]:
        period = _on(told["periods"] or (), day)
        if period is not None and period["status"] not in (NOT_HELD, UNKNOWN):
            rows.append(Row(told["relation"], told["subject"], told["object"], period))
    if world["center"] is None:
        return rows
    near = {world["center"]}
    for _ in range(world["depth"]):
        near |= {end for row in rows for end in (row.subject, row.object) if {row.subject, row.object} & near}
    return [row for row in rows if {row.subject, row.object} <= near]


def _on(periods: Iterable[Answer], day: str) -> Answer | None:
    return next((p for p in periods if (p["from"] or "") <= day and (p["to"] is None or day < p["to"])), None)
