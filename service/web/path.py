"""The shortest path between two entities, as a list and as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flask import Response

from events.vocabulary import RELATIONS
from service.http.network import path_answer
from service.http.paging import point
from service.http.plain import Answer
from service.http.query import STATUSES, PathQuery
from service.web.blueprint import PAGES
from service.web.question import asked
from service.web.reading import in_api, question, shown

WIDTH, MIDDLE, SPREAD = 165, 46, 9
"""Of one step of the picture: how wide it is, how far below the top it runs, and how far apart its lines are."""
MOST_LINES = 4
_LONGEST_NAME = 20


class Line(NamedTuple):
    """A relation between two neighbours; its place is in pixels."""

    start: int
    end: int
    y: int
    status: str


class Stop(NamedTuple):
    """An entity on the way, with its name as far as there is room."""

    x: int
    name: str
    whole: str


class Picture(NamedTuple):
    """A path from left to right."""

    width: int
    stops: list[Stop]
    lines: list[Line]


@PAGES.get("/path")
def show_path() -> Response:
    """The shortest path on one day; of several the first by ids."""
    is_asked = {"from", "to"} <= asked().keys()
    return shown("path.html", _found if is_asked else lambda: None, relations=sorted(RELATIONS), statuses=STATUSES)


def _found() -> dict[str, Any]:
    query = question(PathQuery)
    told = path_answer(query, point(query))
    edges = {(edge["relation"], edge["subject"], edge["object"]): edge for edge in told["edges"]}
    steps = [(step, [edges[tuple(key.values())[:3]] for key in step["relations"]]) for step in told["steps"]]
    json = in_api("/v1/path", PathQuery)
    return {"told": told, "steps": steps, "picture": _picture(told["steps"], told["names"]), "json": json}


def _picture(steps: Sequence[Answer], names: Mapping[str, str | None]) -> Picture:
    ids = [steps[0]["from"], *(step["to"] for step in steps)] if steps else []
    stops = [_stop(WIDTH // 2 + WIDTH * place, names.get(id) or id) for place, id in enumerate(ids)]
    lines = []
    for place, step in enumerate(steps):
        drawn = step["relations"][:MOST_LINES]
        top = MIDDLE - SPREAD * (len(drawn) - 1) // 2
        ends = stops[place].x, stops[place + 1].x
        lines += [Line(*ends, top + SPREAD * row, key["status"]) for row, key in enumerate(drawn)]
    return Picture(WIDTH * len(stops), stops, lines)


def _stop(x: int, name: str) -> Stop:
    return Stop(x, name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…", name)
