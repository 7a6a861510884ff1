"""The periods of relations and votes: on which days what was so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any

from flask import Response

from events.courses import Course
from events.positions import PositionState
from events.relationships import RelationState
from events.temporal import AFTER_ALL, BEFORE_ALL
from events.votes import VoteState
from service.http import render
from service.http.api import Resource
from service.http.context import timeline
from service.http.demands import needs
from service.http.jsons import json_answer
from service.http.paging import point
from service.http.pinning import pinned
from service.http.plain import Answer, bounds, day, enveloped
from service.http.query import PeriodsQuery
from service.http.scope import demand_one_scope, nodes
from service.keys.scopes import STATE_READ
from service.timeline.views import Clocks, Coursed, PeriodsView

RESOURCE = Resource("periods", "Relations on all days at once.", reads=needs(STATE_READ))


@RESOURCE.get("/v1/periods", "Periods", query=PeriodsQuery)
def read_periods(query: dict[str, Any]) -> Response:
    """All relations on all days; with `center` in the neighbourhood of an entity, with `entities` among some.

    With them come the votes and the stances of the center or of these. It is refused for more than 500 entities, or
    1,000 relations.
    """
    demand_one_scope(query)
    clocks = point(query)
    answer = periods_answer(found(query, clocks), clocks)
    return json_answer(pinned(answer, clocks, query))


def found(query: Mapping[str, Any], clocks: Clocks) -> PeriodsView:
    """What a question about periods finds."""
    periods, relation = timeline().periods, query.get("relation")
    if "center" in query:
        return periods.around(query["center"], query.get("depth", 1), relation, clocks)
    if "entities" in query:
        return periods.among(query["entities"].split(","), relation, clocks)
    return periods.everybody(relation, clocks)


def periods_answer(view: PeriodsView, clocks: Clocks) -> Answer:
    """The answer for all days."""
    answer = {
        "nodes": nodes(view.nodes),
        "relations": [_relation(found) for found in view.relations],
        "votes": [_vote(course) for course in view.votes],
        "stances": [render.stance(point) for point in view.stances],
        "names": view.names,
    }
    return enveloped(answer, clocks, notices=view.notices)


def _relation(found: Coursed) -> Answer:
    relation, subject, other = found.key
    told = {"relation": relation, "subject": subject, "object": other}
    if found.course is None:
        return told | {"claim_count": None, "supported_on": None, "periods": None}
    state = _state(found.course[0].state)
    return told | {
        "claim_count": state.grounds.claim_count,
        "supported_on": day(state.supported_on),
        "periods": _periods(found.course, _fact),
    }


def _vote(course: Course[VoteState]) -> Answer:
    said = render.vote(course[0].state)
    told = {name: said[name] for name in ("body", "moves", "motion", "motions", "claim_count")}
    return told | {"periods": _periods(course, _ballot)}


def _fact(told: RelationState | PositionState) -> Answer:
    state = _state(told)
    fact = state.state
    return {
        "status": fact.status,
        "contested": state.is_contested,
        "since": bounds(fact.since),
        "until": bounds(fact.until),
        "due": bounds(fact.due),
        "planned_since": day(fact.planned_since),
    }


def _ballot(state: VoteState) -> Answer:
    return {
        "status": state.status,
        "when": bounds(state.when),
        "due": bounds(state.due),
        "missed": bounds(state.missed),
        "outcomes": state.outcomes,
    }


def _periods(course: Course[Any], shown: Callable[[Any], Answer]) -> list[Answer]:
    """The longest stretches of days on which what is shown is the same, in order, and without gaps.

    What would be so after all days is left out.
    """
    told = [(piece.since, shown(piece.state)) for piece in course if piece.since < AFTER_ALL]
    stretches = [next(group) for _, group in groupby(told, key=lambda item: item[1])]
    ends = [*(since for since, _ in stretches[1:]), AFTER_ALL]
    return [
        {"from": None if since == BEFORE_ALL else day(since), "to": None if end == AFTER_ALL else day(end), **fact}
        for (since, fact), end in zip(stretches, ends, strict=True)
    ]


def _state(told: RelationState | PositionState) -> RelationState:
    return told.relation if isinstance(told, PositionState) else told
