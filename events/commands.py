"""The wishes that may be refused: one class per kind of record, as its sender means it, references resolved."""

from __future__ import annotations

from typing import Any

from events.values import ArticleContent, ClaimContent, EntityContent, Evidence, Recorder, Text, Value


class RegisterEntity(Value, frozen=True):
    """Register an entity, or put right what is known about it.

    What was known at any time before is nothing new, unless the sender insists that it is so again.
    """

    id: str
    content: EntityContent
    recorder: Recorder
    insists: bool = False


class RenameEntity(Value, frozen=True):
    """Date a new name."""

    id: str
    name: Text
    since: str
    recorder: Recorder
    article: str | None = None


class MergeEntity(Value, frozen=True):
    """Say that the entity is the same as another one. `survivors` are those that `into` is merged into, in turn."""

    id: str
    into: str
    reason: str
    recorder: Recorder
    survivors: tuple[str, ...] = ()


class UnmergeEntity(Value, frozen=True):
    """Take a merge back."""

    id: str
    merge: str
    reason: str
    recorder: Recorder


class RegisterArticle(Value, frozen=True):
    """Register an article."""

    id: str
    content: ArticleContent
    recorder: Recorder


class CorrectArticle(Value, frozen=True):
    """Put right what is recorded about an article: each field in `changes` replaces that field."""

    id: str
    changes: dict[str, Any]
    reason: str
    recorder: Recorder


class RecordClaim(Value, frozen=True):
    """Record a claim, or new evidence for it; the content in normal form, as `validation.normal_new_claim` gives it."""

    id: str
    content: ClaimContent
    evidence: Evidence
    recorder: Recorder
    ref: str | None = None


class CorrectClaim(Value, frozen=True):
    """Put right what a claim says: each field in `changes` replaces that field of its content."""

    id: str
    changes: dict[str, Any]
    reason: str
    recorder: Recorder
    published: str
    article: str | None = None
    same_as: str | None = None


class RetractClaim(Value, frozen=True):
    """Withdraw a claim."""

    id: str
    reason: str
    recorder: Recorder
    article: str | None = None


class ReinstateClaim(Value, frozen=True):
    """Take a retraction back."""

    id: str
    reason: str
    recorder: Recorder
    article: str | None = None


EntityCommand = RegisterEntity | RenameEntity | MergeEntity | UnmergeEntity
ArticleCommand = RegisterArticle | CorrectArticle
ClaimCommand = RecordClaim | CorrectClaim | RetractClaim | ReinstateClaim
