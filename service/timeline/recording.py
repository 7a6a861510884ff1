"""Recording drafts: decided one after the other, each on what the ones before it left, to be appended at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from events.errors import Invalid
from events.identity import article_id, article_stream, canonical_url, entity_stream
from events.rules import SAME_AS
from events.values import ClaimTime
from service.timeline.articles import correct_article, register_article
from service.timeline.brought import is_uuid
from service.timeline.claims import amend_claim, record_claim, record_response
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
from service.timeline.entities import PERSON, change_entity
from service.timeline.texts import AUTHORS
from service.timeline.workspace import Workspace

_SAME_AS = re.compile(rf"{SAME_AS}\((.+)\)")


class Decided(NamedTuple):
    """What one draft came to.

    `is_changed` says whether it gave events. `offset` is the place of the last event of the thing among those of the
    recording; where there is none, `position` is that of its last stored event.
    """

    kind: str
    id: str
    version: int
    created: bool
    is_changed: bool
    offset: int | None
    position: int
    ref: str | None
    also_moved: tuple[str, ...]


def decide_on(work: Workspace, draft: Draft, expected: int | None = None) -> Decided:
    """Decide on one draft. DomainError when it is refused; StaleVersion when the thing is at another version."""
    before = len(work.events)
    kind, name, moved = _decide(work, draft, expected)
    stream = f"{kind}-{name}"
    record = work.record(stream)
    own = [event for event in work.events[before:] if event.originator_id == stream]
    return Decided(
        kind=kind,
        id=name,
        version=record.version if record else 0,
        created=bool(own) and own[0].originator_version == 1,
        is_changed=bool(own),
        offset=work.last_offsets.get(stream),
        position=work.stored_position(stream),
        ref=draft.ref if isinstance(draft, ClaimDraft | ResponseDraft) else None,
        also_moved=moved,
    )


def prefetch(work: Workspace, drafts: Sequence[Draft]) -> None:
    """Read what drafts will need in few queries, instead of a few for each."""
    work.find_refs(name for draft in drafts for name in _refs_in(draft))
    work.load(stream for draft in drafts for stream in _streams_of(work, draft))
    work.sealer.look_up(text for draft in drafts for text in _texts_in(draft))


def _decide(work: Workspace, draft: Draft, expected: int | None) -> tuple[str, str, tuple[str, ...]]:
    match draft:
        case EntityDraft() | RenameDraft() | MergeDraft() | UnmergeDraft():
            return "entity", change_entity(work, draft, expected), ()
        case ArticleDraft():
            return "article", register_article(work, draft, expected), ()
        case ArticleCorrectionDraft():
            return "article", *correct_article(work, draft, expected)
        case ClaimDraft():
            return "claim", record_claim(work, draft), ()
        case ResponseDraft():
            return "claim", record_response(work, draft), ()
        case ClaimCorrectionDraft() | RetractionDraft() | ReinstatementDraft():
            return "claim", amend_claim(work, draft, expected), ()


def _refs_in(draft: Draft) -> Iterable[str]:
    """Names in a draft that may be refs of claims."""
    match draft:
        case ClaimDraft():
            yield from (draft.ref,) if draft.ref else ()
            yield from (v for n in ("target", "by") if isinstance(v := draft.attributes.get(n), str))
            yield from _refs_of_rule(draft.time)
        case ResponseDraft():
            yield draft.target
            yield from (draft.by,) if isinstance(draft.by, str) else ()
        case ClaimCorrectionDraft() | RetractionDraft() | ReinstatementDraft():
            yield draft.of


def _refs_of_rule(time: ClaimTime) -> Iterable[str]:
    match = _SAME_AS.fullmatch(time.rule or "")
    return (match[1],) if match else ()


def _streams_of(work: Workspace, draft: Draft) -> Iterable[str]:
    """Streams that a draft is sure to need, as far as they can be told before anything is read."""
    if isinstance(draft, EntityDraft):
        yield entity_stream(draft.id)
    elif isinstance(draft, ClaimDraft):
        yield from (entity_stream(participant.entity) for participant in draft.participants)
        yield from (entity_stream(voice) for voice in (*draft.asserted_by.agent, *draft.asserted_by.affiliation))
        yield from (article_stream(name) for name in _article_ids(draft.article))
    yield from (stream for name in _refs_in(draft) if (stream := work.stream_of_ref(name)))


def _article_ids(given: str) -> Iterable[str]:
    """The id of an article, where it can be told from how it is given."""
    if is_uuid(given):
        yield given
    elif "://" in given:
        with suppress(Invalid):
            yield article_id(canonical_url(given), None)


def _texts_in(draft: Draft) -> Iterable[tuple[str, str]]:
    """Texts to seal whose scope is known before anything is read."""
    if isinstance(draft, EntityDraft) and draft.kind == PERSON:
        yield from ((entity_stream(draft.id), text) for text in (draft.name, *draft.aliases))
    elif isinstance(draft, ArticleDraft):
        yield from ((AUTHORS, name) for name in draft.authors)
