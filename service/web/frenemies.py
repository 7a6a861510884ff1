"""Those who cooperate and oppose each other on one day, side by side."""

from __future__ import annotations

from typing import Any

from flask import Response

from service.http.network import frenemies_answer
from service.http.paging import asked as asked_page
from service.http.query import FrenemiesQuery
from service.web.blueprint import PAGES
from service.web.reading import behind, in_api, question, shown


@PAGES.get("/frenemies")
def show_frenemies() -> Response:
    """The pairs, of everybody or of one entity."""
    return shown("frenemies.html", _found)


def _found() -> dict[str, Any]:
    query = question(FrenemiesQuery)
    clocks, after = asked_page(query)
    told = frenemies_answer(query, clocks, after)
    oppose = [pair["oppose"] for pair in told["pairs"]]
    items = [item for side in (*oppose, *(pair["cooperate"] for pair in told["pairs"])) for item in side["relations"]]
    stances = [stance for side in oppose for stance in side["stances"]]
    voices = [by["asserter"] for item in (*items, *stances) for by in item["asserted_by"]]
    texts = [*voices, *(stance["speaker"] for stance in stances)]
    json = in_api("/v1/frenemies", FrenemiesQuery)
    return {"told": told, "json": json, **behind((), texts, clocks, told["names"])}
