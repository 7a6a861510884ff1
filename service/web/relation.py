"""The page of one relation: what it is at one point, and every claim behind it."""

from __future__ import annotations

from flask import Response

from service.http.context import timeline
from service.http.paging import next_page
from service.http.render import relation_answer
from service.web.blueprint import PAGES, in_api, page
from service.web.live import live_about
from service.web.paged import page_asked
from service.web.sources import claims_in, surroundings_of

CARDS = 20
"""So many claims are on one page."""


@PAGES.get("/relation/<relation>/<subject>/<object>")
def show_relation(relation: str, subject: str, object: str) -> Response:
    """One relation with a part of its claims, also those that do not count."""
    clocks, after = page_asked()
    told = relation_answer(timeline().relation(relation, subject, object, clocks), clocks)
    part = timeline().relation_claims(relation, subject, object, clocks, CARDS, after)
    shown = [view.id for view in sorted(part.items, key=lambda view: (view.published[::-1], view.position))]
    return page(
        "relation.html",
        told=told,
        shown=shown,
        sources=surroundings_of({*shown, *claims_in(told)}, clocks),
        live=live_about(clocks.position, (told["subject"], told["object"]), is_joint=True),
        following=next_page(clocks, part.after),
        is_first=after is None,
        json=in_api(f"/v1/relations/{relation}/{subject}/{object}"),
    )
