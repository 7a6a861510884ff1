"""What a sender sends, shapes checked, references not yet resolved: one class per kind of record.

`article` is an id, a url or a sha256; `of`, `target`, `by` and the claim named by a rule are ids or refs.
"""

from __future__ import annotations

from typing import Any

from events.values import AssertedBy, ClaimTime, Participant, Position, Value


class EntityDraft(Value, frozen=True):
    """An entity to register or to put right. What was known before is nothing new, unless the sender insists."""

    id: str
    kind: str
    name: str
    aliases: tuple[str, ...] = ()
    identifiers: dict[str, str] = {}
    insists: bool = False


class RenameDraft(Value, frozen=True):
    """A new name of an entity, from a date (EDTF) on."""

    of: str
    name: str
    since: str
    article: str | None = None


class MergeDraft(Value, frozen=True):
    """An entity that turned out to be another one."""

    of: str
    into: str
    reason: str


class UnmergeDraft(Value, frozen=True):
    """A merge to take back, known by its id or by the entity merged into."""

    of: str
    reason: str
    merge: str | None = None
    into: str | None = None


class ArticleDraft(Value, frozen=True):
    """An article to register."""

    title: str
    publisher: str
    language: str
    published: str
    authors: tuple[str, ...] = ()
    url: str | None = None
    text: str | None = None
    sha256: str | None = None


class ArticleCorrectionDraft(Value, frozen=True):
    """Fields of an article to put right."""

    of: str
    changes: dict[str, Any]
    reason: str


class QuoteDraft(Value, frozen=True):
    """The words of an article, with what stands before and after them."""

    exact: str
    prefix: str | None = None
    suffix: str | None = None


class EvidenceDraft(Value, frozen=True):
    """Where the article says it."""

    summary: str
    position: Position | None = None
    quote: QuoteDraft | None = None


class ClaimDraft(Value, frozen=True):
    """A claim to record."""

    article: str
    type: str
    participants: tuple[Participant, ...]
    attributes: dict[str, Any]
    asserted_by: AssertedBy
    modality: str
    polarity: str
    time: ClaimTime
    evidence: EvidenceDraft
    ref: str | None = None


class NormalClaimDraft(ClaimDraft, frozen=True):
    """A claim to record whose content is in normal form already (see `service.timeline.claims.normalised`)."""


class Voice(Value, frozen=True):
    """Who responds, in which article."""

    article: str
    asserted_by: AssertedBy


class ResponseDraft(Value, frozen=True):
    """A response to a claim, in the name of another claim or of a voice."""

    response: str
    target: str
    by: str | Voice
    aspect: str | None = None
    reason: str | None = None
    ref: str | None = None


class ClaimCorrectionDraft(Value, frozen=True):
    """Fields of a claim to put right."""

    of: str
    changes: dict[str, Any]
    reason: str
    article: str | None = None


class RetractionDraft(Value, frozen=True):
    """A claim to withdraw."""

    of: str
    reason: str
    article: str | None = None


class ReinstatementDraft(Value, frozen=True):
    """A retraction to take back."""

    of: str
    reason: str
    article: str | None = None


EntityChange = EntityDraft | RenameDraft | MergeDraft | UnmergeDraft
ArticleChange = ArticleDraft | ArticleCorrectionDraft
ClaimChange = ClaimDraft | ResponseDraft | ClaimCorrectionDraft | RetractionDraft | ReinstatementDraft
Draft = EntityChange | ArticleChange | ClaimChange
