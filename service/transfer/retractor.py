"""Taking an import back: its claims withdrawn, what it withdrew reinstated, what it merged taken apart."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from events.errors import Conflict
from events.event_types import (
    ArticleCorrected,
    ArticleRegistered,
    ClaimCorrected,
    Claimed,
    ClaimRefAdded,
    ClaimReinstated,
    ClaimRetracted,
    DomainEvent,
    EntityCorrected,
    EntityMerged,
    EntityRegistered,
    EntityRenamed,
    EntityUnmerged,
    EvidenceAdded,
)
from events.identity import split_stream
from events.records import ClaimRecord, EntityRecord, Record
from events.validation import normal_reason
from events.values import Recorder
from service.store.protocol import EventStore, StoredRecord
from service.store.rows import event_of, folded
from service.timeline.drafts import Draft, ReinstatementDraft, RetractionDraft, UnmergeDraft
from service.timeline.timeline import Timeline
from service.transfer.registry import RETRACTED, Registry
from service.transfer.running import Progress

TAKING_BACK = "taking back"
PAGE = 500
MOST_NAMED = 20
_ATTEMPTS = 8

_LASTING: dict[type[DomainEvent], str] = {
    EntityRegistered: "entities",
    ArticleRegistered: "articles",
    EntityRenamed: "renames",
    EntityCorrected: "corrections",
    ArticleCorrected: "corrections",
    ClaimCorrected: "corrections",
    EvidenceAdded: "further evidence",
    ClaimRefAdded: "further refs",
    ClaimReinstated: "reinstatements",
    EntityUnmerged: "unmerges",
}
"""What cannot be taken back, and what it is called."""


@dataclass
class TakenBack:
    """What was taken back now, what was no longer there to be taken back, and what cannot be.

    `lasting` counts by kind; `named` holds the first few of each. `recorded_by` is set where the import was not the
    first to record anything: the imports of the same content that were.
    """

    retracted: int = 0
    reinstated: int = 0
    unmerged: int = 0
    already: int = 0
    lasting: Counter[str] = field(default_factory=Counter)
    named: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    recorded_by: list[UUID] | None = None


class Retractor:
    """Takes imports back."""

    def __init__(self, timeline: Timeline, store: EventStore, registry: Registry) -> None:
        self._timeline = timeline
        self._store = store
        self._registry = registry

    def take_back(
        self, name: UUID, reason: str, recorder: Recorder, progress: Callable[[Progress], None] = lambda _: None
    ) -> TakenBack:
        """Takes back all that an import was first to record; a second time changes nothing.

        One that recorded nothing stays as it is.
        UnknownImport, Invalid; ImportRunning while it is recorded or taken back by somebody else. It goes page by page:
        when it is killed, the same call does the rest.
        """
        reason = normal_reason(reason)
        found = self._registry.find(name)
        with self._registry.alone(found):
            ranges = list(self._registry.ranges(name))
            if not ranges:
                return TakenBack(recorded_by=[one.id for one in self._registry.bringers(found.sha256)])
            done, total, seen = TakenBack(), sum(map(len, ranges)), 0
            for rows in self._pages(ranges):
                self._take_page(rows, _Share(ranges), reason, recorder, done)
                seen += len(rows)
                progress(Progress(TAKING_BACK, seen, total))
            self._registry.end(name, RETRACTED)
        return done

    def _pages(self, ranges: Sequence[range]) -> Iterator[list[StoredRecord]]:
        for positions in ranges:
            after = positions.start - 1
            while rows := self._store.read_log(after, PAGE, positions.stop - 1):
                yield rows
                after = rows[-1].position

    def _take_page(
        self, rows: Sequence[StoredRecord], share: _Share, reason: str, recorder: Recorder, done: TakenBack
    ) -> None:
        events = [(row.position, event_of(row)) for row in rows]
        for attempt in range(_ATTEMPTS):
            records = self._records({event.originator_id for _, event in events})
            drafts = [d for at, event in events if (d := share.undoing(at, event, records, reason)) is not None]
            try:
                if drafts:
                    self._timeline.record(drafts, recorder=recorder)
            except Conflict:
                # Somebody else withdrew one of them a moment ago.
                if attempt + 1 == _ATTEMPTS:
                    raise
                continue
            _count(done, [event for _, event in events], drafts)
            return

    def _records(self, streams: set[str]) -> dict[str, Record]:
        """The streams as they are now."""
        found = self._store.read_streams(streams)
        return {stream: record for stream, rows in found.items() if (record := folded(rows)) is not None}


class _Share:
    """The part of the log that an import is."""

    def __init__(self, ranges: Sequence[range]) -> None:
        self._ranges = ranges
        self._starts = [positions.start for positions in ranges]

    def undoing(self, position: int, event: DomainEvent, records: dict[str, Record], reason: str) -> Draft | None:
        """What takes an event back, if it can be and was not yet."""
        record = records.get(event.originator_id)
        _, name = split_stream(event.originator_id)
        match event, record:
            case Claimed(), ClaimRecord() if not record.current.is_retracted:
                last = _last_standing(record)
                return RetractionDraft(name, reason) if last is None or self.holds(last) else None
            case ClaimRetracted(), ClaimRecord() if not self.holds(record.position):
                is_last = _last_standing(record) == position
                return ReinstatementDraft(name, reason) if is_last else None
            case EntityMerged(), EntityRecord():
                stands = any(merge.merge == event.merge and merge.undone is None for merge in record.merges)
                return UnmergeDraft(name, reason, merge=event.merge) if stands else None
        return None

    def holds(self, position: int) -> bool:
        """Whether a position is part of it."""
        index = bisect_right(self._starts, position) - 1
        return index >= 0 and position in self._ranges[index]


def _last_standing(record: ClaimRecord) -> int | None:
    """The position of the last retraction or reinstatement of a claim."""
    undoings = [at for at, event in record.amendments if isinstance(event, ClaimRetracted | ClaimReinstated)]
    return undoings[-1] if undoings else None


def _count(done: TakenBack, events: Sequence[DomainEvent], drafts: Sequence[Draft]) -> None:
    done.retracted += sum(isinstance(draft, RetractionDraft) for draft in drafts)
    done.reinstated += sum(isinstance(draft, ReinstatementDraft) for draft in drafts)
    done.unmerged += sum(isinstance(draft, UnmergeDraft) for draft in drafts)
    undoable = sum(isinstance(event, Claimed | ClaimRetracted | EntityMerged) for event in events)
    done.already += undoable - len(drafts)
    for event in events:
        kind = _LASTING.get(type(event))
        if kind is not None:
            done.lasting[kind] += 1
            if len(done.named[kind]) < MOST_NAMED:
                done.named[kind].append(split_stream(event.originator_id)[1])
