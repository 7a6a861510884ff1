"""Entities given by their names: people type those, and addresses hold ids."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import g, redirect, request
from werkzeug.wrappers import Response

from events.errors import Invalid, UnknownReference
from events.text import clean_name, clean_text, folded, is_id
from service.http.context import timeline
from service.web.blueprint import PAGES

_ENTITIES = ("center", "entity", "entities", "according_to")
_OF_A_PATH = ("from", "to")
_MATCHES = 5


@PAGES.before_request
def address_by_ids() -> Response | None:
    """Leads an address in which entities are given by their names to the one with their ids.

    Invalid for a parameter that no text may be. Names that nobody has are left to the view (`demand_known`).
    """
    for name, value in request.args.items():
        clean_text(value, name)
    if request.method != "GET":
        return None
    parameters = (*_ENTITIES, *(_OF_A_PATH if request.endpoint == "pages.show_path" else ()))
    asked = request.args.to_dict()
    try:
        named = asked | {name: _ids(asked[name], name) for name in parameters if asked.get(name, "").strip()}
    except Invalid as error:
        g.unknown_name = error
        return None
    return None if named == asked else redirect(f"{request.path}?{urlencode(named)}")


def demand_known() -> None:
    """For a view with a form to show it in. Invalid or UnknownReference for a name in its address that nobody has."""
    if "unknown_name" in g:
        raise g.unknown_name


def _ids(text: str, parameter: str) -> str:
    """One entity, or several with commas between them; a name may have a comma in it, too."""
    parts = text.split(",") if parameter == "entities" else [text]
    return ",".join(entity_named(part.strip(), parameter) for part in parts if part.strip())


def entity_named(text: str, place: str) -> str:
    """The id of an entity given by its id, or by a name or alias that no other has. Invalid, or UnknownReference."""
    if not text or is_id(text):
        return text
    wanted = folded(clean_name(text, place))
    page = timeline().search(text, None, timeline().clocks(), 200, None)
    found = [e for e in page.items if wanted in {folded(name) for name in (e.name or "", *e.aliases)}]
    if not found:
        raise UnknownReference(f"nobody is known by the name {text!r}; register it first, or give its id", place)
    if len(found) > 1:
        ids = ", ".join(e.id for e in found[:_MATCHES])
        raise UnknownReference(f"several are called {text!r}; give the id of one of them: {ids}", place)
    return found[0].id
