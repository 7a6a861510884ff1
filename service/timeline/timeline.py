"""The timeline: the one object through which everything is recorded and read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from uuid import UUID

import msgspec

from events.errors import Conflict, DomainError, Unknown
from events.records import EVER
from events.values import Recorder
from service import asking
from service.errors import (
    STALLED,
    GuardFailed,
    KeyTaken,
    NotBuilt,
    RequestMismatch,
    ServiceError,
    StreamConflict,
    TextTaken,
)
from service.projections.beliefs import Beliefs
from service.projections.index import Index
from service.projections.status import ProjectionStatus, TableState
from service.settings import Limits
from service.store.application import TimelineApplication
from service.store.following import Following
from service.store.protocol import Request, StoredRequest
from service.timeline.beliefs import BeliefChanges
from service.timeline.changes import differences, two_points
from service.timeline.clocks import ClockReader
from service.timeline.drafts import ClaimDraft, Draft
from service.timeline.entities import PERSON
from service.timeline.feed import Feed
from service.timeline.mementos import Recording, recordings
from service.timeline.motion import Motion
from service.timeline.network import Networks
from service.timeline.nodes import Nodes
from service.timeline.periods import Periods
from service.timeline.reading import Reader, named_in
from service.timeline.recollection import Recollection
from service.timeline.recording import Decided, decide_on, prefetch
from service.timeline.records import RecentEpoch, RecordCount
from service.timeline.views import ChangesView, Clocks, Outcome, Page, RequestKey, Written
from service.timeline.workspace import Workspace
from service.tree.proofs import LogProofs

ATTEMPTS = 8
LONGEST_LAG = 10.0
"""Seconds that the read side may be behind where nothing else is set."""
_RACES = (StreamConflict, GuardFailed, KeyTaken, TextTaken)


@dataclass(frozen=True)
class Readiness:
    """Whether questions can be answered, and how far the read side is."""

    ready: bool
    reason: str
    position: int
    head: int
    parked: int
    following: Following | None = None


class _Answer(msgspec.Struct, frozen=True):
    """What is kept of an answered request: everything but the positions of new events, which the log knows."""

    items: tuple[Decided, ...]
    head: int


class Timeline(Reader):
    """Records drafts and answers questions. Safe to use from many threads."""

    def __init__(
        self,
        application: TimelineApplication,
        index: Index,
        beliefs: Beliefs | None,
        limits: Limits,
        proofs: LogProofs,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        following: Callable[[], Following | None] = lambda: None,
        ready_lag: float | None = None,
    ) -> None:
        """`following`: whom the log follows, if anybody. `ready_lag`: see `readiness`."""
        super().__init__(application.store, index, beliefs, limits)
        self._application = application
        self.proofs = proofs
        nodes = Nodes(self._load, self._naming, limits.graph_nodes)
        self.network = Networks(self._load, index, beliefs, nodes, limits)
        self.periods = Periods(self._load, index, beliefs, nodes, limits)
        self.feed = Feed(application.store, index)
        self._now = now
        self._following = following
        self._ready_lag = ready_lag
        self._longest_lag = LONGEST_LAG if ready_lag is None else ready_lag
        self._motion = Motion(self._longest_lag)
        self._patience = limits.request_deadline
        self._recollection = Recollection()
        self._records = RecordCount(application.store)
        self._recent_epoch = RecentEpoch(application.store)
        self._clocks = ClockReader(application.store, self._recent_epoch.get, index.reached, limits.position_wait, now)
        self.beliefs = BeliefChanges(self._load, index, beliefs, self._clocks)

    def record(
        self,
        drafts: Sequence[Draft],
        *,
        recorder: Recorder,
        expected: int | None = None,
        request: RequestKey | None = None,
    ) -> Outcome:
        """Records all drafts or none. Drafts may refer to earlier ones; what is already so is not recorded again.

        A DomainError names the place, with the index of the draft first where there are several. `expected` is the
        version that the thing has to be at. The same `request` again gives the first answer; RequestMismatch with
        another body. What others record at the same time is taken into account by deciding anew.
        """
        if len(drafts) == 1 and isinstance(drafts[0], ClaimDraft):
            outcome = self._attempt_quickly(drafts, recorder, request)
            if outcome is not None:
                return outcome
        deadline = monotonic() + self._patience
        for attempt in range(ATTEMPTS):
            answered = self._answered(request)
            if answered is not None:
                return answered
            try:
                return self._attempt(Workspace(self._application.store, recorder), drafts, expected, request)
            except DomainError:
                # The same request may have been answered meanwhile, and that is why it is refused now.
                answered = self._answered(request)
                if answered is None:
                    raise
                return answered
            except _RACES as error:
                if attempt + 1 == ATTEMPTS or monotonic() > deadline:
                    raise Conflict("others kept changing the same things; send it again") from error
        raise AssertionError("the last attempt returns or raises")

    def clocks(
        self,
        as_of: str | None = None,
        published_by: str | None = None,
        recorded_by: str | None = None,
        according_to: str | None = None,
        min_position: int | None = None,
        entity: str | None = None,
    ) -> Clocks:
        """The point that the parameters of a question about an entity mean; a refusal names one in its pointer.

        Waits, up to a limit, until the read side has seen `min_position` and `recorded_by`; ReadSideBehind after it.
        """
        clocks = self._clocks.resolve(as_of, published_by, recorded_by, according_to, min_position, entity)
        if clocks.according_to is not None and not self._load.entities([clocks.according_to], EVER):
            raise Unknown(f"there is no entity {clocks.according_to!r}", "according_to")
        return clocks

    def two_points(self, clocks: Clocks, axis: str, first: str, last: str) -> tuple[Clocks, Clocks]:
        """Two points that differ in one clock only; a refusal names `from` or `to`."""
        return two_points(self._clocks, clocks, axis, first, last)

    def changes(self, name: str, before: Clocks, after: Clocks, limit: int, skipped: int = 0) -> ChangesView:
        """What differs in the state of an entity between two points, and what did it, without the first few."""
        found = differences(self._load, name, before, after, limit, skipped)
        entity = self._naming.views([self._entity_then_or_first(found.entity, after.position)], after)[0]
        names = self._naming.names_of({name, found.entity}.union(*map(named_in, found.shown)) - {""}, after)
        return ChangesView(entity, found.changes, names, found.refs, found.notices, found.after)

    def head(self) -> int:
        """The last position of the log."""
        return self._application.store.head()

    def has_position(self, position: int) -> bool:
        """Whether the log has come to a position: that which is written, where a replica of it is read."""
        if position <= self.head():
            return True
        with asking.aside():
            return position <= self.head()

    def epoch(self) -> UUID:
        """The identity of the log."""
        return self._application.store.epoch()

    def recent_epoch(self) -> UUID:
        """The identity of the log as it was at most a second ago, mostly without asking for it."""
        return self._recent_epoch.get()

    def count_records(self, position: int, epoch: UUID) -> int:
        """How many of the events up to a position of the log of this epoch are records, as an export holds them."""
        return self._records.up_to(position, epoch)

    def position_at(self, instant: datetime) -> int:
        """The last position recorded at or before an instant, of the log that is written."""
        with asking.aside():
            return self._application.store.position_at(instant)

    def recordings(self, entity: str, position: int, limit: int, after: int) -> Page[Recording]:
        """When something that bears on an entity was recorded, up to a position and after one."""
        found = [one for one in recordings(self._store, self._load, entity, position) if one.position > after]
        page = tuple(found[:limit])
        return Page(page, str(page[-1].position) if len(found) > limit else None)

    def names(self, entities: Collection[str], clocks: Clocks) -> dict[str, str | None]:
        """What those of some entities that are registered are called on a day; None where the name was erased."""
        return self._naming.names_of(entities, clocks)

    def has_erasable_names(self, entities: Collection[str]) -> bool:
        """Whether the name of any of these entities may have to be forgotten."""
        return any(record.contents[-1][1].kind == PERSON for record in self._load.entities(list(entities), EVER))

    def readiness(self) -> Readiness:
        """Whether questions can be answered: not when the database is out of reach, nor when the read side stalls.

        It stalls when it is more than `ready_lag` seconds behind, or `LONGEST_LAG`. Where one is set it also holds for
        how far a follower is behind its leader; else a follower answers as well without its leader.
        """
        try:
            state, head, following = self._index.state(), self.head(), self._following()
            reason = self._why_not_ready(state, head, following)
            return Readiness(not reason, reason, state.position, head, state.parked, following)
        except ServiceError as error:
            return Readiness(False, error.title, 0, 0, 0)

    def projections(self) -> list[ProjectionStatus]:
        """How far the projections are, and their last rebuilds."""
        return self._index.status()

    def _why_not_ready(self, state: TableState, head: int, following: Following | None) -> str:
        """Empty when questions can be answered."""
        if not state.is_built:
            return f"{NotBuilt().title} It is at position {state.position}."
        if following is not None:
            if following.is_halted:
                return f"Nothing more is taken over from {following.leader}. {following.error}"
            if self._ready_lag is not None and following.is_later_than(self._ready_lag):
                return following.lateness
            # What is taken over was recorded long ago: its age does not tell how long it has been waiting here.
            return STALLED if self._motion.is_stalled(state.position, head) else ""
        waiting = self._application.store.recorded_at(state.position + 1)
        is_stalled = waiting is not None and (self._now() - waiting).total_seconds() > self._longest_lag
        return STALLED if is_stalled else ""

    def _attempt_quickly(
        self, drafts: Sequence[Draft], recorder: Recorder, request: RequestKey | None
    ) -> Outcome | None:
        """What came of it if what is remembered is right and the claim is new; None if that has to be looked at."""
        work = Workspace(self._application.store, recorder, self._recollection)
        try:
            return self._attempt(work, drafts, None, request)
        except (DomainError, *_RACES):
            self._recollection.forget(work.seen)
            return None

    def _attempt(
        self, work: Workspace, drafts: Sequence[Draft], expected: int | None, request: RequestKey | None
    ) -> Outcome:
        answer = _Answer(_decide_all(work, drafts, expected), 0 if work.events else self.head())
        if not work.events and request is None:
            return _outcome(answer, None, 0, self._now())
        kept = Request(request.key, request.body_hash, msgspec.json.encode(answer).decode()) if request else None
        appended = self._application.append(
            work.events,
            guards=work.guards,
            link_counts=work.link_counts,
            keys=work.keys,
            links=work.links,
            texts=work.texts,
            request=kept,
        )
        if appended.replayed and appended.answer is not None:
            answer = msgspec.json.decode(appended.answer, type=_Answer)
        return _outcome(answer, appended.first_position, appended.count, appended.recorded_at, appended.replayed)

    def _answered(self, request: RequestKey | None) -> Outcome | None:
        """The answer given to the same request before."""
        stored = self._application.store.find_request(request.key) if request else None
        return None if stored is None or request is None else _replayed(stored, request)


def _decide_all(work: Workspace, drafts: Sequence[Draft], expected: int | None) -> tuple[Decided, ...]:
    if not work.supposes:
        prefetch(work, drafts)
    decided = []
    for index, draft in enumerate(drafts):
        try:
            decided.append(decide_on(work, draft, expected))
        except DomainError as error:
            raise error.at(f"/{index}") if len(drafts) > 1 else error from None
    return tuple(decided)


def _replayed(stored: StoredRequest, request: RequestKey) -> Outcome:
    if stored.body_hash != request.body_hash:
        raise RequestMismatch(request.key)
    answer = msgspec.json.decode(stored.answer, type=_Answer)
    return _outcome(answer, stored.first_position, stored.count, stored.recorded_at, replayed=True)


def _outcome(
    answer: _Answer, first_position: int | None, count: int, recorded_at: datetime, replayed: bool = False
) -> Outcome:
    first = first_position or 0
    items = tuple(
        Written(
            kind=item.kind,
            id=item.id,
            version=item.version,
            position=item.position if item.offset is None else first + item.offset,
            created=item.created,
            changed=item.is_changed,
            ref=item.ref,
            also_moved=item.also_moved,
        )
        for item in answer.items
    )
    return Outcome(items, first + count - 1 if count else answer.head, recorded_at, replayed)
