"""Working through a subscription together with others: events are leased, and then said to be done, or given back."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from threading import Event as Flag
from threading import Lock, Thread
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self

import msgspec

from frenemies.errors import FrenemiesError, LeaseLost, Malformed, Refused, Unreachable
from frenemies.event import Event, event_of
from frenemies.waiting import Waits

WAIT = 4
"""Seconds that the service holds on to a question for events while there are none."""
_TRANSIENT = frozenset((408, 429, 500, 502, 503, 504))
_IDLE = 1.0
_LONGEST_REASON = 300
"""Bytes of a reason that are sent; in normal form it may become longer, and 1,000 are taken."""
_log = logging.getLogger("frenemies")

Say = Callable[[str, Mapping[str, Any]], bytes]
"""Asks a route of the subscription, and gives what it answers."""
Handler = Callable[[Event], object]


class _Delivery(msgspec.Struct):
    attempt: int
    event: msgspec.Raw


class _Lease(msgspec.Struct):
    lease: str
    deliveries: list[_Delivery]


_lease_of = msgspec.json.Decoder(_Lease).decode


class Task:
    """An event that this worker has, and which attempt at it that is. Nobody else has it until it is settled.

    Settle it once: `ack`, `retry`, `park` or `skip`. LeaseLost where somebody else may have it by now.
    """

    def __init__(self, work: Work, lease: str, attempt: int, event: Event) -> None:
        self.event = event
        self.attempt = attempt
        self.lease = lease
        self.is_lost = False
        """Whether the lease is known to have ended, and somebody else may have the event."""
        self._work = work

    def ack(self) -> None:
        """It is done; what comes after it can be leased."""
        self._work.settle(self, "ack")

    def retry(self, after: float | timedelta | None = None, reason: str | None = None) -> None:
        """It failed, and is tried again after so many seconds, or after the pause that the service takes."""
        seconds = after.total_seconds() if isinstance(after, timedelta) else after
        wish = {} if seconds is None else {"after": round(seconds)}
        self._work.settle(self, "nack", action="retry", **wish, **_because(reason))

    def park(self, reason: str | None = None) -> None:
        """It is not to be tried again unless somebody has it replayed; what comes after it can be leased."""
        self._work.settle(self, "nack", action="park", **_because(reason))

    def skip(self, reason: str | None = None) -> None:
        """It counts as done."""
        self._work.settle(self, "nack", action="skip", **_because(reason))


class Work:
    """The events of a subscription for one worker, each with what has become of it to be said.

    Iterate, and settle each task; or `run` a handler. While a task is worked on, its lease and those of the tasks that
    wait behind it are extended in the background, so that a handler may take as long as it needs. Who asks for the next
    task lets go of the one before: what was not settled comes again, to anybody, when its lease runs out. It goes on
    until `close`, from any thread; what was leased and not handed out is released: no attempt is counted.

    An event may come twice: its id tells. The events of one entity come in order. Use one for each thread.
    """

    def __init__(self, say: Say, most: int, seconds: int) -> None:
        self._say = say
        self._most = most
        self._seconds = seconds
        self._closed = Flag()
        self._lock = Lock()
        self._waiting: deque[Task] = deque()
        self._present: Task | None = None
        self._keeper: Thread | None = None

    def run(self, handler: Handler) -> None:
        """Has a handler work on each event until `close`: done where it returns, tried again where it raises."""
        for task in self:
            try:
                handler(task.event)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one event
                _log.warning("event %d failed: %r", task.event.position, error)
                self._settled(lambda task=task, error=error: task.retry(reason=repr(error)))  # type: ignore[misc]
            else:
                self._settled(task.ack)

    def close(self) -> None:
        """Ends the iteration, in some seconds where it waits for events."""
        self._closed.set()

    def __iter__(self) -> Iterator[Task]:
        return self

    def __next__(self) -> Task:
        self._let_go()
        while not self._closed.is_set():
            with self._lock:
                while self._waiting:
                    task = self._waiting.popleft()
                    if not task.is_lost:
                        self._present = task
                        return task
            self._lease()
        raise StopIteration

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
        self._let_go()
        with self._lock:
            left = [task for task in self._waiting if not task.is_lost]
            self._waiting.clear()
        for lease in dict.fromkeys(task.lease for task in left):
            ids = [task.event.id for task in left if task.lease == lease]
            try:
                self._say("nack", {"lease": lease, "ids": ids, "action": "release"})
            except FrenemiesError as failure:
                _log.warning("%d events were not given back: %s", len(ids), failure)

    def settle(self, task: Task, route: str, **wish: Any) -> None:
        """Says what came of a task, again and again while the service does not answer and the lease may hold."""
        until = monotonic() + self._seconds
        self._asked(route, {"lease": task.lease, "ids": [task.event.id], **wish}, until)
        with self._lock:
            if self._present is task:
                self._present = None

    def _settled(self, settle: Callable[[], None]) -> None:
        try:
            settle()
        except (LeaseLost, Unreachable) as error:
            _log.warning("it may come again: %s", error)
        except Refused as error:
            if error.status not in _TRANSIENT:
                raise
            _log.warning("it may come again: %s", error)

    def _let_go(self) -> None:
        with self._lock:
            self._present = None

    def _lease(self) -> None:
        """Waits for events, and keeps what comes."""
        begun = monotonic()
        answer = self._asked("lease", {"max": self._most, "seconds": self._seconds, "wait": WAIT}, None)
        if answer is None:
            return
        try:
            found = _lease_of(answer)
        except msgspec.MsgspecError as error:
            raise Malformed(f"a lease cannot be read: {error}") from error
        tasks = [Task(self, found.lease, one.attempt, event_of(bytes(one.event))) for one in found.deliveries]
        with self._lock:
            self._waiting.extend(tasks)
        if tasks and self._keeper is None:
            self._keeper = Thread(target=self._keep, name="frenemies-leases", daemon=True)
            self._keeper.start()
        if not tasks and monotonic() - begun < _IDLE:  # as many wait as may, or it is paused
            self._closed.wait(_IDLE)

    def _asked(self, route: str, wish: Mapping[str, Any], until: float | None) -> bytes | None:
        """The answer, asked for until a moment or until it is closed; None where that came first."""
        waits = Waits()
        while True:
            waits.begin()
            try:
                return self._say(route, wish)
            except (Unreachable, Refused) as error:
                if isinstance(error, Refused) and error.status not in _TRANSIENT:
                    raise
                pause = waits.next(getattr(error, "retry_after", 0.0), brought_something=False)
                if until is not None and monotonic() + pause > until:
                    raise
                _log.warning("asking again in %.1f s: %s", pause, error)
                if until is not None:
                    sleep(pause)
                elif self._closed.wait(pause):
                    return None

    def _keep(self) -> None:
        """Extends what is not settled, long before it runs out."""
        while not self._closed.wait(self._seconds / 3):
            with self._lock:
                tasks = [*([self._present] if self._present is not None else []), *self._waiting]
            for lease in dict.fromkeys(task.lease for task in tasks):
                self._extend(lease, [task for task in tasks if task.lease == lease and not task.is_lost])

    def _extend(self, lease: str, tasks: list[Task]) -> None:
        while tasks:
            wish = {"lease": lease, "ids": [task.event.id for task in tasks], "seconds": self._seconds}
            try:
                self._say("extend", wish)
            except LeaseLost as error:
                lost = {tasks[place] for place in error.places if place < len(tasks)} or set(tasks)
                for task in lost:
                    task.is_lost = True
                tasks = [task for task in tasks if task not in lost]
            except FrenemiesError as error:
                _log.warning("leases were not extended: %s", error)
                return
            else:
                return


def _because(reason: str | None) -> dict[str, str]:
    """The reason as far as it is kept."""
    if reason is None:
        return {}
    said = reason.replace("\0", "").encode(errors="replace")[:_LONGEST_REASON]
    return {"reason": said.decode(errors="ignore")}
