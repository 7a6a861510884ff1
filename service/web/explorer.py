"""The explorer: who is with whom, in a network, on a timeline and in a table, all moved by the dates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from flask import Response

from events.errors import DomainError
from events.facts import NOT_HELD, UNKNOWN
from events.vocabulary import RELATIONS
from service.errors import QueryTooExpensive
from service.http.body import parsed
from service.http.context import timeline
from service.http.periods import found, periods_answer
from service.http.plain import Answer
from service.http.problems import detail_of, status_of
from service.http.query import PeriodsQuery
from service.http.scope import demand_one_scope
from service.web.blueprint import PAGES, in_api, page
from service.web.question import asked, clocks_asked
from service.web.reading import offered

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
        is_first = not given and isinstance(error, QueryTooExpensive)
        refusal = None if is_first else f"{error.title} {detail_of(error)}"
        return page("explorer.html", 200 if is_first else status_of(type(error)), refusal=refusal, world=None, **around)
    day = given.get("as_of") or _last_change(world) or world["clocks"]["as_of"]
    rows = list(_rows(world["relations"], day))
    return page(
        "explorer.html", refusal=None, world=world, day=day, rows=rows, json=in_api("/v1/periods", **scope), **around
    )


def _world(scope: Mapping[str, str]) -> Answer:
    """What is so on all days; with the position of the log behind the one that is shown."""
    question = parsed(PeriodsQuery, scope)
    demand_one_scope(question)
    clocks = clocks_asked()
    return periods_answer(found(question, clocks), clocks) | {"head": timeline().head()}


def _last_change(world: Answer) -> str | None:
    """The last day until today on which anything changed."""
    items = [*world["relations"], *world["votes"]]
    days = {period["from"] for item in items for period in item["periods"] or ()} - {None}
    return max((day for day in days if day <= world["clocks"]["as_of"]), default=None)


def _rows(relations: Iterable[Answer], day: str) -> Iterator[Row]:
    """The relations that hold, may hold or are planned on a day."""
    for told in relations:
        period = _on(told["periods"] or (), day)
        if period is not None and period["status"] not in (NOT_HELD, UNKNOWN):
            yield Row(told["relation"], told["subject"], told["object"], period)


def _on(periods: Iterable[Answer], day: str) -> Answer | None:
    return next((p for p in periods if (p["from"] or "") <= day and (p["to"] is None or day < p["to"])), None)
