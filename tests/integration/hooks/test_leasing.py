"""Workers that share a subscription: who gets what, in which order, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from events.errors import Invalid, Unknown
from service.db import connect
from service.feeds.cursor import BadCursor, OtherEpoch, format_cursor
from service.feeds.events import EventWriter
from service.hooks import lease_table, leasing
from service.hooks.errors import LeaseLost, OtherMode
from service.hooks.lease_table import LeaseTable
from service.hooks.leasing import PARK, RELEASE, RETRY, SKIP, Lease, Leases, Nack
from service.hooks.outbox import DELIVERED, FAILED, LEASED, PARKED, PULL, WAITING
from service.hooks.schedule import ATTEMPTS, PAUSES
from tests.feeding import wait_until
from tests.integration.hooks.conftest import ME, Rig
from tests.integration.hooks.test_delivering import ARTICLE, company, investment, record
from tests.integration.tree.conftest import STREAMS

LASTING = 600
"""Seconds of a lease that does not run out by itself."""


class Pulled:
    """A subscription that is pulled from, and what a worker does with it."""

    def __init__(self, rig: Rig, **wish: Any) -> None:
        self.rig = rig
        self.leases: Leases = rig.hooks.leases
        self.id: UUID = rig.hooks.create(ME, mode=PULL, **({"after": "start"} | wish)).subscription.id

    def lease(self, most: int = 200, seconds: int = LASTING, wait: float = 0.0) -> Lease:
        return self.leases.lease(ME, self.id, most, seconds, wait)

    def ack(self, lease: Lease, *positions: int) -> dict[str, int]:
        return self.leases.ack(ME, self.id, lease.id, self.ids(*(positions or places(lease))))

    def nack(self, lease: Lease, *positions: int, action: str = RETRY, after: float | None = None) -> dict[str, int]:
        pause = None if after is None else timedelta(seconds=after)
        ids = self.ids(*(positions or places(lease)))
        return self.leases.nack(ME, self.id, lease.id, ids, Nack(action, pause, "it is not so"))

    def extend(self, lease: Lease, *positions: int) -> datetime:
        return self.leases.extend(ME, self.id, lease.id, self.ids(*(positions or places(lease))), LASTING)

    def ids(self, *positions: int) -> list[str]:
        return [self.rig.hooks.cursor_of(position) for position in positions]

    def run_out(self) -> None:
        """All leases run out at this moment."""
        self.rig.sql("UPDATE hooks.deliveries SET due = clock_timestamp() WHERE state = 'leased'")

    def states(self) -> dict[int, str]:
        return {one.position: one.state for one in self.rig.deliveries(self.id)}

    def tries(self, position: int) -> tuple[str, int, list[str]]:
        (one,) = [one for one in self.rig.deliveries(self.id) if one.position == position]
        return one.state, one.tries, [attempt["result"] for attempt in one.attempts]


@pytest.fixture
def pulled(rig: Rig) -> Pulled:
    return Pulled(rig)


def places(lease: Lease) -> list[int]:
    return [int(msgspec.json.decode(one.event)["sequence"]) for one in lease.deliveries]


# what is leased


def test_events_come_in_the_bytes_of_the_feed(rig: Rig, pulled: Pulled) -> None:
    rig.log.append(STREAMS)
    writer = EventWriter(rig.log.store.epoch())
    assert [one.event for one in pulled.lease().deliveries] == writer.events(rig.log.store.read_log(0, 100))


def test_of_each_stream_one_event_is_leased_and_the_next_one_when_it_is_done(rig: Rig, pulled: Pulled) -> None:
    rig.log.append(3 * STREAMS)
    first = pulled.lease()
    assert places(first) == list(range(1, STREAMS + 1))
    assert pulled.lease().deliveries == []
    assert pulled.ack(first, 2, 5) == {WAITING: 0, DELIVERED: 2, FAILED: 0, PARKED: 0}
    assert places(pulled.lease()) == [2 + STREAMS, 5 + STREAMS]


def test_events_that_concern_one_entity_wait_for_each_other(rig: Rig) -> None:
    record(rig, company("alpha"), company("beta"), company("gamma"), company("delta"), ARTICLE)
    pulled = Pulled(rig, types=["InvestmentClaimed"])
    record(rig, *(investment(a, b, ref) for a, b, ref in [("alpha", "beta", "1"), ("beta", "gamma", "2"), ("gamma", "delta", "3")]))  # fmt: skip  # noqa: E501
    first, second, third = (event.position for event in rig.log.store.read_log(5, 10))
    lease = pulled.lease()
    assert places(lease) == [first], "the third shares gamma with the second, which waits for the first"
    pulled.ack(lease)
    assert places(lease := pulled.lease()) == [second]
    pulled.ack(lease)
    assert places(pulled.lease()) == [third]


def test_as_many_are_leased_as_are_asked_for(rig: Rig, pulled: Pulled) -> None:
    rig.log.append(STREAMS)
    assert places(pulled.lease(most=2)) == [1, 2]
    assert places(pulled.lease(most=3)) == [3, 4, 5]
    assert places(pulled.lease(most=200)) == [6, 7]


def test_types_and_entities_choose(rig: Rig) -> None:
    record(rig, company("alpha"), company("beta"), company("gamma"), ARTICLE)
    of_type, of_entity = Pulled(rig, types=["InvestmentClaimed"]), Pulled(rig, entities=["gamma"])
    record(rig, investment("alpha", "beta", "1"), investment("alpha", "gamma", "2"))
    head = rig.log.store.head()
    assert places(of_type.lease()) == [head - 1], "the other one concerns alpha as well"
    lease = of_entity.lease()
    assert places(lease) == [3]
    of_entity.ack(lease)
    assert places(of_entity.lease()) == [head]
    assert rig.hooks.find(ME, of_type.id).position == head


def test_no_more_is_taken_from_the_log_than_there_is_room(
    rig: Rig, pulled: Pulled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leasing, "MOST_OPEN", 2 * STREAMS)
    monkeypatch.setattr(leasing, "PAGE", STREAMS)
    rig.log.append(5 * STREAMS)
    lease = pulled.lease()
    told = rig.hooks.find(ME, pulled.id)
    assert (told.position, told.pending, told.leased, told.parked) == (2 * STREAMS, 2 * STREAMS, STREAMS, 0)
    pulled.ack(lease)
    while (lease := pulled.lease()).deliveries:
        pulled.ack(lease)
    assert rig.hooks.find(ME, pulled.id).position == 5 * STREAMS


def test_nothing_is_taken_while_as_many_are_parked_as_may_be(
    rig: Rig, pulled: Pulled, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.log.append(STREAMS)
    pulled.nack(pulled.lease(), action=PARK)
    monkeypatch.setattr(leasing, "MOST_PARKED", STREAMS)
    rig.log.append(STREAMS)
    assert pulled.lease().deliveries == []
    rig.hooks.replay(ME, pulled.id, 1)
    pulled.ack(pulled.lease())
    assert places(pulled.lease()) == list(range(STREAMS + 1, 2 * STREAMS + 1))


def test_what_is_looked_at_for_one_lease_ends_somewhere_and_keeps_the_order(
    rig: Rig, pulled: Pulled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_table, "PIECE", 2)
    monkeypatch.setattr(lease_table, "MOST_LOOKED_AT", 4)
    rig.log.append(2 * STREAMS)
    seen: list[int] = []
    while (lease := pulled.lease()).deliveries:
        assert len(lease.deliveries) <= 4
        seen += places(lease)
        pulled.ack(lease)
    assert seen == list(range(1, 2 * STREAMS + 1))


# leases that end


def test_a_lease_that_ran_out_is_another_attempt_for_somebody_else(rig: Rig, pulled: Pulled) -> None:
    rig.log.append(2 * STREAMS)
    first = pulled.lease(most=1)
    assert pulled.tries(1) == (LEASED, 0, [])
    pulled.run_out()
    second = pulled.lease(most=1)
    assert (places(second), second.deliveries[0].attempt, first.deliveries[0].attempt) == ([1], 2, 1)
    assert pulled.tries(1) == (LEASED, 1, ["expired"])
    with pytest.raises(LeaseLost) as lost:
        pulled.ack(first)
    assert lost.value.faults == (("/ids/0", "the lease ran out, and another one has it"),)
    pulled.ack(second)
    assert pulled.tries(1) == (DELIVERED, 2, ["expired", "delivered"])


def test_leases_end_by_themselves(rig: Rig, pulled: Pulled) -> None:
    rig.log.append(1)
    assert pulled.lease(seconds=1).deliveries[0].attempt == 1
    assert pulled.lease().deliveries == []
    wait_until(lambda: pulled.lease().deliveries)
    assert pulled.tries(1) == (LEASED, 1, ["expired"])


def test_an_ack_that_comes_late_counts_as_long_as_nobody_else_has_the_event(rig: Rig, pulled: Pulled) -> None:
    rig.log.append(1)
    lease = pulled.lease()
    pulled.run_out()
    assert pulled.ack(lease) == {WAITING: 0, DELIVERED: 1, FAILED: 0, PARKED: 0}
    assert pulled.lease().deliveries == []


def test_an_ack_of_what_was_released_counts_as_long_as_nobody_else_has_the_event(rig: Rig, pulled: Pulled) -> None:
    rig.log.append(2)
    lease = pulled.lease()
    pulled.nack(lease, action=RELEASE)
    assert places(pulled.lease(most=1)) == [1]
    with pytest.raises(LeaseLost):
        pulled.ack(lease, 1)
    pulled.ack(lease, 2)
    assert pulled.tries(2) == (DELIVERED, 1, ["delivered"])


def test_whoever_extends_a_lease_keeps_what_it_holds(rig: Rig, pulled: Pulled) -> None:
    rig.log.append(2)
    lease = pulled.lease(seconds=1)
    until = pulled.extend(lease, 1)
    assert until > datetime.now(UTC) + timedelta(seconds=LASTING / 2)
    other: list[int] = []
    wait_until(lambda: other.extend(places(pulled.lease())) or other)
    assert other == [2]
    with pytest.raises(LeaseLost):
        pulled.extend(lease, 1, 2)
    pulled.ack(lease, 1)
    with pytest.raises(LeaseLost):
        pulled.extend(lease, 1)


def test_after_ten_leases_that_ran_out_an_event_is_parked_and_its_successor_goes_on(rig: Rig, pulled: Pulled) -> None:
    rig.log.append(1 + STREAMS)
    for attempt in range(1, ATTEMPTS + 1):
        lease = pulled.lease(most=1)
        assert (places(lease), lease.deliveries[0].attempt) == ([1], attempt)
        pulled.run_out()
    assert places(pulled.lease()) == list(range(2, STREAMS + 2))
    assert pulled.tries(1) == (PARKED, ATTEMPTS, ["expired"] * ATTEMPTS)
    with pytest.raises(LeaseLost):
        pulled.ack(lease)


def test_of_a_lease_that_ran_out_only_the_first_event_that_was_not_settled_was_attempted(
    rig: Rig, pulled: Pulled
) -> None:
    rig.log.append(STREAMS)
    pulled.ack(pulled.lease(), 1)
    pulled.run_out()
    again = pulled.lease(most=1)
    assert (places(again), again.deliveries[0].attempt) == ([2], 2)
    assert [one.attempt for one in pulled.lease().deliveries] == [1] * (STREAMS - 2)
    assert (pulled.tries(2), pulled.tries(3)) == ((LEASED, 1, ["expired"]), (LEASED, 0, []))


def test_an_event_at_which_workers_die_takes_no_other_one_with_it(rig: Rig, pulled: Pulled) -> None:
    rig.log.append(STREAMS)
    for _ in range(ATTEMPTS):
        assert places(pulled.lease()) == list(range(1, STREAMS + 1))
        pulled.run_out()
    assert places(pulled.lease()) == list(range(2, STREAMS + 1))
    assert (pulled.tries(1)[0], pulled.tries(2)) == (PARKED, (LEASED, 0, []))


def test_a_lease_that_ran_out_holds_what_nobody_has_taken_since(rig: Rig, pulled: Pulled) -> None:
    rig.log.append(STREAMS)
    lease = pulled.lease()
    pulled.run_out()
    assert places(pulled.lease(most=1)) == [1]
    pulled.ack(lease, 2)
    pulled.extend(lease, 3)
    assert places(pulled.lease()) == list(range(4, STREAMS + 1))
    assert pulled.tries(2) == (DELIVERED, 1, ["delivered"])
    pulled.ack(lease, 3)


# giving back


def test_what_is_given_back_is_tried_again_after_a_while_and_holds_up_its_successors(rig: Rig, pulled: Pulled) -> None:
    rig.log.append(1 + STREAMS)
    lease = pulled.lease(most=1)
    assert pulled.nack(lease) == {WAITING: 0, DELIVERED: 0, FAILED: 1, PARKED: 0}
    assert places(pulled.lease()) == list(range(2, STREAMS + 1))
    (one,) = rig.deliveries(pulled.id, FAILED)
    assert one.attempts[0]["result"] == "refused" and one.attempts[0]["detail"] == "it is not so"
    now = datetime.now(UTC)
    assert now + timedelta(seconds=PAUSES[0] / 2) < one.due < now + timedelta(seconds=2 * PAUSES[0])
    rig.sql("UPDATE hooks.deliveries SET due = clock_timestamp() WHERE state = 'failed'")
    again = pulled.lease()
    assert (places(again), again.deliveries[0].attempt) == ([1], 2)


def test_a_worker_says_when_it_is_tried_again(rig: Rig, pulled: Pulled) -> None:
    rig.log.append(2)
    lease = pulled.lease()
    pulled.nack(lease, 1, after=0)
    pulled.nack(lease, 2, after=3_600)
    assert places(pulled.lease()) == [1]
    (one,) = rig.deliveries(pulled.id, FAILED)
    assert one.due > datetime.now(UTC) + timedelta(minutes=50)


def test_the_tenth_attempt_that_is_given_back_parks_the_event(rig: Rig, pulled: Pulled) -> None:
    rig.log.append(1)
    for _ in range(ATTEMPTS - 1):
        assert pulled.nack(pulled.lease(), after=0)[FAILED] == 1
    assert pulled.nack(pulled.lease(), after=0) == {WAITING: 0, DELIVERED: 0, FAILED: 0, PARKED: 1}
    assert pulled.lease().deliveries == []


def test_what_was_not_begun_is_released_as_often_as_may_be_without_an_attempt(rig: Rig, pulled: Pulled) -> None:
    rig.log.append(2 * STREAMS)
    pulled.nack(pulled.lease(most=1), after=0)
    for _ in range(ATTEMPTS + 1):
        lease = pulled.lease()
        assert [one.attempt for one in lease.deliveries] == [2] + [1] * (STREAMS - 1)
        assert pulled.nack(lease, action=RELEASE) == {WAITING: STREAMS, DELIVERED: 0, FAILED: 0, PARKED: 0}
    assert pulled.tries(1) == (WAITING, 1, ["refused"])
    assert pulled.tries(2) == (WAITING, 0, [])
    assert rig.hooks.find(ME, pulled.id).leased == 0


def test_what_is_released_waits_as_long_as_the_worker_says_or_until_a_replay(rig: Rig, pulled: Pulled) -> None:
    rig.log.append(1 + STREAMS)
    lease = pulled.lease(most=1)
    pulled.nack(lease, action=RELEASE, after=3_600)
    assert places(pulled.lease()) == list(range(2, STREAMS + 1))
    assert rig.hooks.replay(ME, pulled.id, 1) == 1
    assert places(pulled.lease()) == [1]


@pytest.mark.parametrize(("action", "state"), [(PARK, PARKED), (SKIP, DELIVERED)])
def test_what_is_parked_or_skipped_lets_its_successor_go(rig: Rig, pulled: Pulled, action: str, state: str) -> None:
    rig.log.append(1 + STREAMS)
    pulled.nack(pulled.lease(most=1), action=action)
    assert pulled.states()[1] == state
    assert places(pulled.lease()) == list(range(2, STREAMS + 2))


def test_what_is_parked_is_replayed_before_what_comes_after_it(rig: Rig, pulled: Pulled) -> None:
    rig.log.append(2 * STREAMS)
    pulled.nack(pulled.lease(most=1), action=PARK)
    assert rig.hooks.replay(ME, pulled.id) == 1
    again = pulled.lease(most=1)
    assert (places(again), again.deliveries[0].attempt) == ([1], 1)


def test_what_is_replayed_waits_for_a_later_event_that_somebody_has(
    rig: Rig, pulled: Pulled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_table, "PIECE", 1)
    monkeypatch.setattr(lease_table, "MOST_LOOKED_AT", 1)
    rig.log.append(1 + STREAMS)
    pulled.nack(pulled.lease(most=1), action=PARK)
    later = pulled.lease(most=1)
    while places(later) != [1 + STREAMS]:
        pulled.ack(later)
        later = pulled.lease(most=1)
    rig.hooks.replay(ME, pulled.id, 1)
    assert pulled.lease().deliveries == []
    pulled.run_out()
    again = pulled.lease()
    assert places(again) == [1], "a lease that ran out holds up nothing before it"
    pulled.ack(again)
    assert places(pulled.lease()) == [1 + STREAMS]


def test_a_lease_that_ran_out_is_not_extended_beside_an_earlier_event_that_was_replayed(
    rig: Rig, pulled: Pulled
) -> None:
    rig.log.append(1 + STREAMS)
    pulled.nack(pulled.lease(most=1), action=PARK)
    later = pulled.lease()
    rig.hooks.replay(ME, pulled.id, 1)
    pulled.run_out()
    assert places(again := pulled.lease(most=1)) == [1]
    with pytest.raises(LeaseLost) as refused:
        pulled.extend(later)
    assert [place for place, _ in refused.value.faults] == [f"/ids/{places(later).index(1 + STREAMS)}"]
    others = [place for place in places(later) if place != 1 + STREAMS]
    pulled.extend(later, *others)
    assert pulled.states()[2] == LEASED
    pulled.run_out()
    pulled.extend(later, 1 + STREAMS)
    with pytest.raises(LeaseLost):
        pulled.extend(again)  # the other way round: the later one is held


def test_nothing_is_leased_while_a_lease_is_extended(rig: Rig, pulled: Pulled, database_url: str) -> None:
    rig.log.append(1)
    lease = pulled.lease()
    with connect(database_url) as holding, connect(database_url) as looking, ThreadPoolExecutor(1) as pool:
        with holding.transaction():
            holding.execute("SELECT FROM hooks.subscriptions WHERE id = %s FOR UPDATE", [pulled.id])
            extending = pool.submit(pulled.extend, lease)
            wait_until(lambda: looking.execute("SELECT FROM pg_locks WHERE NOT granted").fetchone() is not None)
            assert not extending.done()
        assert extending.result(20)


# saying it again, and what is not held


@pytest.mark.parametrize(
    ("say", "tries"),
    [
        (lambda pulled, lease: pulled.ack(lease), 1),
        (lambda pulled, lease: pulled.nack(lease), 1),
        (lambda pulled, lease: pulled.nack(lease, action=PARK), 1),
        (lambda pulled, lease: pulled.nack(lease, action=SKIP), 1),
        (lambda pulled, lease: pulled.nack(lease, action=RELEASE), 0),
    ],
    ids=["ack", "retry", "park", "skip", "release"],
)
def test_to_say_the_same_again_changes_nothing(
    rig: Rig, pulled: Pulled, say: Callable[[Pulled, Lease], dict[str, int]], tries: int
) -> None:
    rig.log.append(3)
    lease = pulled.lease()
    first, told = say(pulled, lease), rig.deliveries(pulled.id)
    assert say(pulled, lease) == first
    assert rig.deliveries(pulled.id) == told
    assert [one.tries for one in told] == [tries] * 3


def test_what_a_lease_does_not_hold_is_named_and_nothing_is_noted(rig: Rig, pulled: Pulled) -> None:
    rig.log.append(2 * STREAMS)
    lease = pulled.lease(most=2)
    before = pulled.states()
    with pytest.raises(LeaseLost) as lost:
        pulled.ack(lease, 1, 3, 999, 2)
    assert [pointer for pointer, _ in lost.value.faults] == ["/ids/1", "/ids/2"]
    assert pulled.states() == before
    with pytest.raises(LeaseLost):
        pulled.leases.ack(ME, pulled.id, uuid4(), pulled.ids(1))
    pulled.nack(lease, 1)
    with pytest.raises(LeaseLost):
        pulled.ack(lease, 1)
    pulled.ack(lease, 2)
    with pytest.raises(LeaseLost):
        pulled.nack(lease, 2)


def test_an_id_that_is_none_or_of_another_log_is_named(rig: Rig, pulled: Pulled) -> None:
    rig.log.append(1)
    lease = pulled.lease()
    with pytest.raises(BadCursor) as bad:
        pulled.leases.ack(ME, pulled.id, lease.id, [*pulled.ids(1), "x"])
    assert bad.value.pointer == "/ids/1"
    with pytest.raises(OtherEpoch) as other:
        pulled.leases.ack(ME, pulled.id, lease.id, [format_cursor(uuid4(), 1)])
    assert other.value.pointer == "/ids/0"
    assert pulled.states() == {1: LEASED}


def test_a_reason_that_cannot_be_kept_is_refused(rig: Rig, pulled: Pulled) -> None:
    rig.log.append(1)
    lease = pulled.lease()
    with pytest.raises(Invalid):
        pulled.leases.nack(ME, pulled.id, lease.id, pulled.ids(1), Nack(RETRY, None, "a\0b"))
    assert pulled.states() == {1: LEASED}


# what owners do


def test_of_a_paused_subscription_nothing_is_leased_and_what_is_held_is_settled(rig: Rig, pulled: Pulled) -> None:
    rig.log.append(3)
    lease = pulled.lease(most=1)
    rig.hooks.pause(ME, pulled.id)
    assert pulled.lease(wait=0.2).deliveries == []
    pulled.ack(lease)
    rig.hooks.resume(ME, pulled.id)
    assert places(pulled.lease()) == [2, 3]


def test_a_rewind_takes_events_from_those_who_have_them(rig: Rig, pulled: Pulled) -> None:
    rig.log.append(3)
    lease = pulled.lease()
    rig.hooks.rewind(ME, pulled.id, "start")
    with pytest.raises(LeaseLost):
        pulled.ack(lease)
    again = pulled.lease()
    assert (places(again), [one.attempt for one in again.deliveries]) == ([1, 2, 3], [1, 1, 1])
    with pytest.raises(LeaseLost):
        pulled.ack(lease)


def test_a_webhook_is_not_leased_and_nothing_is_sent_to_what_is_pulled(rig: Rig, pulled: Pulled) -> None:
    rig.log.append(2)
    hook = rig.subscribe().subscription.id
    for use in (
        lambda: rig.hooks.leases.lease(ME, hook, 1, 1),
        lambda: rig.hooks.leases.ack(ME, hook, uuid4(), pulled.ids(1)),
        lambda: rig.hooks.leases.nack(ME, hook, uuid4(), pulled.ids(1), Nack(RETRY, None, None)),
        lambda: rig.hooks.leases.extend(ME, hook, uuid4(), pulled.ids(1), 1),
        lambda: rig.hooks.test(ME, pulled.id),
        lambda: rig.hooks.rotate(ME, pulled.id),
    ):
        with pytest.raises(OtherMode):
            use()
    rig.run()
    assert sorted(rig.sink.positions()) == [1, 2]
    assert places(pulled.lease()) == [1, 2]
    rig.run()
    assert len(rig.sink.seen) == 2


@pytest.mark.parametrize("name", ["another's", "nobody's"])
def test_what_belongs_to_another_owner_is_not_there(rig: Rig, pulled: Pulled, name: str) -> None:
    rig.log.append(1)
    lease = pulled.lease()
    owner, subscription = ("other", pulled.id) if name == "another's" else (ME, uuid4())
    ids = pulled.ids(1)
    for use in (
        lambda: pulled.leases.lease(owner, subscription, 1, 1),
        lambda: pulled.leases.ack(owner, subscription, lease.id, ids),
        lambda: pulled.leases.nack(owner, subscription, lease.id, ids, Nack(RETRY, None, None)),
        lambda: pulled.leases.extend(owner, subscription, lease.id, ids, 1),
    ):
        with pytest.raises(Unknown):
            use()
    assert pulled.states() == {1: LEASED}


# waiting, and many at once


def test_whoever_waits_gets_an_event_soon_after_it_was_recorded_or_let_go(rig: Rig, pulled: Pulled) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(pulled.lease, wait=30.0)
        rig.log.append(1)
        assert places(lease := waiting.result(20)) == [1]
        waiting = pool.submit(pulled.lease, wait=30.0)
        pulled.nack(lease, after=0)
        assert places(waiting.result(20)) == [1]


def test_whoever_waits_for_what_others_hold_up_looks_rarely(
    rig: Rig, pulled: Pulled, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.log.append(2 * STREAMS)
    first, looks, look = pulled.lease(), [], LeaseTable.lease
    monkeypatch.setattr(LeaseTable, "lease", lambda *given: looks.append(given) or look(*given))
    assert pulled.lease(wait=4.0).deliveries == []
    assert len(looks) < 10
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(pulled.lease, wait=30.0)
        pulled.ack(first)
        assert places(waiting.result(20)) == list(range(1 + STREAMS, 1 + 2 * STREAMS))


def test_whoever_waits_while_nothing_else_does_looks_when_there_is_something_and_soon(
    rig: Rig, pulled: Pulled, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, pauses, look = [], [], LeaseTable.lease

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 30:
            rig.log.append(1)

    monkeypatch.setattr(LeaseTable, "lease", lambda *given: looks.append(given) or look(*given))
    monkeypatch.setattr(leasing, "sleep", pause)
    assert places(pulled.lease(wait=30.0)) == [1]
    assert (len(looks), len(pauses), set(pauses)) == (3, 30, {0.1})


def test_a_deleted_subscription_ends_the_wait(rig: Rig, pulled: Pulled) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(pulled.lease, wait=30.0)
        rig.hooks.delete(ME, pulled.id)
        with pytest.raises(Unknown):
            waiting.result(20)


@pytest.mark.limit(name="lease_waits")
def test_only_so_many_wait_at_once_and_the_others_are_answered(
    rig: Rig, pulled: Pulled, monkeypatch: pytest.MonkeyPatch
) -> None:
    released, waiting = Event(), []

    def pause(seconds: float) -> None:
        waiting.append(seconds)
        released.wait(20)

    monkeypatch.setattr(leasing, "sleep", pause)
    with ThreadPoolExecutor(4) as pool:
        held = [pool.submit(pulled.lease, wait=1.0) for _ in range(4)]
        wait_until(lambda: len(waiting) == 4)
        assert pulled.lease(wait=1.0).deliveries == []
        assert len(waiting) == 4
        released.set()
        assert [one.result(20).deliveries for one in held] == [[]] * 4


def test_workers_at_once_get_different_events_in_order(rig: Rig, pulled: Pulled) -> None:
    """Eight threads, as of eight processes: each sees only the database."""
    rounds = 40
    rig.log.append(rounds * STREAMS)
    done: list[int] = []

    def work(_: int) -> None:
        while len(done) < rounds * STREAMS:
            lease = pulled.lease(most=2)
            done.extend(places(lease))  # before the ack, after which somebody else may have the next one
            if lease.deliveries:
                pulled.ack(lease)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert sorted(done) == list(range(1, rounds * STREAMS + 1))
    for stream in range(STREAMS):
        own = [position for position in done if position % STREAMS == stream]
        assert own == sorted(own)
    assert rig.hooks.find(ME, pulled.id).pending == 0
    assert WAITING not in pulled.states().values()
