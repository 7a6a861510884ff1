"""The store in memory, for tests: the promises of `service.store.protocol.EventStore` without a database."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from threading import Lock
from uuid import UUID, uuid4

from eventsourcing.persistence import StoredEvent

from service.errors import GuardFailed, KeyTaken, RequestMismatch, StoreError, StreamConflict, TextTaken
from service.store.check import demand_consecutive, demand_storable
from service.store.protocol import (
    NO_COUNTS,
    NO_GUARDS,
    Appended,
    ErasableText,
    LinkCounts,
    LogEnd,
    Recent,
    Request,
    Snapshot,
    StoredRecord,
    StoredRequest,
    StreamKey,
    StreamLink,
)

_TICK = timedelta(microseconds=1)


def _now() -> datetime:
    return datetime.now(UTC)


class MemoryStore:
    """Everything in dictionaries under one lock. `clock` may be set back: `recorded_at` grows all the same."""

    def __init__(self, clock: Callable[[], datetime] = _now) -> None:
        self._clock = clock
        self._lock = Lock()
        self._epoch = uuid4()
        self._log: list[StoredRecord] = []
        self._streams: dict[str, list[StoredRecord]] = {}
        self._keys: dict[tuple[str, str], str] = {}
        self._links: dict[tuple[str, str], set[str]] = {}
        self._requests: dict[str, StoredRequest] = {}
        self._texts: dict[UUID, ErasableText] = {}
        self._by_content: dict[tuple[str, str], ErasableText] = {}
        self._snapshots: dict[str, Snapshot] = {}

    def append(
        self,
        events: Sequence[StoredEvent],
        *,
        guards: Mapping[str, int] = NO_GUARDS,
        link_counts: LinkCounts = NO_COUNTS,
        keys: Sequence[StreamKey] = (),
        links: Sequence[StreamLink] = (),
        texts: Sequence[ErasableText] = (),
        request: Request | None = None,
    ) -> Appended:
        """Checks everything first, then stores everything."""
        demand_consecutive(events)
        demand_storable(_texts_in(events, keys, links, texts, request))
        with self._lock:
            if request and request.key in self._requests:
                return self._replay(request)
            self._check_guards(guards)
            self._check_link_counts(link_counts)
            self._check_versions(events)
            new_texts = self._check_texts(texts)
            new_keys = self._check_keys(keys)
            appended = self._store_events(events, request)
            self._texts |= new_texts
            self._by_content |= {(text.scope, text.content): text for text in new_texts.values()}
            self._keys |= new_keys
            for link in links:
                self._links.setdefault((link.kind, link.target), set()).add(link.source)
            if request:
                self._requests[request.key] = StoredRequest(
                    request.key, request.body_hash, request.answer,
                    appended.first_position, appended.count, appended.recorded_at,
                )  # fmt: skip
            return appended

    def read_stream(
        self, stream: str, *, after: int = 0, until: int | None = None, limit: int | None = None
    ) -> list[StoredRecord]:
        """The events of a stream in order."""
        with self._lock:
            return _up_to(self._streams.get(stream, [])[max(after, 0) :], until)[:limit]

    def read_streams(self, streams: Collection[str], *, until: int | None = None) -> dict[str, list[StoredRecord]]:
        """The events of several streams as of one moment."""
        with self._lock:
            return {stream: _up_to(self._streams.get(stream, []), until) for stream in streams}

    def read_recent(self, streams: Collection[str], form: int) -> dict[str, Recent]:
        """What is kept of each of the streams, and the events since."""
        with self._lock:
            return {stream: self._recent(stream, form) for stream in streams}

    def read_marked(self, stream: str, mark: str, until: int) -> list[StoredRecord]:
        """All events of the stream up to a version."""
        with self._lock:
            return self._streams.get(stream, [])[:until]

    def keep_snapshot(self, snapshot: Snapshot) -> None:
        """Keeps a snapshot of a stream."""
        with self._lock:
            self._snapshots[snapshot.stream] = snapshot

    def read_snapshots(self, form: int, after: str, limit: int) -> list[Snapshot]:
        """The next snapshots in a form."""
        with self._lock:
            kept = [one for stream, one in sorted(self._snapshots.items()) if stream > after and one.form == form]
            return kept[:limit]

    def read_log(
        self, after: int, limit: int, until: int | None = None, *, of: UUID | None = None
    ) -> list[StoredRecord]:
        """The next events of the log."""
        with self._lock:
            if of not in (None, self._epoch):
                return []
            return _up_to(self._log[max(after, 0) : max(after, 0) + limit], until)

    def read_positions(self, positions: Collection[int]) -> list[StoredRecord]:
        """The events at these positions."""
        wanted = set(positions)
        with self._lock:
            return [record for record in self._log if record.position in wanted]

    def read_selected(
        self,
        after: int,
        limit: int,
        until: int,
        *,
        streams: Collection[str] | None = None,
        topics: Collection[str] | None = None,
    ) -> list[StoredRecord]:
        """The next events of the log that are in some streams, or have one of some topics."""
        return [
            record
            for record in self.read_log(after, self.head(), until)
            if (streams is None or record.stream in streams) and (topics is None or record.topic in topics)
        ][:limit]

    def read_back(
        self,
        until: int,
        limit: int,
        after: int,
        *,
        streams: Collection[str] | None = None,
        topics: Collection[str] | None = None,
    ) -> list[StoredRecord]:
        """The last events of the log that are in some streams, or have one of some topics."""
        return self.read_selected(after, self.head(), until, streams=streams, topics=topics)[::-1][:limit]

    def head(self) -> int:
        """The last position."""
        return len(self._log)

    def position_at(self, instant: datetime) -> int:
        """The last position recorded at or before an instant."""
        if instant.tzinfo is None:
            raise ValueError("the instant has no offset")
        with self._lock:
            return bisect.bisect_right(self._log, instant, key=lambda record: record.recorded_at)

    def recorded_at(self, position: int) -> datetime | None:
        """When the event at a position was recorded."""
        with self._lock:
            return self._log[position - 1].recorded_at if 1 <= position <= len(self._log) else None

    def find_keys(self, kind: str, keys: Collection[str]) -> dict[str, str]:
        """The streams that own the keys."""
        with self._lock:
            return {key: self._keys[kind, key] for key in keys if (kind, key) in self._keys}

    def find_links(self, kind: str, target: str, *, after: str = "", limit: int | None = None) -> list[str]:
        """The sources that link to a target."""
        with self._lock:
            return sorted(source for source in self._links.get((kind, target), ()) if source > after)[:limit]

    def find_request(self, key: str) -> StoredRequest | None:
        """The request answered under a key."""
        return self._requests.get(key)

    def find_texts(self, texts: Collection[tuple[str, str]]) -> dict[tuple[str, str], ErasableText]:
        """The texts stored for pairs of scope and content."""
        with self._lock:
            return {text: self._by_content[text] for text in texts if text in self._by_content}

    def read_texts(self, references: Collection[UUID]) -> dict[UUID, ErasableText]:
        """The texts behind the references."""
        with self._lock:
            return {reference: self._texts[reference] for reference in references if reference in self._texts}

    def find_erased(self, references: Collection[UUID]) -> set[UUID]:
        """None: nothing is erased here."""
        return set()

    def text_sizes(self, references: Collection[UUID]) -> dict[UUID, int]:
        """The sizes of the texts behind the references."""
        return {reference: len(text.content.encode()) for reference, text in self.read_texts(references).items()}

    def epoch(self) -> UUID:
        """The identity of this log."""
        return self._epoch

    def end(self) -> LogEnd:
        """The identity of this log and where it ends."""
        return LogEnd(self._epoch, self.head())

    def _recent(self, stream: str, form: int) -> Recent:
        kept = self._snapshots.get(stream)
        if kept is None or kept.form != form:
            return Recent(None, self._streams.get(stream, []))
        return Recent(kept, self._streams.get(stream, [])[kept.version - 1 :])

    def _replay(self, request: Request) -> Appended:
        stored = self._requests[request.key]
        if stored.body_hash != request.body_hash:
            raise RequestMismatch(request.key)
        return Appended(
            stored.first_position, stored.count, len(self._log), stored.recorded_at, replayed=True, answer=stored.answer
        )

    def _check_guards(self, guards: Mapping[str, int]) -> None:
        for stream, expected in guards.items():
            if expected != self._version(stream):
                raise GuardFailed(stream, expected, self._version(stream))

    def _check_link_counts(self, link_counts: LinkCounts) -> None:
        for (kind, target), expected in link_counts.items():
            actual = len(self._links.get((kind, target), ()))
            if expected != actual:
                raise GuardFailed(target, expected, actual)

    def _check_versions(self, events: Sequence[StoredEvent]) -> None:
        seen = set()
        for event in events:
            stream = str(event.originator_id)
            if stream not in seen and event.originator_version != self._version(stream) + 1:
                raise StreamConflict(stream, event.originator_version - 1, self._version(stream))
            seen.add(stream)

    def _check_texts(self, texts: Sequence[ErasableText]) -> dict[UUID, ErasableText]:
        new: dict[UUID, ErasableText] = {}
        new_by_content: dict[tuple[str, str], ErasableText] = {}
        for text in texts:
            content = (text.scope, text.content)
            owner = self._by_content.get(content) or new_by_content.get(content)
            if owner and owner.reference != text.reference:
                raise TextTaken(text.scope, owner.reference)
            if not owner and (text.reference in self._texts or text.reference in new):
                raise StoreError(f"{text.reference} stands for another text.")
            if not owner:
                new_by_content[content] = new[text.reference] = text
        return new

    def _check_keys(self, keys: Sequence[StreamKey]) -> dict[tuple[str, str], str]:
        new: dict[tuple[str, str], str] = {}
        for key in keys:
            name = (key.kind, key.key)
            owner = self._keys.get(name) or new.setdefault(name, key.stream)
            if owner != key.stream:
                raise KeyTaken(key.kind, key.key, owner)
        return new

    def _store_events(self, events: Sequence[StoredEvent], request: Request | None) -> Appended:
        before = len(self._log)
        started_at = self._clock()
        if self._log:
            started_at = max(started_at, self._log[-1].recorded_at + _TICK)
        for place, event in enumerate(events):
            stream = str(event.originator_id)
            record = StoredRecord(
                before + place + 1, stream, event.originator_version, event.topic, event.state,
                started_at + place * _TICK,
            )  # fmt: skip
            self._log.append(record)
            self._streams.setdefault(stream, []).append(record)
        return Appended(
            first_position=before + 1 if events else None,
            count=len(events),
            head=len(self._log),
            recorded_at=self._log[-1].recorded_at if events else started_at,
            answer=request.answer if request else None,
        )

    def _version(self, stream: str) -> int:
        return len(self._streams.get(stream, ()))


def _up_to(records: list[StoredRecord], until: int | None) -> list[StoredRecord]:
    return [record for record in records if until is None or record.position <= until]


def _texts_in(
    events: Sequence[StoredEvent],
    keys: Sequence[StreamKey],
    links: Sequence[StreamLink],
    texts: Sequence[ErasableText],
    request: Request | None,
) -> list[str]:
    return [
        *(part for event in events for part in (str(event.originator_id), event.topic)),
        *(part for key in keys for part in (key.kind, key.key, key.stream)),
        *(part for link in links for part in (link.kind, link.source, link.target)),
        *(part for text in texts for part in (text.scope, text.digest, text.content)),
        *((request.key, request.body_hash, request.answer) if request else ()),
    ]
