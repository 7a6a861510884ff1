"""Claims: recording, answering, correcting and withdrawing them; what they say, and what became of them."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from marshmallow import fields

from events.codec import state_of, topic_of
from events.envelope import RecordedEvent
from events.errors import DomainError
from service.feeds.cursor import BadCursor
from service.http.api import Resource
from service.http.body import read_json
from service.http.context import limits, own_id, refuse_version, timeline
from service.http.demands import needs
from service.http.errors import TooLarge
from service.http.jsons import json_answer
from service.http.paging import asked, linked, next_page, point
from service.http.pinning import pinned
from service.http.plain import enveloped
from service.http.query import Clocks, HistoryQuery
from service.http.records import claim, written
from service.http.writing import change, demand_same, record, told
from service.intake.errors import Misshapen
from service.intake.fields import Shape
from service.intake.quick import longest_text, quick_draft
from service.intake.records import claim_correction, claim_of
from service.intake.schemas import ClaimBody, ClaimCorrectionBody, ReasonBody, ResponseBody, load
from service.keys.scopes import CLAIMS_WRITE, STATE_READ
from service.timeline.drafts import ClaimDraft, ReinstatementDraft, ResponseDraft, RetractionDraft
from service.timeline.views import Outcome

RESOURCE = Resource("claims", "What articles state.", reads=needs(STATE_READ), writes=needs(CLAIMS_WRITE))


class ClaimBatch(Shape):
    """Several claims, all recorded or none."""

    claims = fields.List(fields.Nested(ClaimBody), required=True)


@RESOURCE.write_raw("/v1/claims", "WrittenClaim", {"schema": {"oneOf": [ClaimBody, ClaimBatch]}})
def record_claims() -> Response:
    """Record one claim, or `{"claims": [...]}`: up to 500 of them, all or nothing."""
    refuse_version()
    data = read_json(limits().batch_body)
    if isinstance(data, dict) and "claims" in data:
        return _record_batch(data)
    if len(request.get_data()) > limits().json_body:
        raise TooLarge(f"one claim has at most {limits().json_body} bytes")
    outcome = record([claim_of(data, longest_text(request.get_data()))])
    (item,) = outcome.items
    return _answered(told(outcome, item), item.created, item.id)


def _record_batch(data: dict[str, Any]) -> Response:
    drafts = _batch(data)
    try:
        outcome = record(drafts)
    except DomainError as error:
        raise error.at("/claims" if len(drafts) > 1 else "/claims/0") from None
    return json_answer(_told_all(outcome), 201 if any(item.created for item in outcome.items) else 200)


def _batch(data: dict[str, Any]) -> list[ClaimDraft]:
    """The drafts of a batch: not too many, and at least one."""
    claims, most = data["claims"], limits().batch_claims
    if isinstance(claims, list) and len(claims) > most:
        raise TooLarge(f"a batch has at most {most} claims", "/claims")
    if isinstance(claims, list) and set(data) == {"claims"}:
        longest = longest_text(request.get_data())
        drafts = [quick_draft(ClaimDraft, one, longest) for one in claims]
        good = [draft for draft in drafts if draft is not None]
        if good and len(good) == len(claims):
            return good
    loaded = load(ClaimBatch, data)["claims"]
    if not loaded:
        raise Misshapen("A batch has at least one claim.", "/claims")
    return [ClaimDraft(**one) for one in loaded]


def _told_all(outcome: Outcome) -> dict[str, Any]:
    recorded_at = outcome.recorded_at if any(item.changed for item in outcome.items) else None
    claims = [written(item) for item in outcome.items]
    return {"claims": claims, "position": outcome.position, "recorded_at": recorded_at}


def _answered(answer: dict[str, Any], is_new: bool, name: str) -> Response:
    return json_answer(answer, 201 if is_new else 200, headers={"Location": f"/v1/claims/{name}"})


@RESOURCE.write("POST", "/v1/claims/<id>/corrections", "Written", body=ClaimCorrectionBody, by_uuid=True)
def correct_claim(id: str, body: dict[str, Any]) -> Response:
    """Put right what a claim says. Without an article it is the recorder's own slip."""
    return change(claim_correction(of=own_id(id), **body), f"/v1/claims/{id}")


@RESOURCE.write("POST", "/v1/claims/<id>/retraction", "Written", body=ReasonBody, by_uuid=True)
def retract_claim(id: str, body: dict[str, Any]) -> Response:
    """Withdraw a claim."""
    return change(RetractionDraft(of=own_id(id), **body), f"/v1/claims/{id}")


@RESOURCE.write("POST", "/v1/claims/<id>/reinstatement", "Written", body=ReasonBody, by_uuid=True)
def reinstate_claim(id: str, body: dict[str, Any]) -> Response:
    """Take a retraction back."""
    return change(ReinstatementDraft(of=own_id(id), **body), f"/v1/claims/{id}")


@RESOURCE.write("POST", "/v1/claims/<id>/responses", "Written", body=ResponseBody, by_uuid=True, changes=False)
def respond_to_claim(id: str, body: dict[str, Any]) -> Response:
    """Record what another claim, or a voice in an article, says about a claim. A response is a claim, too."""
    refuse_version()
    target = body.pop("target", None)
    demand_same(timeline().claim_id(target) if target else None, own_id(id), "/target")
    timeline().claim_history(id, 1, 0)
    try:
        outcome = record([ResponseDraft(target=id, **body)])
    except DomainError as error:
        raise in_response(error) from None
    (item,) = outcome.items
    return _answered(told(outcome, item), item.created, item.id)


def in_response(error: DomainError) -> DomainError:
    """The refusal of a response, which is recorded as a claim, with the place in the body of the response."""
    moved = error.pointer.removeprefix("/attributes").replace("/evidence/summary", "/reason")
    return type(error)(error.detail, moved.replace("/asserted_by", "/by/asserted_by", 1))


@RESOURCE.get("/v1/claims/<id>", "ClaimAnswer", query=Clocks, by_uuid=True)
def read_claim(id: str, query: dict[str, Any]) -> Response:
    """What a claim says at a point of the clocks, how it stands, and where it was found."""
    clocks = point(query)
    return json_answer(pinned(enveloped(claim(timeline().claim(own_id(id), clocks)), clocks), clocks, query))


@RESOURCE.get("/v1/claims/<id>/history", "History", query=HistoryQuery, by_uuid=True)
def read_history(id: str, query: dict[str, Any]) -> Response:
    """Every event of a claim, in the order in which they were recorded."""
    clocks, after = asked({name: query.get(name) for name in ("min_position", "cursor")})
    page = timeline().claim_history(own_id(id), query["limit"], _version(after))
    events = page.items
    texts = timeline().open_texts([e.event for e in events])
    following = next_page(clocks, page.after)
    answer = {"events": [_event(e) for e in events], "texts": texts, "next": following}
    return linked(json_answer(enveloped(answer, clocks)), following)


def _version(after: str | None) -> int:
    if after is not None and not (after.isascii() and after.isdecimal() and len(after) <= 9):
        raise BadCursor("this is not a cursor of the service", "cursor")
    return int(after or 0)


def _event(recorded: RecordedEvent) -> dict[str, Any]:
    return {
        "position": recorded.position,
        "recorded_at": recorded.recorded_at,
        "version": recorded.event.originator_version,
        "type": topic_of(type(recorded.event)),
        "data": state_of(recorded.event),
    }
