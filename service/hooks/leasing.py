"""Pulling: workers lease events, say what came of them, and get nothing out of order however many they are.

Where a subscription is in the log, what waits for it and who has what is in the database; a process that dies leaves
leases that run out, and nothing else.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from time import monotonic, sleep
from typing import NamedTuple
from uuid import UUID, uuid4

from events.errors import DomainError
from events.text import clean_text
from service.feeds.cursor import parse_cursor
from service.feeds.events import EventWriter
from service.hooks.errors import LeaseLost
from service.hooks.lease_table import EXPIRED, Given, Held, Hold, LeaseTable, Settled
from service.hooks.outbox import ACTIVE, DELIVERED, FAILED, LEASED, PARKED, WAITING, Outbox
from service.hooks.schedule import Random, pause_after
from service.hooks.sending import DELIVERED as DONE
from service.hooks.sending import REFUSED, Answer
from service.hooks.taking import coming
from service.settings import Limits
from service.store.protocol import EventStore
from service.timeline.feed import Feed

RETRY, PARK, SKIP, RELEASE = "retry", "park", "skip", "release"
ACTIONS = (RETRY, PARK, SKIP, RELEASE)
"""What becomes of an event that a worker gives back."""
_HELD = (LEASED, WAITING)
"""In which states an event is still under its last lease: nobody else has been given it since."""
SETTLED_STATES = (WAITING, FAILED, DELIVERED, PARKED)
"""In which states an event may be that was acknowledged or given back."""
SKIPPED = "skipped"
RESULTS = (EXPIRED, SKIPPED)
"""Results that attempts have only where workers pull, besides those of webhooks."""
LONGEST_REASON = 1_000
LONGEST_PAUSE = 86_400
"""Seconds for which a worker may put an event off."""
MOST_OPEN = 1_000
"""Events of a subscription that wait or are leased at once; then nothing more is taken from the log for it."""
MOST_PARKED = 10_000
MOST_KEPT = 1_000
"""Delivered events that are kept, the newest ones."""
PAGE = 500
"""Events that are taken from the log at once."""
_FILL_SECONDS = 1.0
_LOOK_SECONDS = 0.1
_LONGEST_LOOK_SECONDS = 1.0
"""How long whoever waits pauses at most, after having found again and again that what there is cannot be leased."""
_GONE = "it is not there any more: it was delivered long ago, or the subscription was rewound or deleted"
_OVERTAKEN = "it is not held any more, and another event about the same is with somebody else"
_SETTLED_AS = {RETRY: (FAILED, PARKED), PARK: (PARKED,), SKIP: (DELIVERED,), RELEASE: (WAITING,)}


class Leased(NamedTuple):
    """An event in the bytes of the feed, and which attempt at it this is."""

    attempt: int
    event: bytes


@dataclass(frozen=True, slots=True)
class Lease:
    """Events that one worker has for a time. No other one gets them, or what has to come after them, before that."""

    id: UUID
    deliveries: Sequence[Leased]


class Nack(NamedTuple):
    """Why an event is given back, what becomes of it, and after which pause.

    None is the one of the schedule, or none where it is released.
    """

    action: str
    after: timedelta | None
    reason: str | None


Places = Mapping[int, int]
"""Positions, and which of the ids names each."""
Outcome = Callable[[Held, datetime], tuple[str, datetime, Answer | None]]


class Leases:
    """The use cases of workers. Each takes the owner of the subscription, and answers Unknown for that of another one.

    Events are named by their ids. LeaseLost where the lease does not hold all of them: then nothing is noted of any.
    To say the same again is no harm.
    """

    def __init__(
        self, table: LeaseTable, outbox: Outbox, store: EventStore, feed: Feed, limits: Limits,
        random: Random = random.random,
    ) -> None:  # fmt: skip
        self._table = table
        self._outbox = outbox
        self._store = store
        self._feed = feed
        self._random = random
        self._waits = BoundedSemaphore(limits.lease_waits)

    def lease(self, owner: str, name: UUID, most: int, seconds: int, wait: float = 0.0) -> Lease:
        """At most so many events for so many seconds, waiting for the first of them for as long as it may.

        It waits for none where as many workers wait as may, or where the subscription is paused.
        """
        until, pause = monotonic() + wait, _LOOK_SECONDS
        found = self._leased(owner, name, most, seconds)
        if found.deliveries or not wait or not self._waits.acquire(blocking=False):
            return found
        try:
            while not found.deliveries and (left := until - monotonic()) > 0:
                sleep(min(left, pause))
                if self._table.is_stirring(name):
                    found = self._leased(owner, name, most, seconds)
                    pause = min(2 * pause, _LONGEST_LOOK_SECONDS)
                else:
                    pause = _LOOK_SECONDS
            return found
        finally:
            self._waits.release()

    def ack(self, owner: str, name: UUID, lease: UUID, ids: Sequence[str]) -> dict[str, int]:
        """The events are done; how many of them are in which state now."""
        return self._settle(owner, name, lease, ids, (DELIVERED,), self._acked)

    def nack(self, owner: str, name: UUID, lease: UUID, ids: Sequence[str], nack: Nack) -> dict[str, int]:
        """The events are given back, to be tried again, parked, skipped, or leased as if nobody had had them.

        How many of them are in which state now.
        """
        reason = None if nack.reason is None else clean_text(nack.reason, "/reason", LONGEST_REASON)
        wish = nack._replace(reason=reason)

        def outcome(one: Held, now: datetime) -> tuple[str, datetime, Answer | None]:
            return self._nacked(one, now, wish)

        return self._settle(owner, name, lease, ids, _SETTLED_AS[nack.action], outcome)

    def extend(self, owner: str, name: UUID, lease: UUID, ids: Sequence[str], seconds: int) -> datetime:
        """The lease holds these events for so many seconds from now on; when that ends."""
        self._table.demand_pulled(owner, name)
        positions = self._positions(ids)
        with self._table.held(owner, name, list(positions), is_alone=True) as hold:
            _demand_held(hold, positions, lease, ())
            _demand_first(hold, positions)
            until = hold.now + timedelta(seconds=seconds)
            hold.extend(list(positions), until)
        return until

    def _leased(self, owner: str, name: UUID, most: int, seconds: int) -> Lease:
        """What can be leased now; what is in the log and not taken yet is taken."""
        lease, lasting, until = uuid4(), timedelta(seconds=seconds), monotonic() + _FILL_SECONDS
        given = self._table.lease(owner, name, lease, most, lasting)
        while len(given) < most and monotonic() < until and self._takes_more(name):
            given += self._table.lease(owner, name, lease, most - len(given), lasting)
        return Lease(lease, self._told(given))

    def _takes_more(self, name: UUID) -> bool:
        """Takes the next page of the log, where there is room for one; whether there may be more to lease by that.

        Of several who take the same, one does: what the others have read is dropped.
        """
        found = self._table.filling(name)
        if found is None or found.followed.state != ACTIVE or found.open + found.parked >= MOST_PARKED:
            return False
        if found.open + PAGE > MOST_OPEN:
            return False
        one = found.followed
        page = coming(self._feed, one, PAGE, found.now)
        if page.last == one.position:
            return False
        self._outbox.take(one, page.events, page.last, found.now, MOST_KEPT)
        return True

    def _told(self, given: Sequence[Given]) -> list[Leased]:
        if not given:
            return []
        writer = EventWriter(self._store.epoch())
        tries = dict(given)
        records = self._store.read_positions(list(tries))
        return [Leased(tries[record.position] + 1, writer.event(record)) for record in records]

    def _settle(
        self, owner: str, name: UUID, lease: UUID, ids: Sequence[str], done: Collection[str], outcome: Outcome
    ) -> dict[str, int]:
        """Notes what came of events that a lease holds; those `done` already stay as they are."""
        self._table.demand_pulled(owner, name)
        positions = self._positions(ids)
        with self._table.held(owner, name, list(positions)) as hold:
            _demand_held(hold, positions, lease, done)
            settled = [
                Settled(one.position, *outcome(one, hold.now), one.leased_at or hold.now)
                for one in hold.events.values()
                if one.state in _HELD and one.state not in done
            ]
            hold.settle(settled)
            states = {position: one.state for position, one in hold.events.items()}
        states |= {one.position: one.state for one in settled}
        return {state: list(states.values()).count(state) for state in SETTLED_STATES}

    def _acked(self, one: Held, now: datetime) -> tuple[str, datetime, Answer]:
        return DELIVERED, now, Answer(DONE, None, "", _lasted(one, now))

    def _nacked(self, one: Held, now: datetime, nack: Nack) -> tuple[str, datetime, Answer | None]:
        if nack.action == RELEASE:
            return WAITING, now + (nack.after or timedelta(0)), None
        detail = nack.reason or "the worker gave it back"
        if nack.action == SKIP:
            return DELIVERED, now, Answer(SKIPPED, None, detail, _lasted(one, now))
        refused = Answer(REFUSED, None, detail, _lasted(one, now))
        pause = None if nack.action == PARK else pause_after(one.tries + 1, self._random)
        if pause is None:
            return PARKED, now, refused
        return FAILED, now + (pause if nack.after is None else nack.after), refused

    def _positions(self, ids: Sequence[str]) -> Places:
        """The positions of events. BadCursor, or OtherEpoch, which name the one that is wrong."""
        epoch = self._feed.epoch()
        found: dict[int, int] = {}
        for index, text in enumerate(ids):
            try:
                cursor = parse_cursor(text)
                cursor.demand_epoch(epoch)
            except DomainError as error:
                raise type(error)(error.detail, f"/ids/{index}") from None
            found.setdefault(cursor.position, index)
        return found


def _demand_held(hold: Hold, positions: Places, lease: UUID, done: Collection[str]) -> None:
    """LeaseLost unless a lease holds all of the events, or has ended with them in one of these states.

    One that ran out holds what nobody else has been given since.
    """
    faults = []
    for position, index in positions.items():
        one = hold.events.get(position)
        if one is None:
            faults.append((index, _GONE))
        elif one.lease != lease or one.state not in (*_HELD, *done):
            faults.append((index, _why_lost(one, lease)))
    if faults:
        raise _lost(faults)


def _lost(faults: Sequence[tuple[int, str]]) -> LeaseLost:
    """The refusal of a call, with the place of each id that the lease does not hold, and why."""
    told = [(f"/ids/{index}", why) for index, why in faults]
    return LeaseLost("nothing was noted: leave out the events that it does not hold", faults=told)


def _demand_first(hold: Hold, positions: Places) -> None:
    """LeaseLost where, since they were held, somebody else has got another event about the same: one was replayed."""
    if overtaken := hold.overtaken(list(positions)):
        raise _lost([(positions[position], _OVERTAKEN) for position in sorted(overtaken)])


def _why_lost(one: Held, lease: UUID) -> str:
    if one.lease == lease:
        return f"it was settled under this lease, and is {one.state}"
    if one.state == LEASED:
        return "the lease ran out, and another one has it"
    return f"it is not under this lease any more, and is {one.state}"


def _lasted(one: Held, now: datetime) -> float:
    return 0.0 if one.leased_at is None else (now - one.leased_at).total_seconds()
