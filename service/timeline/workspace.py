"""What one recording has read and will append: streams folded, references resolved, guards, keys, links and texts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import TypeVar

from events.errors import DomainError, Invalid, InvalidDate, StaleVersion, UnknownReference
from events.event_types import ClaimCorrected, ClaimReinstated, ClaimRetracted, DomainEvent
from events.identity import (
    article_id,
    article_stream,
    canonical_url,
    claim_stream,
    entity_stream,
    split_stream,
)
from events.records import Amendment, ArticleRecord, ClaimRecord, EntityRecord, Record, evolve
from events.values import ClaimContent, ClaimTime, Recorder
from service.store.protocol import ErasableText, EventStore, StreamKey, StreamLink
from service.store.rows import event_of, folded
from service.store.snapshots import Present, read_present
from service.timeline.brought import REF, SAME_DATE, SHA256, claim_of_rule, is_uuid
from service.timeline.recollection import NOWHERE, Place, Recollection
from service.timeline.texts import Sealer, sealed_in

_SHA256 = re.compile("[0-9a-f]{64}")
AnyRecord = TypeVar("AnyRecord", EntityRecord, ArticleRecord, ClaimRecord)


class Workspace:
    """The streams of one recording as they will be, and on which stored versions its decisions rest.

    With a recollection it reads no more than it has to: it goes by what was read for earlier recordings, and supposes
    that a claim is new. Where that is wrong, the append fails, or a DomainError is not true: decide anew without one.
    """

    def __init__(self, store: EventStore, recorder: Recorder, recollection: Recollection | None = None) -> None:
        self.store = store
        self.recorder = recorder
        self.sealer = Sealer(store)
        self._recollection = recollection
        self.events: list[DomainEvent] = []
        self.last_offsets: dict[str, int] = {}
        self.guards: dict[str, int] = {}
        self.link_counts: dict[tuple[str, str], int] = {}
        self.keys: list[StreamKey] = []
        self.links: list[StreamLink] = []
        self._records: dict[str, Record | None] = {}
        self._stored: dict[str, Place] = {}
        self._refs: dict[str, str | None] = {}

    @property
    def texts(self) -> list[ErasableText]:
        """The erasable texts that the new events refer to."""
        return self.sealer.texts_of(sealed_in(self.events))

    def stored_version(self, stream: str) -> int:
        """The version at which a stream is stored; 0 where there is none."""
        return self._stored.get(stream, NOWHERE).version

    def stored_position(self, stream: str) -> int:
        """The log position of the last stored event of a stream; 0 where there is none."""
        return self._stored.get(stream, NOWHERE).position

    # records

    def load(self, streams: Iterable[str]) -> None:
        """Read the streams that were not read before, all in one query. Of a claim, the end may be all that is read."""
        missing = [stream for stream in dict.fromkeys(streams) if stream not in self._records]
        if missing and self._recollection is not None:
            for stream, (record, place) in self._recollection.find(missing).items():
                self._records[stream], self._stored[stream] = record, place
            missing = [stream for stream in missing if stream not in self._records]
        for stream, found in (self.read(missing) if missing else {}).items():
            self._records[stream] = found.record
            self._stored[stream] = Place(found.version, found.position)
            if self._recollection is not None and found.record is not None:
                self._recollection.keep(stream, found.record, self._stored[stream])

    def read(self, streams: Collection[str]) -> dict[str, Present]:
        """Streams as they are stored."""
        return read_present(self.store, streams)

    def load_whole(self, streams: Iterable[str]) -> None:
        """Read all that was ever done to claims, of which `load` may leave out the most."""
        known = {stream: self._records.get(stream) for stream in streams}
        missing = [s for s, record in known.items() if record is None or _is_summed_up(record)]
        for stream, rows in (self.store.read_streams(missing) if missing else {}).items():
            if stream in self._records:
                rows = rows[: self.stored_version(stream)]
            else:
                self._stored[stream] = Place(rows[-1].version, rows[-1].position) if rows else NOWHERE
            record = folded(rows)
            for event in self.events:
                if event.originator_id == stream:
                    record = evolve(record, event)
            self._records[stream] = record

    def recall(self, claim: ClaimRecord, mark: str) -> Iterable[Amendment]:
        """The amendments with a mark, and perhaps others, among those that a record no longer holds."""
        until = claim.past.version if claim.past else 0
        found = map(event_of, self.store.read_marked(claim_stream(claim.id), mark, until))
        return [event for event in found if isinstance(event, ClaimCorrected | ClaimRetracted | ClaimReinstated)]

    @property
    def seen(self) -> Collection[str]:
        """The streams that it looked at."""
        return self._records.keys()

    @property
    def supposes(self) -> bool:
        """Whether it supposes that claims are new."""
        return self._recollection is not None

    def suppose_new(self, stream: str) -> None:
        """Take a stream for one without events, and without texts, unless something was read of it."""
        if stream not in self._records:
            self._records[stream] = None
            self.sealer.suppose_none(stream)

    def record(self, stream: str) -> Record | None:
        """A stream, folded, with the events of this recording."""
        if stream not in self._records:
            self.load([stream])
        return self._records[stream]

    def entity(self, name: str) -> EntityRecord | None:
        """An entity, if there is one."""
        record = self.record(entity_stream(name))
        return record if isinstance(record, EntityRecord) else None

    def article(self, name: str) -> ArticleRecord | None:
        """An article, if there is one."""
        record = self.record(article_stream(name))
        return record if isinstance(record, ArticleRecord) else None

    def claim(self, name: str) -> ClaimRecord | None:
        """A claim, if there is one."""
        record = self.record(claim_stream(name))
        return record if isinstance(record, ClaimRecord) else None

    def published(self, article: str) -> str:
        """When an article that exists was published, as known now."""
        return demand(self.article(article)).contents[-1][1].published

    def publications(self, article: str) -> list[str]:
        """Every date of publication that an article that exists was ever known by, the one known now first."""
        contents = demand(self.article(article)).contents
        return list(dict.fromkeys(content.published for _, content in reversed(contents)))

    def append(self, events: Iterable[DomainEvent]) -> None:
        """Take events in, for what is decided next and for the append at the end."""
        for event in events:
            self._records[event.originator_id] = evolve(self.record(event.originator_id), event)
            self.last_offsets[event.originator_id] = len(self.events)
            self.events.append(event)

    def guard(self, stream: str) -> None:
        """Let the append fail if a stream that is only read has moved on since."""
        if stream not in self.last_offsets:
            self.record(stream)
            self.guards[stream] = self.stored_version(stream)

    def demand_entities(self, content: ClaimContent) -> None:
        """UnknownReference, with the place, for an entity that a claim names and nobody registered."""
        by, moves = content.asserted_by, content.attributes.get("moves") or {}
        ends = [moves[end] for end in ("subject", "object") if end in moves]
        named = [*(participant.entity for participant in content.participants), *by.agent, *by.affiliation, *ends]
        self.load(map(entity_stream, named))
        for name in named:
            if self.entity(name) is None:
                raise UnknownReference(f"there is no entity {name!r}", _place_of(name, content))

    # references

    def article_id(self, given: str, pointer: str, missing: type[DomainError] = UnknownReference) -> str:
        """The id of an article given by id, url or sha256; `missing` where there is none."""
        if "://" in given:
            name = article_id(canonical_url(given, pointer), None)
        elif _SHA256.fullmatch(given):
            name = self._article_by_text(given)
        else:
            name = given
        if not is_uuid(name) or self.article(name) is None:
            raise missing(f"there is no article {given!r}", pointer)
        return name

    def _article_by_text(self, sha256: str) -> str:
        name = article_id(None, sha256)
        if self.article(name) is not None:
            return name
        owner = self.owner(SHA256, sha256)
        return split_stream(owner)[1] if owner else name

    def owner(self, kind: str, key: str) -> str | None:
        """The stream that a key belongs to, stored or about to be."""
        pending = next((k.stream for k in self.keys if (k.kind, k.key) == (kind, key)), None)
        return pending or self.store.find_keys(kind, [key]).get(key)

    def claim_id(self, given: str, pointer: str, missing: type[DomainError] = UnknownReference) -> str:
        """The id of a claim given by id or ref; `missing` where there is none."""
        stream = claim_stream(given) if is_uuid(given) else self.stream_of_ref(given)
        if stream is None or not isinstance(self.record(stream), ClaimRecord):
            raise missing(f"there is no claim {given!r}", pointer)
        return split_stream(stream)[1]

    def find_refs(self, refs: Iterable[str]) -> None:
        """Look up the refs that were not looked up before, all in one query."""
        missing = [ref for ref in dict.fromkeys(refs) if ref not in self._refs]
        if missing:
            found = self.store.find_keys(REF, missing)
            self._refs |= {ref: found.get(ref) for ref in missing}

    def stream_of_ref(self, ref: str) -> str | None:
        """The stream of the claim with this ref."""
        self.find_refs([ref])
        return self._refs[ref]

    def suppose_free(self, ref: str) -> None:
        """Take a ref for one that no claim has."""
        self._refs.setdefault(ref, None)

    def claim_ref(self, ref: str, stream: str) -> None:
        """Give a ref to a claim."""
        self.keys.append(StreamKey(REF, ref, stream))
        self._refs[ref] = stream

    def linked(self, kind: str, target: str) -> list[str]:
        """The streams that link to a target, stored or about to be, in the order of their names.

        The append fails if there are others by then.
        """
        stored = self.store.find_links(kind, target)
        self.link_counts.setdefault((kind, target), len(stored))
        pending = [link.source for link in self.links if (link.kind, link.target) == (kind, target)]
        return sorted({*stored, *pending})

    # dates taken from other claims

    def date_of_rule(self, time: ClaimTime) -> str | None:
        """The date of the claim that the rule of a date names; None where it names none."""
        source = self._claim_of_rule(time)
        return None if source is None else demand(self.claim(source)).current.content.time.edtf

    def link_date(self, time: ClaimTime, stream: str) -> None:
        """Note that a date is taken from another claim, so that it can follow it."""
        source = self._claim_of_rule(time)
        if source is not None:
            self.guard(claim_stream(source))
            self.links.append(StreamLink(SAME_DATE, stream, claim_stream(source)))

    def _claim_of_rule(self, time: ClaimTime) -> str | None:
        try:
            named = claim_of_rule(time.rule)
        except InvalidDate as error:
            raise error.at("/time/rule") from None
        return None if named is None else self.claim_id(named, "/time/rule")


def _is_summed_up(record: Record) -> bool:
    return isinstance(record, ClaimRecord) and record.past is not None


def demand(record: AnyRecord | None) -> AnyRecord:
    """A record whose existence was checked before."""
    if record is None:
        raise LookupError("a record was used before its existence was checked")
    return record


def _place_of(entity: str, content: ClaimContent) -> str:
    """Where a claim first names an entity."""
    places = {f"/participants/{index}/entity": p.entity for index, p in enumerate(content.participants)}
    for field in ("agent", "affiliation"):
        places |= {
            f"/asserted_by/{field}/{index}": voice for index, voice in enumerate(getattr(content.asserted_by, field))
        }
    places |= {f"/attributes/moves/{end}": name for end, name in content.attributes.get("moves", {}).items()}
    return next(place for place, name in places.items() if name == entity)


def demand_version(record: Record | None, expected: int | None) -> None:
    """StaleVersion unless the record is at the expected version; Invalid for one below 0."""
    if expected is None:
        return
    if expected < 0:
        raise Invalid("a version is not negative")
    version = record.version if record else 0
    if version != expected:
        raise StaleVersion(f"it is at version {version}, not {expected}")


def under_changes(error: DomainError, changes: Iterable[str]) -> DomainError:
    """The refusal of a changed field, its place given in the correction."""
    field = error.pointer.split("/")[1] if error.pointer.startswith("/") else ""
    return error.at("/changes") if field in changes else error
