"""Correcting, withdrawing and answering a claim on the page."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for

from events.errors import DomainError, Invalid, Unknown
from events.vocabulary import ASSERTER_KINDS
from service.errors import ServiceError
from service.http.claims import in_response
from service.http.context import timeline
from service.http.records import claim
from service.intake.errors import Fault, Misshapen
from service.intake.records import claim_correction
from service.intake.schemas import ClaimCorrectionBody, ReasonBody, ResponseBody
from service.timeline.drafts import ClaimCorrectionDraft, ResponseDraft, RetractionDraft
from service.timeline.views import ArticleView, ClaimView, Clocks, Written
from service.web import choices, wording
from service.web.blueprint import PAGES, RECORDING, forward, page
from service.web.choices import CHOICES
from service.web.claim_form import FIELDS, ClaimReader, compacted, typed_of
from service.web.forms import Form, filled, loaded, recorded, refusal, sent
from service.web.question import asked
from service.web.reading import offered
from service.web.recording import already
from service.web.recording_claims import offers

SEEN = "/seen"
"""The log position at which the claim stood as the form showed it; what differs from that is the correction."""
BY_CLAIM, BY_ARTICLE = "claim", "article"
RESPONSE_FIELDS = frozenset(
    (
        *("/response", "/voice", "/by", "/by/article", "/aspect", "/reason"),
        *(f"/by/asserted_by{part}" for part in ("", "/kind", "/agent", "/affiliation", "/chain")),
    )
)
REASON_FIELDS = frozenset(("/reason", "/article"))


@PAGES.route("/record/correction", shows=RECORDING, methods=("GET", "POST"))
def record_correction() -> Response:
    """Puts right what a claim says; only what was changed is sent."""
    clocks = timeline().clocks()
    view = _claim_asked(clocks)
    if request.method == "GET":
        form = Form(typed_of(view.content) | {SEEN: str(clocks.position)}, FIELDS)
        return page("record_correction.html", form=form, **offers(form), **_shown(view))
    form = Form(compacted(sent()), FIELDS)
    if form.value("/type") not in CHOICES:
        raise Invalid(f"a type is one of: {', '.join(CHOICES)}", "/type")
    around = offers(form) | _shown(view)
    if form.step:
        return page("record_correction.html", form=form, **around)
    try:
        written = recorded(_correction(form, view, around["article"].published))
    except (DomainError, ServiceError) as error:
        return refusal("record_correction.html", form, _outside_of_changes(error), **around)
    return _done(written, "The correction", view.id, written.changed)


@PAGES.route("/record/retraction", shows=RECORDING, methods=("GET", "POST"))
def record_retraction() -> Response:
    """Withdraws a claim."""
    view = _claim_asked(timeline().clocks())
    around = _shown(view)
    if request.method == "GET":
        return page("record_retraction.html", form=Form({}), **around)
    form = Form(sent(), REASON_FIELDS)
    try:
        data = filled({"reason": form.value("/reason").strip(), "article": form.value("/article").strip()})
        written = recorded(RetractionDraft(of=view.id, **loaded(ReasonBody, data)))
    except (DomainError, ServiceError) as error:
        return refusal("record_retraction.html", form, error, **around)
    return _done(written, "The retraction", view.id, written.changed)


@PAGES.route("/record/response", shows=RECORDING, methods=("GET", "POST"))
def record_response() -> Response:
    """Records what another claim, or somebody in an article, says about a claim."""
    view = _claim_asked(timeline().clocks())
    kinds = {kind: wording.KINDS[kind] for kind in ASSERTER_KINDS}
    around = _shown(view) | {"offered": offered(), "kinds": kinds, "choices": choices}
    if request.method == "GET":
        return page("record_response.html", form=Form({"/voice": BY_ARTICLE}), **around)
    form = Form(sent(), RESPONSE_FIELDS)
    try:
        written = _respond(form, view)
    except (DomainError, ServiceError) as error:
        return refusal("record_response.html", form, error, **around)
    return _done(written, "The response", written.id, written.created)


def _claim_asked(clocks: Clocks) -> ClaimView:
    given = asked()
    if "claim" not in given:
        raise Unknown("the address does not say which claim is meant (?claim=)", "claim")
    return timeline().claim(given["claim"], clocks)


def _shown(view: ClaimView) -> dict[str, Any]:
    """The claim as it stands on top of a form."""
    article: ArticleView = timeline().article(view.content.article, timeline().clocks())
    return {"claim": claim(view), "article": article}


def _correction(form: Form, view: ClaimView, published: str) -> ClaimCorrectionDraft:
    """What was changed against what the form showed, which somebody else may have put right meanwhile."""
    seen = timeline().clocks(recorded_by=form.value(SEEN).strip() or None)
    before = timeline().claim(view.id, seen).content
    reader = ClaimReader(form.given, before.attributes)
    wanted = reader.said(published)
    shown = ClaimReader(compacted(typed_of(before)), before.attributes).said()
    changes = {name: value for name, value in wanted.items() if value != shown.get(name)}
    gone = [Fault(f"/{name}", "This may not be left out.") for name in shown.keys() - wanted.keys()]
    data = {"reason": form.value("/reason").strip(), "article": form.value("/article").strip()}
    fields = loaded(ClaimCorrectionBody, filled(data) | {"changes": changes}, (*reader.faults, *gone))
    if not changes:
        raise Misshapen("Nothing was changed yet: put right what is wrong in one of the fields.")
    return claim_correction(of=view.id, **fields)


def _respond(form: Form, view: ClaimView) -> Written:
    reader = ClaimReader(form.given)
    voice = filled({"article": form.value("/by/article").strip(), "asserted_by": reader.voice("/by/asserted_by")})
    by = form.value("/by").strip() if form.value("/voice") == BY_CLAIM else voice
    texts = {name: form.value(f"/{name}").strip() for name in ("response", "aspect", "reason")}
    fields = loaded(ResponseBody, filled(texts | {"by": by}), reader.faults)
    try:
        return recorded(ResponseDraft(target=view.id, **fields))
    except DomainError as error:
        raise in_response(error) from None


def _outside_of_changes(error: DomainError | ServiceError) -> DomainError | ServiceError:
    """The refusal with places among the fields of the form, which has no changes of their own."""
    if not isinstance(error, DomainError):
        return error
    faults = [Fault(*fault) for fault in getattr(error, "faults", None) or [(error.pointer, error.detail)]]
    moved = [Fault(fault.pointer.removeprefix("/changes"), fault.detail) for fault in faults]
    if isinstance(error, Misshapen):
        return Misshapen(error.detail, moved[0].pointer, moved)
    return type(error)(error.detail, moved[0].pointer)


def _done(written: Written, what: str, claim_id: str, is_new: bool) -> Response:
    shown = url_for("pages.show_claim", id=claim_id)
    return forward(shown) if is_new else already(what, {"Look at the claim": shown})
