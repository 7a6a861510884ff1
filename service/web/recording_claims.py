"""Recording a claim on the page, beside the text of its article."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from flask import Response, request, url_for
from markupsafe import Markup, escape

from events.errors import DomainError, Invalid
from events.vocabulary import ASSERTER_KINDS, MODALITIES, POLARITIES, TIME_KINDS
from service.errors import ServiceError
from service.intake.errors import Fault, Misshapen
from service.intake.schemas import ClaimBody
from service.timeline.drafts import ClaimDraft
from service.timeline.views import ArticleView
from service.web import choices, wording
from service.web.blueprint import PAGES, RECORDING, forward, page
from service.web.claim_form import FIELDS, ClaimReader, compacted, rows_shown
from service.web.forms import Form, filled, loaded, recorded, refusal, sent
from service.web.question import asked
from service.web.reading import offered
from service.web.recording import already, article_named

ROWS, TYPE, FIND = "rows", "type", "find"
"""Buttons that change the form and record nothing."""


class Pieces(NamedTuple):
    """A text around the place that was chosen in it."""

    before: Markup
    chosen: Markup
    after: Markup


@PAGES.route("/record/claim", shows=RECORDING, methods=("GET", "POST"))
def record_claim() -> Response:
    """The second step: what the article says. Without an article or a type, the choice of one."""
    given = asked()
    if "article" not in given:
        return page("record_choose.html", article=None, choices=choices)
    article = article_named(given["article"])
    if request.method == "GET":
        return _begun(article, given.get("type"))
    form = Form(compacted(sent()), FIELDS)
    if form.value("/type") not in choices.TYPES:
        raise Invalid(f"a type is one of: {', '.join(choices.TYPES)}", "/type")
    if form.step == FIND:
        form = _found(form, article)
    if form.step:
        return page("record_claim.html", 422 if form.faults else 200, form=form, **_around(article, form))
    try:
        written = recorded(_draft(form, article))
    except (DomainError, ServiceError) as error:
        return refusal("record_claim.html", form, error, **_around(article, form))
    shown = url_for("pages.show_claim", id=written.id)
    return forward(shown) if written.changed else already("The claim", {"Look at it": shown})


def offers(form: Form) -> dict[str, Any]:
    """What the fields of a claim offer to choose from."""
    type_ = form.value("/type")
    return {
        "choice": choices.CHOICES[type_],
        "choices": choices,
        "rows": rows_shown(form.given, type_, form.step == ROWS),
        "offered": offered(),
        "kinds": {kind: wording.KINDS[kind] for kind in ASSERTER_KINDS},
        "modalities": {name: wording.MODALITIES[name][0] for name in MODALITIES},
        "polarities": dict(zip(POLARITIES, ("it says so", "it says that it is not so"), strict=True)),
        "times": {kind: choices.TIMES[kind] for kind in TIME_KINDS},
    }


def _begun(article: ArticleView, type_: str | None) -> Response:
    """An empty form, or the choice of a type."""
    if type_ is None:
        return page("record_choose.html", article=article, choices=choices)
    if type_ not in choices.TYPES:
        raise Invalid(f"a type is one of: {', '.join(choices.TYPES)}", "type")
    form = Form({"/type": type_, "/modality": "done", "/polarity": "positive"}, FIELDS)
    return page("record_claim.html", form=form, **_around(article, form))


def _around(article: ArticleView, form: Form) -> dict[str, Any]:
    return offers(form) | {"article": article, "pieces": pieces(article.text, form) if article.text else None}


def _draft(form: Form, article: ArticleView) -> ClaimDraft:
    reader = ClaimReader(form.given)
    said = reader.said(article.published)
    evidence = _evidence(form, article.text)
    faults = (*reader.faults, *_faults_of_place(evidence, article.text))
    data = {"article": article.id, "evidence": evidence, **filled({"ref": form.value("/ref").strip()}), **said}
    return ClaimDraft(**loaded(ClaimBody, data, faults))


def _evidence(form: Form, text: str | None) -> dict[str, Any]:
    place = _place(form)
    quote = form.value("/evidence/quote/exact").strip()
    there = _there(place, text)
    # A form has its own ends of lines; the quote has those of the text.
    if there is not None and there.replace("\r\n", "\n") == quote:
        quote = there
    return filled(
        {"summary": form.value("/evidence/summary").strip(), "position": place, "quote": filled({"exact": quote})}
    )


def _faults_of_place(evidence: dict[str, Any], text: str | None) -> list[Fault]:
    """What is wrong with a place in a text that is known."""
    place, quote = evidence.get("position", {}), evidence.get("quote")
    end, there = place.get("end"), _there(place, text)
    if text is not None and isinstance(end, int) and end > len(text):
        return [Fault("/evidence/position/end", f"The text has {len(text)} characters.")]
    if quote and there is not None and there != quote["exact"]:
        detail = f"Other words stand at characters {place['start']} to {end}. Select them again, or clear one of both."
        return [Fault("/evidence/quote/exact", detail)]
    return []


def _there(place: Mapping[str, Any], text: str | None) -> str | None:
    """The words at a place; None where it is none in the text, or the text is not known."""
    start, end = place.get("start"), place.get("end")
    if text is None or not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(text)):
        return None
    return text[start:end]


def _place(form: Form) -> dict[str, int | str]:
    """The place that was typed, as far as it was."""
    return filled({name: _number(form.value(f"/evidence/position/{name}")) for name in ("start", "end")})


def _number(text: str) -> int | str:
    """A whole number; anything else as it is, for the shape to refuse."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text


def _found(form: Form, article: ArticleView) -> Form:
    """The form with the place of its quote, if that stands in the text once."""
    text, quote = article.text or "", form.value("/evidence/quote/exact").strip()
    count = text.count(quote) if quote else 0
    if count != 1:
        detail = (
            f"These words stand there {count} times; type more of them." if count else "The text has no such words."
        )
        return form.refused(Misshapen(detail, "/evidence/quote/exact"))
    start = text.index(quote)
    place = {"/evidence/position/start": str(start), "/evidence/position/end": str(start + len(quote))}
    return Form({**form.given, **place}, form.fields)


def pieces(text: str, form: Form) -> Pieces:
    """The text with the place that was typed set apart; nothing chosen where there is none."""
    place = _place(form)
    there = _there(place, text) or ""
    start = int(place["start"]) if there else 0
    return Pieces(*(_kept(part) for part in (text[:start], there, text[start + len(there) :])))


def _kept(text: str) -> Markup:
    """Text for a page on which every character counts; browsers drop carriage returns that are not written so."""
    return escape(text).replace("\r", Markup("&#13;"))
