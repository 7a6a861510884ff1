"""Relations: one at a time, and the claims behind it."""

from __future__ import annotations

from typing import Any

from flask import Response

from service.http.api import Resource
from service.http.context import timeline
from service.http.demands import needs
from service.http.jsons import json_answer
from service.http.paging import asked, linked, next_page, point
from service.http.pinning import pinned
from service.http.plain import enveloped
from service.http.query import ClaimsQuery, Clocks
from service.http.records import claim
from service.http.render import relation_answer
from service.keys.scopes import STATE_READ

RESOURCE = Resource("relations", "What claims open, change and end between two entities.", reads=needs(STATE_READ))


@RESOURCE.get("/v1/relations/<relation>/<subject>/<object>", "RelationAnswer", query=Clocks)
def read_relation(relation: str, subject: str, object: str, query: dict[str, Any]) -> Response:
    """One relation on one day; it always has a status, also when nobody says anything about it."""
    clocks = point(query)
    answer = relation_answer(timeline().relation(relation, subject, object, clocks), clocks)
    return json_answer(pinned(answer, clocks, query))


@RESOURCE.get("/v1/relations/<relation>/<subject>/<object>/claims", "Claims", query=ClaimsQuery)
def read_claims(relation: str, subject: str, object: str, query: dict[str, Any]) -> Response:
    """The claims about one relation, also those that do not count, in the order of their ids."""
    clocks, after = asked(query)
    page = timeline().relation_claims(relation, subject, object, clocks, query["limit"], after)
    following = next_page(clocks, page.after, query.get("token"))
    answer = {"claims": [claim(item) for item in page.items], "next": following}
    told = enveloped(answer, clocks, notices=page.notices)
    return linked(json_answer(pinned(told, clocks, query, after)), following)
