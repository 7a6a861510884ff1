"""The sender: takes events for each subscription once, and delivers them at least once."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import monotonic
from typing import NamedTuple
from uuid import UUID

import structlog

from service import metrics, tracing
from service.errors import ServiceError, StoreUnavailable
from service.feeds.events import EventWriter
from service.hooks.outbox import ACTIVE, DELIVERED, FAILED, PARKED, Followed, Outbox
from service.hooks.queue import Pending, Queue
from service.hooks.schedule import Random, pause_after, wish_of
from service.hooks.sending import GONE, UNREACHABLE, Answer, Transport
from service.hooks.signing import signed
from service.hooks.taking import coming
from service.store.protocol import EventStore
from service.timeline.feed import Feed

Clock = Callable[[], datetime]
REFRESH_SECONDS = 1.0
PAGE = 200
"""Events that are taken at once."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is under way. A subscription that just failed gets one thread, and all of these together get
    `threads_failing`, so that they cannot take those of others.

    `pending` and `parked` events of a subscription are the most; then nothing more is taken for it. Of the delivered
    ones the newest `kept` are kept.
    """

    threads: int = 8
    threads_each: int = 4
    threads_failing: int = 4
    pending: int = 1_000
    parked: int = 10_000
    kept: int = 1_000


@dataclass(slots=True)
class _Line:
    """One subscription with what waits for it; `under_way` holds the events that are being sent."""

    followed: Followed
    queue: Queue
    under_way: set[Pending] = field(default_factory=set)
    failed_last: bool = False

    @property
    def is_active(self) -> bool:
        return self.followed.state == ACTIVE


class _Done(NamedTuple):
    """How an attempt ended: `state` is None when it is not known what the database says now."""

    subscription: UUID
    event: Pending
    state: str | None
    due: datetime


def _now() -> datetime:
    return datetime.now(UTC)


class Sender:
    """Sends to all subscriptions of a database. `step` is for one thread, that of the leader.

    What is known of a subscription is read anew when somebody else changed it, and by `forget`.
    """

    def __init__(
        self,
        outbox: Outbox,
        store: EventStore,
        feed: Feed,
        transport: Transport,
        bounds: Bounds | None = None,
        *,
        clock: Clock = _now,
        random: Random = random.random,
    ) -> None:
        self.woken = Event()
        """Set when there may be something to do before its time."""
        self._outbox = outbox
        self._store = store
        self._feed = feed
        self._transport = transport
        self._bounds = bounds or Bounds()
        self._clock = clock
        self._random = random
        self._lines: dict[UUID, _Line] = {}
        self._done: SimpleQueue[_Done] = SimpleQueue()
        self._under_way = 0
        self._turn = 0
        self._jobs: SimpleQueue[tuple[UUID, Pending] | None] = SimpleQueue()
        self._threads = [Thread(target=self._work, name="webhook", daemon=True) for _ in range(self._bounds.threads)]
        for thread in self._threads:
            thread.start()

    def close(self, within: float = 3.0) -> None:
        """Ends the threads; an attempt that does not end soon is left alone, and is made again some time."""
        for _ in self._threads:
            self._jobs.put(None)
        until = monotonic() + within
        for thread in self._threads:
            thread.join(max(until - monotonic(), 0))

    def forget(self) -> None:
        """Has everything be read anew: another one may have led meanwhile."""
        for line in self._lines.values():
            line.followed = line.followed._replace(edition=0)

    def step(self) -> float:
        """Takes and sends what it can, and gives the seconds until there is more to do, if nothing wakes it before."""
        self._note_done()
        has_more = self._refresh()
        self._send()
        return 0.0 if has_more else self._rest()

    def settle(self) -> float:
        """As `step`, without asking what has changed meanwhile."""
        self._note_done()
        self._send()
        return self._rest()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being sent, and all that was is noted."""
        return self._under_way == 0

    def _refresh(self) -> bool:
        """Looks at every subscription; whether there is more to be taken at once."""
        for name, reason in self._outbox.pause_ownerless():
            _log.warning("subscription paused", subscription=str(name), reason=reason)
        found = {one.id: one for one in self._outbox.followed()}
        for gone in self._lines.keys() - found.keys():
            del self._lines[gone]
        head = self._feed.head()
        has_more = False
        for line in [self._line(one) for one in found.values()]:
            if self._takes_more(line, head):
                has_more = True
                self._note_done()  # the others are not to wait for one that has far to go
                self._send()
        return has_more

    def _line(self, one: Followed) -> _Line:
        """The line of a subscription as it is now."""
        line = self._lines.get(one.id)
        if line is None:
            line = self._lines[one.id] = _Line(one, Queue(self._outbox.pending(one.id)))
        elif line.followed.edition != one.edition:
            line.queue = Queue(self._outbox.pending(one.id))
        line.followed = one
        return line

    def _takes_more(self, line: _Line, head: int) -> bool:
        """As `_take`; what is wrong with one subscription does not hold up the others."""
        try:
            return self._take(line, head)
        except StoreUnavailable:
            raise
        except Exception:  # noqa: BLE001
            _log.exception("nothing was taken for a subscription", subscription=str(line.followed.id))
            line.followed = line.followed._replace(edition=0)
            return False

    def _take(self, line: _Line, head: int) -> bool:
        """Takes the next events, as far as there is room; whether there is more of both."""
        one = line.followed
        room = min(PAGE, self._bounds.pending - len(line.queue))
        if not line.is_active or room <= 0 or one.position >= head or not self._has_room_parked(line):
            return False
        now = self._clock()
        found = coming(self._feed, one, room, now)
        if found.last == one.position:
            return False
        if not self._outbox.take(one, found.events, found.last, now, self._bounds.kept):
            return True
        line.queue.add(found.events)
        line.followed = one._replace(position=found.last)
        return not found.is_end and len(line.queue) < self._bounds.pending

    def _has_room_parked(self, line: _Line) -> bool:
        return self._outbox.count_parked(line.followed.id) + len(line.queue) < self._bounds.parked

    def _send(self) -> None:
        """Hands out what may go now, beginning with another subscription each time."""
        lines = [line for line in self._lines.values() if line.is_active]
        self._turn += 1
        now = self._clock()
        for index in range(len(lines)):
            line = lines[(self._turn + index) % len(lines)]
            most = self._room(line)
            for event in line.queue.ready(now, line.under_way, most) if most > 0 else ():
                line.under_way.add(event)
                self._under_way += 1
                self._jobs.put((line.followed.id, event))

    def _room(self, line: _Line) -> int:
        """How many more of a subscription may be under way."""
        threads = self._bounds.threads - self._under_way
        if not line.failed_last:
            return min(threads, self._bounds.threads_each - len(line.under_way))
        failing = sum(len(one.under_way) for one in self._lines.values() if one.failed_last)
        return min(threads, self._bounds.threads_failing - failing, 1 - len(line.under_way))

    def _note_done(self) -> None:
        while True:
            try:
                done = self._done.get_nowait()
            except Empty:
                return
            self._under_way -= 1
            line = self._lines.get(done.subscription)
            if line is not None:
                self._note(line, done)

    def _note(self, line: _Line, done: _Done) -> None:
        line.under_way.discard(done.event)
        line.failed_last = done.state != DELIVERED
        if done.state is None:
            line.followed = line.followed._replace(edition=0)
            line.queue.postpone(done.event, done.event.tries, done.due)
        elif done.state == FAILED:
            line.queue.postpone(done.event, done.event.tries + 1, done.due)
        else:
            line.queue.drop(done.event)

    def _rest(self) -> float:
        now = self._clock()
        dues = [line.queue.next_due(now) for line in self._lines.values() if line.is_active]
        next_due = min((due for due in dues if due is not None), default=None)
        return REFRESH_SECONDS if next_due is None else min(REFRESH_SECONDS, (next_due - now).total_seconds())

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._deliver(*job)

    def _deliver(self, name: UUID, event: Pending) -> None:
        """One attempt, in a thread of its own. Nothing is lost by its failure: the event still waits."""
        state, due = None, self._clock() + timedelta(seconds=REFRESH_SECONDS)
        try:
            state, due = self._attempt(name, event) or (None, due)
        except ServiceError as error:
            _log.warning("an attempt was not noted", subscription=str(name), position=event.position, error=str(error))
        except Exception:  # noqa: BLE001 - the thread is needed for others
            _log.exception("an attempt was not noted", subscription=str(name), position=event.position)
        finally:
            self._done.put(_Done(name, event, state, due))
            self.woken.set()

    def _attempt(self, name: UUID, event: Pending) -> tuple[str, datetime] | None:
        """What the event is now, and when it is due again; None when somebody else has changed that."""
        at = self._clock()
        letter = self._outbox.begin(name, event, at)
        if letter is None:
            return None
        try:
            writer = EventWriter(self._store.epoch())
            (record,) = self._store.read_log(event.position - 1, 1, event.position)
            body = writer.event(record)
            headers = signed(writer.cursor(event.position), at, body, letter.secrets)
            with tracing.whole("deliver", subscription=str(name), position=event.position) as span:
                answer = self._transport.post(letter.url, headers, body)
                span.note(result=answer.result)
        except ServiceError:
            raise
        except Exception:  # noqa: BLE001 - whatever is wrong with one event must not hold up all others
            _log.exception("an event cannot be sent", subscription=str(name), position=event.position)
            answer = Answer(UNREACHABLE, None, "the service failed", 0.0)
        metrics.observe_delivery(answer.seconds, answer.result)
        state, due = self._outcome(event, answer)
        if not self._outbox.finish(name, event, at, answer, state, due):
            return None
        if answer.status == GONE:
            reason = "the receiver answered 410: it wants nothing any more"
            if self._outbox.disable(name, letter.edition, reason):
                _log.warning("subscription disabled", subscription=str(name), position=event.position)
        return state, due

    def _outcome(self, event: Pending, answer: Answer) -> tuple[str, datetime]:
        now = self._clock()
        if answer.is_success:
            return DELIVERED, now
        pause = pause_after(event.tries + 1, self._random, wish_of(answer.retry_after, now))
        return (PARKED, now) if pause is None else (FAILED, now + pause)
