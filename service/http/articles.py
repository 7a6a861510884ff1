"""Articles: the sources."""

from __future__ import annotations

from typing import Any

from flask import Response

from service.http.api import Resource
from service.http.context import own_id, refuse_version, timeline
from service.http.demands import needs
from service.http.jsons import json_answer
from service.http.paging import point
from service.http.pinning import pinned
from service.http.plain import enveloped, named
from service.http.query import Clocks
from service.http.records import article
from service.http.writing import change, record, told
from service.intake.records import article_correction
from service.intake.schemas import ArticleBody, ArticleCorrectionBody
from service.keys.scopes import CLAIMS_WRITE, STATE_READ
from service.timeline.drafts import ArticleDraft

RESOURCE = Resource("articles", "The sources of claims.", reads=needs(STATE_READ), writes=needs(CLAIMS_WRITE))


@RESOURCE.write("POST", "/v1/articles", "Written", body=ArticleBody, refused=(), most="article_body", changes=False)
def register_article(body: dict[str, Any]) -> Response:
    """Register an article; the same one again is answered with the stored one."""
    refuse_version()
    outcome = record([ArticleDraft(**body)])
    (item,) = outcome.items
    location = {"Location": f"/v1/articles/{item.id}"}
    return json_answer(told(outcome, item), 201 if item.created else 200, headers=location)


@RESOURCE.write(
    "POST",
    "/v1/articles/<id>/corrections",
    "WrittenArticle",
    body=ArticleCorrectionBody,
    most="article_body",
    by_uuid=True,
)
def correct_article(id: str, body: dict[str, Any]) -> Response:
    """Put right what is recorded about an article. Dates of claims that a rule derived from its date follow."""
    draft = article_correction(of=own_id(id), **body)
    return change(draft, f"/v1/articles/{id}", moves=True)


@RESOURCE.get("/v1/articles/<id>", "ArticleAnswer", query=Clocks, by_uuid=True)
def read_article(id: str, query: dict[str, Any]) -> Response:
    """An article with the ids of its claims."""
    clocks = point(query)
    view = timeline().article(own_id(id), clocks)
    found = article(view)
    return json_answer(pinned(enveloped(found, clocks, named(found, view.refs)), clocks, query))
