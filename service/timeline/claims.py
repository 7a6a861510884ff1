"""Recording claims, responses to them, and what is done to them later."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from events.commands import CorrectClaim, RecordClaim, ReinstateClaim, RetractClaim
from events.decide import decide_claim
from events.errors import Conflict, DomainError, Invalid, Unknown
from events.event_types import Claimed, ClaimRefAdded
from events.identity import article_stream, claim_id, claim_stream
from events.records import ClaimRecord
from events.text import clean_name, clean_text
from events.validation import anchored, normal_claim, normal_evidence, with_checked_time
from events.values import AssertedBy, ClaimContent, ClaimTime, Evidence, Quote
from service.store.protocol import StreamLink
from service.timeline.brought import ARTICLE, is_uuid
from service.timeline.drafts import (
    ClaimCorrectionDraft,
    ClaimDraft,
    EvidenceDraft,
    NormalClaimDraft,
    ReinstatementDraft,
    ResponseDraft,
    RetractionDraft,
    Voice,
)
from service.timeline.texts import has_erased
from service.timeline.workspace import Workspace, demand, demand_version, under_changes


def record_claim(work: Workspace, draft: ClaimDraft) -> str:
    """Decide on a claim, or on new evidence for it, and give its id."""
    name, content = _identified(work, draft)
    work.demand_entities(content)
    stream = claim_stream(name)
    ref = _free_ref(work, draft.ref, stream)
    record = work.claim(name)
    evidence = _unless_erased(work, _evidence(work, draft.evidence, stream), record)
    events = decide_claim(RecordClaim(name, content, evidence, work.recorder, ref), record)
    work.append(events)
    if any(isinstance(event, Claimed) for event in events):
        work.guard(article_stream(content.article))
        work.links.append(StreamLink(ARTICLE, stream, article_stream(content.article)))
        work.link_date(content.time, stream)
    if ref is not None and any(isinstance(event, Claimed | ClaimRefAdded) for event in events):
        work.claim_ref(ref, stream)
    return name


def normalised(draft: ClaimDraft) -> ClaimDraft:
    """The draft with its content in normal form, for which the log is not needed and so may be done beforehand.

    As it is where something in it names another claim, or is refused: that is told when it is decided on.
    """
    if draft.type == "response":
        return draft
    try:
        normal = normal_claim(_content(draft, draft.article, draft.attributes))
    except DomainError:
        return draft
    return NormalClaimDraft(
        article=draft.article,
        type=draft.type,
        participants=normal.participants,
        attributes=normal.attributes,
        asserted_by=normal.asserted_by,
        modality=draft.modality,
        polarity=draft.polarity,
        time=draft.time,
        evidence=draft.evidence,
        ref=draft.ref,
    )


def record_response(work: Workspace, draft: ResponseDraft) -> str:
    """Decide on a response as the claim that it is: dated on the publication of the article that makes it."""
    attributes: dict[str, Any] = {"response": draft.response, "target": work.claim_id(draft.target, "/target")}
    if draft.aspect is not None:
        attributes["aspect"] = draft.aspect
    if isinstance(draft.by, Voice):
        article, by = work.article_id(draft.by.article, "/by/article"), draft.by.asserted_by
    else:
        attributes["by"] = work.claim_id(draft.by, "/by")
        speaker = demand(work.claim(attributes["by"])).original
        article, by = speaker.article, speaker.asserted_by
    claims = [_response(draft, article, by, attributes, published) for published in work.publications(article)]
    known = (claim for claim in claims if work.claim(claim_id(_said(work, claim))) is not None)
    return record_claim(work, next(known, claims[0]))


def _response(
    draft: ResponseDraft, article: str, by: AssertedBy, attributes: dict[str, Any], published: str
) -> ClaimDraft:
    return ClaimDraft(
        article=article,
        type="response",
        participants=(),
        attributes=attributes,
        asserted_by=by,
        modality="done",
        polarity="positive",
        time=ClaimTime("instant", published, anchor=published, rule="on_publication"),
        evidence=EvidenceDraft(draft.reason or f"{draft.response} of another claim"),
        ref=draft.ref,
    )


def amend_claim(
    work: Workspace, draft: ClaimCorrectionDraft | RetractionDraft | ReinstatementDraft, expected: int | None
) -> str:
    """Decide on a correction, a retraction or its undoing, and give the id of the claim."""
    name = work.claim_id(draft.of, "/of", missing=Unknown)
    record = demand(work.claim(name))
    demand_version(record, expected)
    article = work.article_id(draft.article, "/article") if draft.article else None
    recall = partial(work.recall, record)
    match draft:
        case ClaimCorrectionDraft():
            _correct(work, draft, record, article)
        case RetractionDraft():
            work.append(decide_claim(RetractClaim(name, draft.reason, work.recorder, article), record, recall))
        case ReinstatementDraft():
            work.append(decide_claim(ReinstateClaim(name, draft.reason, work.recorder, article), record, recall))
    return name


def _identified(work: Workspace, draft: ClaimDraft) -> tuple[str, ClaimContent]:
    """The id and the normal form of a claim: as it was first recorded if it was, else with its date checked.

    Its date may have been right only before the publication date of its article was corrected.
    """
    normal = _said(work, draft)
    publications = work.publications(normal.article)
    wordings = [_anchored(normal, published) for published in publications]
    names = [claim_id(wording) for wording in wordings]
    if work.supposes and len(names) == 1:
        work.suppose_new(claim_stream(names[0]))
    for name, wording in zip(names, wordings, strict=True):
        if work.claim(name) is not None:
            return name, wording
    return names[0], with_checked_time(normal, publications[0], work.date_of_rule(draft.time))


def _anchored(content: ClaimContent, published: str) -> ClaimContent:
    time = anchored(content.time, published)
    return content if time is content.time else replace(content, time=time)


def _said(work: Workspace, draft: ClaimDraft) -> ClaimContent:
    """What a draft says in normal form, its references resolved to ids."""
    article = work.article_id(draft.article, "/article")
    content = _content(draft, article, _resolved(work, draft.type, draft.attributes))
    return content if isinstance(draft, NormalClaimDraft) else normal_claim(content)


def _content(draft: ClaimDraft, article: str, attributes: dict[str, Any]) -> ClaimContent:
    return ClaimContent(
        article=article,
        type=draft.type,
        participants=draft.participants,
        attributes=attributes,
        asserted_by=draft.asserted_by,
        modality=draft.modality,
        polarity=draft.polarity,
        time=draft.time,
    )


def _resolved(work: Workspace, type_: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes, with the claims that a response names by id."""
    resolved = dict(attributes)
    for name in ("target", "by") if type_ == "response" else ():
        if isinstance(resolved.get(name), str):
            resolved[name] = work.claim_id(resolved[name], f"/attributes/{name}")
    return resolved


def _free_ref(work: Workspace, ref: str | None, stream: str) -> str | None:
    """The ref, unless it names another claim."""
    if ref is None:
        return None
    name = clean_name(ref, "/ref")
    if is_uuid(name):
        raise Invalid("a ref is not of the form of an id: it could be taken for that of another claim", "/ref")
    if work.supposes and work.record(stream) is None:
        work.suppose_free(name)
    if work.stream_of_ref(name) not in (None, stream):
        raise Conflict(f"the ref {name!r} names another claim", "/ref")
    return name


def _evidence(work: Workspace, draft: EvidenceDraft, stream: str) -> Evidence:
    """The evidence, each part of a quote sealed."""
    if draft.quote is None:
        return Evidence(draft.summary, draft.position)
    given = {part: getattr(draft.quote, part) for part in ("exact", "prefix", "suffix")}
    parts = {
        part: work.sealer.seal(stream, clean_text(text, f"/evidence/quote/{part}"))
        for part, text in given.items()
        if text is not None
    }
    return Evidence(draft.summary, draft.position, Quote(**parts))


def _unless_erased(work: Workspace, evidence: Evidence, record: ClaimRecord | None) -> Evidence:
    """The evidence; that which is known where the quote of the same place was erased: then it is not kept again."""
    if record is None or evidence.quote is None:
        return evidence
    said = normal_evidence(evidence)
    known = [one for _, one in record.evidence if (one.summary, one.position) == (said.summary, said.position)]
    if said in known:
        return evidence
    return next((one for one in known if one.quote and has_erased(work.store, one.quote)), evidence)


def _correct(work: Workspace, draft: ClaimCorrectionDraft, record: ClaimRecord, article: str | None) -> None:
    own, changes = record.original.article, dict(draft.changes)
    try:
        if isinstance(changes.get("attributes"), dict):
            changes["attributes"] = _resolved(work, record.current.content.type, changes["attributes"])
        time = msgspec.convert(changes["time"], ClaimTime) if "time" in changes else None
        same_as = work.date_of_rule(time) if time else None
        command = CorrectClaim(record.id, changes, draft.reason, work.recorder, work.published(own), article, same_as)
        work.append(decide_claim(command, record, partial(work.recall, record)))
        corrected = demand(work.claim(record.id))
        work.demand_entities(corrected.current.content)
    except DomainError as error:
        raise under_changes(error, changes) from None
    except msgspec.ValidationError as error:
        raise Invalid(str(error), "/changes") from None
    if corrected.version > record.version:
        work.guard(article_stream(own))
        work.link_date(corrected.current.content.time, claim_stream(record.id))
