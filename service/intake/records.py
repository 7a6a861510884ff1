"""Data to drafts: the bodies of requests, and the lines of import files."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from events.errors import Invalid
from service.intake import schemas
from service.intake.errors import Misshapen
from service.intake.fields import Shape
from service.intake.quick import UNKNOWN, longest_text, quick_draft
from service.intake.strict_json import parse
from service.timeline.drafts import (
    ArticleCorrectionDraft,
    ArticleDraft,
    ClaimCorrectionDraft,
    ClaimDraft,
    Draft,
    EntityDraft,
    MergeDraft,
    ReinstatementDraft,
    RenameDraft,
    ResponseDraft,
    RetractionDraft,
    UnmergeDraft,
)

_SHA256 = re.compile("[0-9a-f]{64}")


class Line(NamedTuple):
    """A kind of line: its shape, and the draft that it gives."""

    shape: type[Shape]
    draft: Callable[..., Draft]


def article_correction(changes: Mapping[str, Any], **fields: Any) -> ArticleCorrectionDraft:
    """A correction of an article; the changes as plain data."""
    return ArticleCorrectionDraft(changes=plain(changes), **fields)


def claim_correction(changes: Mapping[str, Any], **fields: Any) -> ClaimCorrectionDraft:
    """A correction of a claim; the changes as plain data."""
    return ClaimCorrectionDraft(changes=plain(changes), **fields)


def plain(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Checked values back as plain data: a correction stores them field by field."""
    made: dict[str, Any] = msgspec.to_builtins(changes, builtin_types=(Decimal,))
    return {name: list(value) if isinstance(value, tuple) else value for name, value in made.items()}


LINES: Mapping[str, Line] = MappingProxyType(
    {
        "entity": Line(schemas.EntityLine, EntityDraft),
        "article": Line(schemas.ArticleBody, ArticleDraft),
        "claim": Line(schemas.ClaimBody, ClaimDraft),
        "response": Line(schemas.ResponseLine, ResponseDraft),
        "correction": Line(schemas.ClaimCorrectionLine, claim_correction),
        "retraction": Line(schemas.ReasonLine, RetractionDraft),
        "reinstatement": Line(schemas.ReasonLine, ReinstatementDraft),
        "rename": Line(schemas.RenameLine, RenameDraft),
        "merge": Line(schemas.MergeLine, MergeDraft),
        "unmerge": Line(schemas.UnmergeLine, UnmergeDraft),
    }
)
"""The lines of an import file by their `record`; a correction may also be one of an article."""

_ARTICLE_CORRECTION = Line(schemas.ArticleCorrectionLine, article_correction)


def claim_of(fields: Any, longest: int) -> ClaimDraft:
    """The draft of a claim, in whose fields no text has more than `longest` bytes. Misshapen with every fault."""
    return quick_draft(ClaimDraft, fields, longest) or ClaimDraft(**schemas.load(schemas.ClaimBody, fields))


def read_line(raw: bytes) -> Draft:
    """The draft of one line of an import file. Besides what `draft_of` raises, MalformedJson."""
    return _draft(parse(raw), longest_text(raw))


def draft_of(record: Any) -> Draft:
    """The draft of a record. Invalid when it is no record, Misshapen with every fault."""
    return _draft(record, UNKNOWN)


def _draft(record: Any, longest: int) -> Draft:
    if not isinstance(record, dict):
        raise Misshapen("A record is an object.")
    kind = record.get("record")
    if not isinstance(kind, str) or kind not in LINES:
        raise Invalid(f"a record is one of: {', '.join(LINES)}", "/record")
    line = _ARTICLE_CORRECTION if kind == "correction" and _is_about_article(record) else LINES[kind]
    fields = {name: value for name, value in record.items() if name != "record"}
    return quick_draft(line.draft, fields, longest) or line.draft(**schemas.load(line.shape, fields))


def _is_about_article(record: Mapping[str, Any]) -> bool:
    """Whether a correction is one of an article: it names a url or a sha256, or changes what only articles have."""
    of, changes = record.get("of"), record.get("changes")
    if isinstance(of, str) and ("://" in of or _SHA256.fullmatch(of)):
        return True
    return isinstance(changes, dict) and bool(changes) and set(changes) <= set(schemas.ArticleChanges().fields)
