"""The page: a company, a day, and every relation with the claims behind it; and the API for reading in a browser."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, make_response, render_template, request

from events.errors import DomainError
from events.network import Wanted
from events.values import ArticleContent
from service.http.context import timeline
from service.http.openapi import document
from service.http.problems import status_of
from service.http.records import claim
from service.http.render import state_answer
from service.timeline.views import Clocks, EntityView

MOST_ENTITIES = 200
_OVER = ("not_held", "unknown")
BLUEPRINT = Blueprint("pages", __name__)


@dataclass(frozen=True)
class Sources:
    """The claims and articles that a page names, by id."""

    claims: Mapping[str, dict[str, Any]]
    articles: Mapping[str, ArticleContent]


@BLUEPRINT.get("/")
def show_state() -> Response:
    """The state of one entity, or the list of entities to choose from."""
    asked = {name: value for name, value in request.args.items() if value.strip()}
    try:
        found, status = _found(asked), 200
    except DomainError as error:
        found, status = {"refusal": error.detail, "sources": Sources({}, {})}, status_of(type(error))
    page = render_template("state.html", asked=asked, entities=_entities(asked.get("q")), **found)
    return make_response(page, status)


@BLUEPRINT.get("/docs")
def show_api() -> Response:
    """The document of the API."""
    api = document(current_app)
    return make_response(render_template("docs.html", api=api, resolved=lambda item: _resolved(api, item)))


def _resolved(api: Any, item: Any) -> Any:
    """What stands behind a reference within the document; anything else is itself."""
    found, steps = (api, item["$ref"].split("/")[1:]) if "$ref" in item else (item, [])
    for step in steps:
        found = found[step]
    return found


def _found(asked: Mapping[str, str]) -> dict[str, Any]:
    entity = asked.get("entity")
    if entity is None:
        return {"sources": Sources({}, {})}
    clocks = timeline().clocks(
        as_of=asked.get("as_of"),
        published_by=asked.get("published_by"),
        recorded_by=asked.get("recorded_by"),
        according_to=asked.get("according_to"),
    )
    is_ended = "ended" in asked
    view = timeline().entity_state(entity, clocks, Wanted(with_ended=is_ended))
    state = state_answer(view, is_ended, clocks)
    for relation in state["relations"]:
        relation["parts"] = [part for part in relation["parts"] if is_ended or part["status"] not in _OVER]
    clock_names = ("published_by", "recorded_by", "according_to")
    question = {"as_of": state["clocks"]["as_of"]} | {name: asked[name] for name in clock_names if name in asked}
    return {
        "state": state,
        "sources": _sources(_claims_in(state), clocks),
        "json_address": f"/v1/entities/{state['entity']['id']}/state?{urlencode(question)}",
    }


def _claims_in(value: Any) -> set[str]:
    """The claims that an answer names."""
    if isinstance(value, dict):
        named = [set(item) for name, item in value.items() if name == "claims"]
        return set().union(*named, *(_claims_in(item) for name, item in value.items() if name != "claims"))
    return set().union(*map(_claims_in, value)) if isinstance(value, list | tuple) else set()


def _sources(named: Collection[str], clocks: Clocks) -> Sources:
    """What some claims say, and their articles."""
    views = timeline().claims(sorted(named), clocks)
    articles = timeline().articles({view.content.article for view in views}, clocks)
    return Sources({view.id: claim(view) for view in views}, articles)


def _entities(q: str | None) -> list[EntityView]:
    page = timeline().search(q, None, timeline().clocks(), MOST_ENTITIES, None)
    return sorted(page.items, key=lambda e: (e.name or e.id).casefold())
