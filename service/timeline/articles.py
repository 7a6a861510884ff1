"""Recording articles, and what their correction moves."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from events.commands import CorrectArticle, RegisterArticle
from events.decide import decide_article
from events.errors import DomainError, Invalid, Unknown
from events.event_types import DomainEvent
from events.identity import article_id, article_stream, canonical_url, entity_stream, split_stream
from events.records import ArticleRecord, ClaimRecord
from events.redating import redate
from events.text import clean_name, clean_text
from events.values import ArticleContent, Sealed, Text
from service.settings import Limits
from service.store.protocol import StreamKey
from service.timeline.brought import ARTICLE, SAME_DATE, SHA256
from service.timeline.drafts import ArticleCorrectionDraft, ArticleDraft
from service.timeline.texts import AUTHORS
from service.timeline.workspace import Workspace, demand_version, under_changes

_ID = re.compile("[a-z0-9]+(?:[._-][a-z0-9]+)*")
_LONGEST_TEXT = Limits().article_text


def register_article(work: Workspace, draft: ArticleDraft, expected: int | None) -> str:
    """Decide on an article, and give its id: of its url, or of the hash of its text."""
    url = canonical_url(draft.url, "/url") if draft.url is not None else None
    text = None if draft.text is None else clean_text(draft.text, "/text", _LONGEST_TEXT)
    sha256 = _hash(text, draft.sha256)
    name = article_id(url, sha256)
    record = work.article(name)
    demand_version(record, expected)
    content = ArticleContent(
        title=draft.title,
        publisher=draft.publisher,
        language=draft.language,
        published=draft.published,
        authors=_authors(work, draft.authors, "/authors"),
        url=url,
        sha256=sha256,
        text=None if text is None else _sealed(work, record, name, text, sha256),
    )
    events = decide_article(RegisterArticle(name, content, work.recorder), record)
    work.append(events)
    # Copies of a text elsewhere have urls of their own; the first one is found by the hash.
    if events and sha256 and work.owner(SHA256, sha256) is None:
        work.keys.append(StreamKey(SHA256, sha256, article_stream(name)))
    return name


def _sealed(work: Workspace, record: ArticleRecord | None, name: str, text: str, sha256: str | None) -> Sealed:
    """The seal of a text; that which it has already, also where it was erased: then it is not kept again."""
    stored = record.contents[-1][1] if record else None
    if stored is not None and stored.text is not None and stored.sha256 == sha256:
        return stored.text
    return work.sealer.seal(article_stream(name), text)


def correct_article(
    work: Workspace, draft: ArticleCorrectionDraft, expected: int | None
) -> tuple[str, tuple[str, ...]]:
    """Decide on a correction, and give the id of the article and of the claims whose dates it moved."""
    name = work.article_id(draft.of, "/of", missing=Unknown)
    record = work.article(name)
    demand_version(record, expected)
    before = work.published(name)
    changes = _changes(work, name, draft.changes)
    try:
        events = decide_article(CorrectArticle(name, changes, draft.reason, work.recorder), record)
    except DomainError as error:
        raise under_changes(error, changes) from None
    except msgspec.ValidationError as error:
        raise Invalid(str(error), "/changes") from None
    work.append(events)
    after = work.published(name)
    return name, () if after == before else _move_dates(work, name, before, after, events[0])


def _hash(text: str | None, given: str | None) -> str | None:
    """The sha256 of the text as it is kept; Invalid when another one was given."""
    if text is None:
        return given
    computed = hashlib.sha256(text.encode()).hexdigest()
    if given not in (None, computed):
        raise Invalid("sha256 is not that of the text", "/sha256")
    return computed


def _authors(work: Workspace, names: Iterable[str], pointer: str) -> tuple[Text, ...]:
    """Authors named by the id of their entity stay as they are; other names are those of persons, and sealed."""
    cleaned = [clean_name(name, f"{pointer}/{index}") for index, name in enumerate(names)]
    work.load(entity_stream(name) for name in cleaned if _ID.fullmatch(name))
    known = {name for name in cleaned if _ID.fullmatch(name) and work.entity(name) is not None}
    work.sealer.look_up((AUTHORS, name) for name in cleaned if name not in known)
    return tuple(name if name in known else work.sealer.seal(AUTHORS, name) for name in cleaned)


def _changes(work: Workspace, name: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changed fields, texts and authors sealed, and the hash that goes with a new text."""
    plain = dict(changes)
    if isinstance(plain.get("authors"), list | tuple):
        plain["authors"] = msgspec.to_builtins(_authors(work, plain["authors"], "/changes/authors"))
    if isinstance(plain.get("text"), str):
        text = clean_text(plain["text"], "/changes/text", _LONGEST_TEXT)
        sealed: Sealed = work.sealer.seal(article_stream(name), text)
        plain |= {"text": msgspec.to_builtins(sealed), "sha256": _hash(text, plain.get("sha256"))}
    return plain


def _move_dates(work: Workspace, article: str, before: str, after: str, cause: DomainEvent) -> tuple[str, ...]:
    """The claims whose dates follow from the publication of the article, and those that follow from theirs."""
    claims = _dated_by(work, article)
    refs = {name: claim.id for claim in claims for name in (claim.id, *(ref for _, ref in claim.refs))}
    named = f"{cause.originator_id}@{cause.originator_version}"
    moved = redate(claims, refs, article, before, after, work.recorder, named)
    work.append(moved)
    return tuple(split_stream(event.originator_id)[1] for event in moved)


def _dated_by(work: Workspace, article: str) -> list[ClaimRecord]:
    """The claims of an article, and all that take their date from one of these, directly or not."""
    waiting = work.linked(ARTICLE, article_stream(article))
    found: dict[str, None] = {}
    while waiting:
        found |= dict.fromkeys(waiting)
        work.load_whole(waiting)
        waiting = [source for target in waiting for source in work.linked(SAME_DATE, target) if source not in found]
    return [record for stream in found if isinstance(record := work.record(stream), ClaimRecord)]
