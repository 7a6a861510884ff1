"""Entities: registering, renaming, merging, and what is known about them."""

from __future__ import annotations

from typing import Any

from flask import Response

from events.errors import InvalidDate
from events.temporal import parse_day
from events.text import clean_text
from service.http import formats
from service.http.api import Resource
from service.http.context import timeline
from service.http.demands import needs
from service.http.jsons import json_answer
from service.http.paging import asked, linked, next_page, point
from service.http.pinning import pinned
from service.http.plain import enveloped
from service.http.query import ENDED, Clocks, SearchQuery, StateQuery, TimelineQuery, wanted
from service.http.records import claim, entity
from service.http.rendered import rendered
from service.http.writing import change, demand_same
from service.intake.schemas import MergeBody, RegistrationBody, RenameBody, UnmergeBody
from service.keys.scopes import CLAIMS_WRITE, STATE_READ
from service.timeline.drafts import EntityDraft, MergeDraft, RenameDraft, UnmergeDraft

RESOURCE = Resource("entities", "Who or what claims speak about.", reads=needs(STATE_READ), writes=needs(CLAIMS_WRITE))


@RESOURCE.write("PUT", "/v1/entities/<id>", "Written", body=RegistrationBody, refused=())
def register_entity(id: str, body: dict[str, Any]) -> Response:
    """Register an entity, or put right its name, aliases and identifiers."""
    demand_same(body.pop("id", None), id, "/id")
    return change(EntityDraft(id=id, insists=True, **body), f"/v1/entities/{id}", is_new=lambda item: item.created)


@RESOURCE.write("POST", "/v1/entities/<id>/rename", "Written", body=RenameBody)
def rename_entity(id: str, body: dict[str, Any]) -> Response:
    """Date a new name."""
    return change(RenameDraft(of=id, **body), f"/v1/entities/{id}")


@RESOURCE.write("POST", "/v1/entities/<id>/merge", "Written", body=MergeBody)
def merge_entity(id: str, body: dict[str, Any]) -> Response:
    """Say that the entity is the same as another one, which goes on."""
    return change(MergeDraft(of=id, **body), f"/v1/entities/{id}")


@RESOURCE.write("POST", "/v1/entities/<id>/unmerge", "Written", body=UnmergeBody)
def unmerge_entity(id: str, body: dict[str, Any]) -> Response:
    """Take a merge back, named by its id or by the entity merged into."""
    return change(UnmergeDraft(of=id, **body), f"/v1/entities/{id}")


@RESOURCE.get("/v1/entities", "Entities", query=SearchQuery, refused=())
def search_entities(query: dict[str, Any]) -> Response:
    """Search entities by name, alias, prefix or identifier, in the order of their ids."""
    clocks, after = asked({name: query.get(name) for name in ("min_position", "cursor")})
    q = clean_text(query["q"], "q") if "q" in query else None
    page = timeline().search(q, query.get("identifier"), clocks, query["limit"], after)
    following = next_page(clocks, page.after)
    answer = {"entities": [entity(item) for item in page.items], "next": following}
    return linked(json_answer(enveloped(answer, clocks)), following)


@RESOURCE.get("/v1/entities/<id>", "EntityAnswer", query=Clocks)
def read_entity(id: str, query: dict[str, Any]) -> Response:
    """What is known about an entity itself."""
    clocks = point(query)
    view = timeline().entity(id, clocks)
    return json_answer(pinned(enveloped(entity(view), clocks, notices=view.notices), clocks, query))


@RESOURCE.get("/v1/entities/<id>/state", "EntityState", query=StateQuery, also=formats.OF_A_STATE)
@formats.of_a_state
def read_state(id: str, query: dict[str, Any]) -> Response:
    """Everything about an entity on one day: relations, votes, positions, rounds, profile, stances, and why."""
    clocks, after = asked(query, id)
    view = timeline().entity_state(id, clocks, wanted(query), query["limit"], after)
    following = next_page(clocks, view.part.after, query.get("token"))
    part = rendered(view.part, query.get("include") == ENDED)
    answer = part.answer(view, clocks) | {"next": following}
    return linked(json_answer(pinned(answer, clocks, query, after, part.hash)), following)


@RESOURCE.get("/v1/entities/<id>/timeline", "Claims", query=TimelineQuery)
def read_timeline(id: str, query: dict[str, Any]) -> Response:
    """The claims about an entity in the order of valid time."""
    clocks, after = asked(query)
    first, last = _day(query, "from_", "from"), _day(query, "to", "to")
    page = timeline().claims_of(
        id, clocks, type=query.get("type"), from_=first, to=last, limit=query["limit"], after=after
    )
    following = next_page(clocks, page.after, query.get("token"))
    answer = {"claims": [claim(item) for item in page.items], "next": following}
    told = enveloped(answer, clocks, notices=page.notices)
    return linked(json_answer(pinned(told, clocks, query, after)), following)


def _day(query: dict[str, Any], field: str, name: str) -> int | None:
    text = query.get(field)
    try:
        return None if text is None else parse_day(text)
    except InvalidDate as error:
        raise error.at(name) from None
