"""The timeline: the one object through which everything is recorded and read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic

import msgspec

from events.errors import Conflict, DomainError, Unknown
from events.records import EVER
from events.values import Recorder
from service.errors import GuardFailed, KeyTaken, NotBuilt, RequestMismatch, ServiceError, StreamConflict, TextTaken
from service.projections.index import Index
from service.projections.status import ProjectionStatus, TableState
from service.settings import Limits
from service.store.application import TimelineApplication
from service.store.protocol import Request, StoredRequest
from service.timeline.clocks import ClockReader
from service.timeline.drafts import ClaimDraft, Draft
from service.timeline.reading import Reader
from service.timeline.recollection import Recollection
from service.timeline.recording import Decided, decide_on, prefetch
from service.timeline.views import Clocks, Outcome, RequestKey, Written
from service.timeline.workspace import Workspace
from service.tree.proofs import LogProofs

ATTEMPTS = 8
LONGEST_LAG = timedelta(seconds=10)
_RACES = (StreamConflict, GuardFailed, KeyTaken, TextTaken)


@dataclass(frozen=True)
class Readiness:
    """Whether questions can be answered, and how far the read side is."""

    ready: bool
    reason: str
    position: int
    head: int
    parked: int


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
        limits: Limits,
        proofs: LogProofs,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(application.store, index, limits.fold_claims)
        self._application = application
        self.proofs = proofs
        self._now = now
        self._patience = limits.request_deadline
        self._recollection = Recollection()
        self._clocks = ClockReader(application.store, index.position, limits.position_wait, now)

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
    ) -> Clocks:
        """The point that the parameters of the clocks mean; a refusal names the parameter in its pointer.

        Waits, up to a limit, until the read side has seen `min_position` and `recorded_by`; ReadSideBehind after it.
        """
        clocks = self._clocks.resolve(as_of, published_by, recorded_by, according_to, min_position)
        if clocks.according_to is not None and not self._load.entities([clocks.according_to], EVER):
            raise Unknown(f"there is no entity {clocks.according_to!r}", "according_to")
        return clocks

    def head(self) -> int:
        """The last position of the log."""
        return self._application.store.head()

    def readiness(self) -> Readiness:
        """Whether questions can be answered: not when the database is out of reach, nor when the read side stalls."""
        try:
            state, head = self._index.state(), self.head()
            reason = self._why_not_ready(state)
            return Readiness(not reason, reason, state.position, head, state.parked)
        except ServiceError as error:
            return Readiness(False, error.title, 0, 0, 0)

    def projections(self) -> list[ProjectionStatus]:
        """How far the projections are, and their last rebuilds."""
        return [self._index.status()]

    def _why_not_ready(self, state: TableState) -> str:
        """Empty when questions can be answered."""
        if not state.is_built:
            return f"{NotBuilt().title} It is at position {state.position}."
        waiting = self._application.store.recorded_at(state.position + 1)
        is_stalled = waiting is not None and self._now() - waiting > LONGEST_LAG
        return "The read side does not follow the log." if is_stalled else ""

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
