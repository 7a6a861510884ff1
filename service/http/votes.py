"""Votes, known by their body and what they would open, or by their motion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from events.text import clean_id, clean_text
from service.http.api import Resource
from service.http.context import timeline
from service.http.demands import needs
from service.http.errors import BadQuery
from service.http.jsons import json_answer
from service.http.paging import point
from service.http.pinning import pinned
from service.http.query import VoteQuery
from service.http.render import vote_answer
from service.intake.errors import Fault
from service.keys.scopes import STATE_READ

RESOURCE = Resource("votes", "Votes of bodies.", reads=needs(STATE_READ))
_MOVES = ("relation", "subject", "object")


@RESOURCE.get("/v1/votes/<body>", "VoteAnswer", query=VoteQuery)
def read_vote(body: str, query: dict[str, Any]) -> Response:
    """One vote: by relation, subject and object, or by its motion."""
    moves, motion = which(query)
    clocks = point(query)
    answer = vote_answer(timeline().vote(body, clocks, moves=moves, motion=motion), clocks)
    return json_answer(pinned(answer, clocks, query))


def which(query: Mapping[str, Any]) -> tuple[tuple[str, str, str] | None, str | None]:
    """What the vote moves, or its motion as it was recorded. BadQuery unless it is one of them, and whole."""
    given = [name for name in _MOVES if name in query]
    if "motion" in query and not given:
        return None, clean_text(query["motion"], "motion").strip()
    if "motion" in query or len(given) < len(_MOVES):
        detail = "A vote is named by relation, subject and object together, or by motion alone."
        raise BadQuery(detail, "/motion", [Fault("/motion", detail)])
    subject, other = clean_id(query["subject"], "subject"), clean_id(query["object"], "object")
    return (query["relation"], subject, other), None
