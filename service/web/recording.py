"""Recording on the page: an article, and an entity that is missing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

from flask import Response, request, url_for

from events.errors import Conflict, DomainError, Unknown
from events.identity import article_id, canonical_url
from events.vocabulary import ENTITY_KINDS
from service.errors import ServiceError
from service.http.context import timeline
from service.intake.schemas import ArticleBody, EntityLine
from service.timeline.brought import is_uuid
from service.timeline.drafts import ArticleDraft, EntityDraft
from service.timeline.views import ArticleView
from service.web.blueprint import PAGES, RECORDING, forward, page
from service.web.forms import Form, filled, lines, loaded, recorded, refusal, sent
from service.web.reading import offered

ARTICLE_FIELDS = frozenset(f"/{name}" for name in ArticleBody().fields) - {"/sha256"}
ENTITY_FIELDS = frozenset(("/id", "/kind", "/name"))
PERSON = "person"


@PAGES.route("/record", shows=RECORDING, methods=("GET", "POST"))
def record() -> Response:
    """The first step: the article that says something."""
    around: dict[str, Any] = {"offered": offered()}
    if request.method == "GET":
        return page("record.html", form=Form({}), known=None, **around)
    form = Form(sent(), ARTICLE_FIELDS)
    try:
        written = recorded(ArticleDraft(**loaded(ArticleBody, _article_data(form.given))))
    except (DomainError, ServiceError) as error:
        known = _registered_at(form.value("/url").strip()) if isinstance(error, Conflict) else None
        return refusal("record.html", form, _of_the_text(error), known=known, **around)
    following = url_for("pages.record_claim", article=written.id)
    if not written.created:
        return already("The article", {"Record a claim of it": following})
    return forward(following)


@PAGES.route("/record/entity", shows=RECORDING, methods=("GET", "POST"))
def record_entity() -> Response:
    """An entity that nobody has registered yet."""
    around: dict[str, Any] = {"kinds": ENTITY_KINDS}
    if request.method == "GET":
        return page("record_entity.html", form=Form({"/opaque": f"person-{uuid4().hex[:12]}"}), **around)
    form = Form(sent(), ENTITY_FIELDS)
    try:
        draft = EntityDraft(**loaded(EntityLine, _entity_data(form.given)))
        is_known = _is_known(draft)
        name = draft.id if is_known else recorded(draft, expected=0).id
    except (DomainError, ServiceError) as error:
        return refusal("record_entity.html", form, error, **around)
    shown = url_for("pages.show_entity", id=name)
    return already("The entity", {"Look at it": shown}) if is_known else forward(shown)


def article_named(given: str) -> ArticleView:
    """An article by its id or its url. Unknown where there is none."""
    name = given
    if not is_uuid(given):
        with suppress(DomainError):
            name = article_id(canonical_url(given), None)
    if not is_uuid(name):
        raise Unknown(f"there is no article {given!r}; give its id or its url", "article")
    return timeline().article(name, timeline().clocks())


def already(what: str, links: Mapping[str, str]) -> Response:
    """Says that nothing was recorded because it was there, and where it is."""
    return page("record_repeat.html", what=what, links=links)


def _article_data(given: Mapping[str, str]) -> dict[str, Any]:
    typed = {name: given.get(f"/{name}", "") for name in ("url", "title", "publisher", "language", "published")}
    text = given.get("/text", "")
    return filled(
        {name: value.strip() for name, value in typed.items()}
        | {"authors": lines(given.get("/authors", "")), "text": text if text.strip() else ""}
    )


def _of_the_text(error: DomainError | ServiceError) -> DomainError | ServiceError:
    """The refusal with the text as its place where it is about the hash, which nobody typed."""
    if isinstance(error, Conflict) and error.pointer == "/sha256":
        return Conflict("the article is registered with another text", "/text")
    return error


def _entity_data(given: Mapping[str, str]) -> dict[str, Any]:
    typed = {name: given.get(f"/{name}", "").strip() for name in ("id", "kind", "name")}
    return filled(typed | {"id": typed["id"] or _id_for(typed["kind"], typed["name"], given.get("/opaque", ""))})


def _id_for(kind: str, name: str, opaque: str) -> str:
    """An id where none was typed. The log keeps it for ever, so that of a person does not tell the name."""
    if kind == PERSON:
        return opaque.strip()
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "-", plain).strip("-")


def _is_known(draft: EntityDraft) -> bool:
    """Whether the same is registered. Conflict where the id means another one: that is not put right by chance."""
    try:
        view = timeline().entity(draft.id, timeline().clocks())
    except DomainError:
        return False
    if (view.kind, view.name) == (draft.kind, draft.name):
        return True
    raise Conflict(f"this id is that of {view.name or 'somebody'} ({view.kind}); choose another id", "/id")


def _registered_at(url: str) -> str | None:
    """The id of the article that is registered under an address."""
    with suppress(DomainError):
        return article_named(url).id
    return None
