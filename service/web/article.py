"""The page of one article: its claims in the order of the text, and the text with their places marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Response

from service.http.context import own_id, timeline
from service.http.plain import clocks_answer
from service.http.records import article
from service.web.blueprint import PAGES, in_api, page
from service.web.live import live_of_article
from service.web.marking import Place, marked
from service.web.question import clocks_asked
from service.web.sources import MOST_CLAIMS, claims_and_names

NOWHERE = 2**31
"""Behind every place in a text."""


@PAGES.get("/article/<id>")
def show_article(id: str) -> Response:
    """One article with its claims."""
    clocks = clocks_asked()
    view = timeline().article(own_id(id), clocks)
    sources = claims_and_names(view.claims[:MOST_CLAIMS], {view.publisher, *view.authors}, clocks)
    claims = sorted(sources.claims.values(), key=_in_the_text)
    pieces = list(marked(view.text, list(_places(claims)))) if view.text else None
    return page(
        "article.html",
        article=article(view),
        clocks=clocks_answer(clocks),
        position=clocks.position,
        live=live_of_article(clocks.position, id),
        claims=claims,
        sources=sources,
        pieces=pieces,
        in_text={place.claim for piece in pieces or () for place in piece.opening},
        json=in_api(f"/v1/articles/{id}"),
    )


def _in_the_text(claim: dict[str, Any]) -> tuple[int, int, str]:
    found = [item["position"] for item in claim["evidence"] if item["position"]]
    return (*min(((place["start"], place["end"]) for place in found), default=(NOWHERE, NOWHERE)), claim["id"])


def _places(claims: Sequence[dict[str, Any]]) -> Iterator[Place]:
    for number, claim in enumerate(claims, start=1):
        found = sorted(
            (item["position"]["start"], item["position"]["end"]) for item in claim["evidence"] if item["position"]
        )
        for index, (start, end) in enumerate(found):
            yield Place(start, end, number, claim["id"], is_first=index == 0)
