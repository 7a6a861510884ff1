"""A short way from data to drafts, for what is well formed. What it leaves is for `schemas` to take or to explain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar, cast

import msgspec

from events.identity import LONGEST_URL
from events.text import LONGEST_NAME
from events.validation import LONGEST_TITLE, MOST_NAMES, MOST_PARTICIPANTS
from events.values import AssertedBy
from service.intake.fields import LARGEST_WHOLE, LIMITS
from service.timeline.drafts import ArticleDraft, ClaimDraft, EntityDraft

Kind = TypeVar("Kind")
UNKNOWN = 1 << 62
"""The longest text of a document of which nobody knows it."""


def longest_text(raw: bytes) -> int:
    """How many bytes the longest text in a JSON document may have at most. Without escapes, texts end at quotes."""
    if len(raw) <= LIMITS.string or b"\\" in raw:
        return len(raw)
    return max(map(len, raw.split(b'"')))


def quick_draft(kind: Callable[..., Kind], fields: Any, longest: int) -> Kind | None:
    """The draft that `schemas` would give; None where that takes a closer look.

    No text in the fields has more than `longest` bytes, so that most limits need not be looked at one by one.
    """
    is_good = _QUICK.get(kind)
    if is_good is None or longest > LIMITS.string:
        return None
    try:
        draft = msgspec.convert(fields, cast(type[Kind], kind))
    except msgspec.ValidationError:
        return None
    return draft if is_good(draft, fields) else None


def _is_good_claim(draft: ClaimDraft, fields: Mapping[str, Any]) -> bool:
    place = draft.evidence.position
    return (
        len(draft.participants) <= MOST_PARTICIPANTS
        and _is_good_voice(draft.asserted_by)
        and (draft.ref is None or len(draft.ref) <= LONGEST_NAME)
        and (place is None or (0 <= place.start <= LARGEST_WHOLE and 0 <= place.end <= LARGEST_WHOLE))
    )


def _is_good_voice(by: AssertedBy) -> bool:
    return max(len(by.agent), len(by.affiliation), len(by.chain)) <= MOST_PARTICIPANTS


def _is_good_entity(draft: EntityDraft, fields: Mapping[str, Any]) -> bool:
    return "insists" not in fields and max(len(draft.aliases), len(draft.identifiers)) <= MOST_NAMES


def _is_good_article(draft: ArticleDraft, fields: Mapping[str, Any]) -> bool:
    return (
        len(draft.authors) <= MOST_NAMES
        and len(draft.title) <= LONGEST_TITLE
        and (draft.url is None or (draft.url.isascii() and len(draft.url) <= LONGEST_URL))
    )


_QUICK: Mapping[Any, Callable[..., bool]] = MappingProxyType(
    {ClaimDraft: _is_good_claim, EntityDraft: _is_good_entity, ArticleDraft: _is_good_article}
)
"""The drafts that can be made this way, and the limits to look at that no type says."""
