"""The workspace of an import: one for all its lines, and of the same size after the last as after the first."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from events.errors import Invalid
from events.event_types import Claimed, DomainEvent, EntityRegistered, EvidenceAdded
from events.identity import article_id, article_stream, canonical_url, claim_stream, entity_stream
from events.records import Record
from events.values import Recorder, Sealed
from service.store.protocol import ErasableText
from service.store.snapshots import Present, read_whole
from service.timeline.brought import SHA256, is_uuid
from service.timeline.drafts import (
    ArticleCorrectionDraft,
    ArticleDraft,
    ClaimCorrectionDraft,
    ClaimDraft,
    Draft,
    MergeDraft,
    ReinstatementDraft,
    RenameDraft,
    ResponseDraft,
    RetractionDraft,
    UnmergeDraft,
    Voice,
)
from service.timeline.entities import PERSON
from service.timeline.recollection import Place
from service.timeline.recording import prefetch
from service.timeline.texts import Sealer, sealed_in
from service.timeline.workspace import Workspace
from service.transfer.ground import Ground, is_erased

MOST_RECORDS = 20_000
"""Folded streams that are kept for the next chunks: some 30 MB."""
_HASH_LENGTH = 64


class Before(NamedTuple):
    """A point that can be gone back to."""

    events: int
    keys: int
    links: int


class ImportWork(Workspace):
    """A workspace that goes on from chunk to chunk, and can go back to before a line that is refused."""

    def __init__(self, ground: Ground, recorder: Recorder) -> None:
        super().__init__(ground, recorder)
        self._ground = ground
        self._journal: list[tuple[str, Record | None, int | None]] = []
        self._earlier: list[str] = []
        self._earlier_refs: dict[str, str | None] = {}
        self._earlier_keys: dict[tuple[str, str], str] = {}
        self._earlier_texts: dict[tuple[str, str], ErasableText] = {}

    @property
    def texts(self) -> list[ErasableText]:
        """The erasable texts that the new events refer to, but those already erased."""
        used = [seal for event in self.events for seal in _seals_in(event)]
        return [text for text in self.sealer.texts_of(used) if not is_erased(text)] if used else []

    def prepare(self, drafts: Sequence[Draft]) -> None:
        """Reads what drafts will need in few queries."""
        with self._ground.certainty():
            others = [draft for draft in drafts if not _is_plain(draft)]
            plain = [draft for draft in drafts if isinstance(draft, ClaimDraft) and _is_plain(draft)]
            self.find_refs(draft.ref for draft in plain if draft.ref)
            prefetch(self, others)
            self.load([*_streams_of_plain(plain), *(s for draft in others for s in _more_streams(draft))])
        self._ground.look_up_keys(SHA256, [sha for draft in drafts for sha in _hashes_in(draft)])

    def read(self, streams: Collection[str]) -> dict[str, Present]:
        """Streams as they are stored and staged, with all that was done to them: what is staged is not summed up."""
        return read_whole(self.store, streams)

    def owner(self, kind: str, key: str) -> str | None:
        """The stream that a key belongs to, also one of the chunk before, which is perhaps being stored."""
        return self._earlier_keys.get((kind, key)) or super().owner(kind, key)

    def load_surely(self, streams: Iterable[str]) -> None:
        """Reads streams again that were taken to be new, and so to be without texts."""
        wanted = list(streams)
        self.sealer.forget(wanted)
        for stream in wanted:
            self._records.pop(stream, None)
        with self._ground.certainty():
            self.load(wanted)

    def append(self, events: Iterable[DomainEvent]) -> None:
        """Take events in; `go_back` takes them out again."""
        for event in events:
            stream = event.originator_id
            self._journal.append((stream, self.record(stream), self.last_offsets.get(stream)))
            super().append((event,))

    def before(self) -> Before:
        """Where things stand."""
        return Before(len(self.events), len(self.keys), len(self.links))

    def go_back(self, to: Before) -> None:
        """Undoes what was taken in since."""
        while len(self._journal) > to.events:
            stream, record, offset = self._journal.pop()
            self._records[stream] = record
            if offset is None:
                self.last_offsets.pop(stream, None)
            else:
                self.last_offsets[stream] = offset
        for key in self.keys[to.keys :]:
            self._refs.pop(key.key, None)
        del self.events[to.events :], self.keys[to.keys :], self.links[to.links :]

    def go_back_to_start(self) -> None:
        """Undoes the whole chunk."""
        self.go_back(Before(0, 0, 0))
        self.guards, self.link_counts = {}, {}

    def settle(self) -> None:
        """What was taken in counts as stored. Only what the next two chunks may need stays in memory."""
        for stream in self.last_offsets:
            record = self._records[stream]
            self._stored[stream] = Place(record.version if record else 0, 0)
        self._earlier_keys = {(key.kind, key.key): key.stream for key in self.keys if key.kind == SHA256}
        self.events, self.keys, self.links, self._journal = [], [], [], []
        self.guards, self.link_counts, self.last_offsets = {}, {}, {}
        self._forget_earlier()
        self._ground.next_chunk()

    def _forget_earlier(self) -> None:
        recent = self._ground.asked
        if len(self._records) > MOST_RECORDS:
            kept = {*recent, *self._earlier}
            self._records = {stream: record for stream, record in self._records.items() if stream in kept}
            self._stored = {stream: at for stream, at in self._stored.items() if stream in kept}
        for stream in self._earlier:
            if stream.startswith("claim-"):
                self._records.pop(stream, None)
                self._stored.pop(stream, None)
        self._earlier = recent
        self._earlier_refs = {ref: found for ref, found in self._refs.items() if ref not in self._earlier_refs}
        self._refs = dict(self._earlier_refs)
        sealed = self.sealer.known()
        self._earlier_texts = {text: seal for text, seal in sealed.items() if text not in self._earlier_texts}
        self.sealer = Sealer(self._ground, self._earlier_texts)


def _is_plain(draft: Draft) -> bool:
    """Whether it is a claim that names no other claim, as most are."""
    return isinstance(draft, ClaimDraft) and draft.type != "response" and draft.time.rule is None


def _streams_of_plain(drafts: Iterable[ClaimDraft]) -> set[str]:
    """The streams that plain claims are sure to need."""
    streams: set[str] = set()
    for draft in drafts:
        by = draft.asserted_by
        streams.update(entity_stream(participant.entity) for participant in draft.participants)
        streams.update(map(entity_stream, (*by.agent, *by.affiliation)))
        streams.update(_article(draft.article))
    return streams


def _more_streams(draft: Draft) -> Iterable[str]:
    """Streams that a draft is sure to need, besides those that every recording looks up beforehand."""
    match draft:
        case ClaimDraft():
            yield from _article(draft.article)
            yield from _claims(*(draft.attributes.get(name) for name in ("target", "by") if draft.attributes))
        case ArticleDraft():
            yield from _article(draft.url or draft.sha256)
        case ArticleCorrectionDraft():
            yield from _article(draft.of)
        case ResponseDraft(by=Voice() as voice):
            yield from _claims(draft.target)
            yield from _article(voice.article)
        case ResponseDraft():
            yield from _claims(draft.target, draft.by)
        case ClaimCorrectionDraft() | RetractionDraft() | ReinstatementDraft():
            yield from _claims(draft.of)
            yield from _article(draft.article)
        case RenameDraft() | UnmergeDraft():
            yield entity_stream(draft.of)
        case MergeDraft():
            yield entity_stream(draft.of)
            yield entity_stream(draft.into)


def _hashes_in(draft: Draft) -> Iterable[str]:
    """Hashes of texts by which an article is named."""
    if isinstance(draft, ArticleDraft):
        yield from (draft.sha256,) if draft.sha256 else ()
        if draft.text is not None:
            yield hashlib.sha256(draft.text.encode()).hexdigest()
    named = draft.article if isinstance(draft, ClaimDraft) else None
    if named is not None and len(named) == _HASH_LENGTH:
        yield named


def _seals_in(event: DomainEvent) -> Iterable[Sealed]:
    """The seals of an event; most claims have no quote and are not searched."""
    if isinstance(event, Claimed | EvidenceAdded):
        return sealed_in(event.evidence.quote) if event.evidence.quote else ()
    if isinstance(event, EntityRegistered) and event.content.kind != PERSON:
        return ()
    return sealed_in(event)


def _claims(*names: object) -> Iterable[str]:
    yield from (claim_stream(name) for name in names if isinstance(name, str) and is_uuid(name))


def _article(name: str | None) -> Iterable[str]:
    if name is None:
        return
    if "://" in name:
        try:
            yield article_stream(article_id(canonical_url(name), None))
        except Invalid:
            return
    elif is_uuid(name):
        yield article_stream(name)
    else:
        yield article_stream(article_id(None, name))
