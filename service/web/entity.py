"""The page of one entity: everything about it at one point, with the claims behind it."""

from __future__ import annotations

from typing import Any

from flask import Response

from events.network import Wanted
from service.http.context import timeline
from service.http.paging import next_page
from service.http.query import ENDED
from service.http.render import state_answer
from service.web.blueprint import PAGES, in_api, page
from service.web.live import live_about
from service.web.paged import page_asked
from service.web.question import asked
from service.web.sources import sources

ITEMS = 50
"""So many relations, votes and stances are on one page."""
_OVER = ("not_held", "unknown")


@PAGES.get("/entity/<id>")
def show_entity(id: str) -> Response:
    """The state of one entity; `ended`: also what is over."""
    is_ended = "ended" in asked()
    clocks, after = page_asked(id)
    view = timeline().entity_state(id, clocks, Wanted(with_ended=is_ended), ITEMS, after)
    state = state_answer(view, is_ended, clocks)
    held = {(position["subject"], position["object"]) for position in state["positions"]}
    state["relations"] = [found for found in state["relations"] if not _is_position(found, held)]
    for relation in [*state["relations"], *state["positions"]]:
        relation["parts"] = [part for part in relation["parts"] if is_ended or part["status"] not in _OVER]
    return page(
        "entity.html",
        state=state,
        sections=[name for name, found in _sections(state) if found],
        sources=sources(state, clocks),
        is_ended=is_ended,
        live=live_about(clocks.position, (id, state["entity"]["id"])),
        is_first=after is None,
        following=next_page(clocks, view.part.after),
        json=in_api(f"/v1/entities/{id}/state", **({"include": ENDED} if is_ended else {})),
    )


def _is_position(relation: dict[str, Any], held: set[tuple[str, str]]) -> bool:
    """Whether a relation is told, with more of it, as a position."""
    return relation["relation"] == "holds_position" and (relation["subject"], relation["object"]) in held


def _sections(state: dict[str, Any]) -> list[tuple[str, Any]]:
    """The parts of the page by name, with what is in them."""
    profile, lineage = state["profile"], state["lineage"]
    return [
        ("Relations", state["relations"]),
        ("Positions", state["positions"]),
        ("Rounds", state["rounds"]),
        ("Votes", state["votes"]),
        ("Stances", state["stances"]),
        ("Profile", [*profile["attributes"], *profile["market_facts"]]),
        ("Lineage", [*lineage["predecessors"], *lineage["successors"]]),
        ("Conflicts", state["conflicts"]),
        ("Excluded", state["excluded"]),
    ]
