"""The page of one claim: everything about it, and what became of it."""

from __future__ import annotations

from flask import Response

from events.effects import relations
from service.http.context import timeline
from service.web.blueprint import PAGES, in_api, page
from service.web.history import history
from service.web.live import live_of_claim
from service.web.question import clocks_asked
from service.web.sources import surroundings_of

MOST_EVENTS = 200
"""So many events of a claim are shown; the API has all."""


@PAGES.get("/claim/<id>")
def show_claim(id: str) -> Response:
    """One claim, by its id or by a name that a sender gave it."""
    clocks = clocks_asked()
    view = timeline().claim(id, clocks)
    events = timeline().claim_history(view.id, MOST_EVENTS, 0)
    return page(
        "claim.html",
        clocks=clocks,
        claim_id=view.id,
        live=live_of_claim(clocks.position, view.id),
        bears_on=sorted(relations(view.content)),
        sources=surroundings_of({view.id}, clocks),
        history=history(events.items, clocks.position),
        has_more=events.after is not None,
        json=in_api(f"/v1/claims/{view.id}"),
        json_history=f"/v1/claims/{view.id}/history",
    )
