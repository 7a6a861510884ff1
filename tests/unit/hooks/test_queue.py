"""What may go, and what waits for what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from service.hooks.queue import Pending, Queue

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def event(position: int, *concerns: str, due: float = 0, edition: int = 1) -> Pending:
    return Pending(position, edition, frozenset(concerns), 0, NOW + timedelta(seconds=due))


def ready(queue: Queue, *under_way: Pending, most: int = 100) -> list[int]:
    return [one.position for one in queue.ready(NOW, under_way, most)]


def test_events_that_share_nothing_go_at_once() -> None:
    assert ready(Queue([event(1, "a"), event(2, "b"), event(3, "c")])) == [1, 2, 3]


def test_an_event_waits_for_an_earlier_one_of_the_same_stream_or_entity() -> None:
    queue = Queue([event(1, "claim-1", "entity-x"), event(2, "claim-2", "entity-x"), event(3, "claim-1")])
    assert ready(queue) == [1]
    queue.drop(event(1))
    assert ready(queue) == [2, 3]


def test_what_waits_holds_up_what_shares_something_with_it() -> None:
    assert ready(Queue([event(1, "a"), event(2, "a", "b"), event(3, "b"), event(4, "c")])) == [1, 4]


def test_an_event_that_failed_holds_up_its_successors_until_it_is_due_again() -> None:
    queue = Queue([event(1, "a"), event(2, "a"), event(3, "b")])
    queue.postpone(event(1, "a"), 1, NOW + timedelta(seconds=5))
    assert ready(queue) == [3]
    assert queue.next_due(NOW) == NOW + timedelta(seconds=5)
    assert [one.position for one in queue.ready(NOW + timedelta(seconds=5), (), 9)] == [1, 3]


def test_what_is_under_way_is_not_sent_twice_and_still_holds_up() -> None:
    assert ready(Queue([event(1, "a"), event(2, "a"), event(3, "b")]), event(1, "a")) == [3]


def test_what_is_under_way_holds_up_although_it_waits_no_more() -> None:
    """It was dropped by a rewind, and its attempt has not ended."""
    assert ready(Queue([event(8, "a"), event(9, "b")]), event(3, "a", edition=1)) == [9]


def test_no_more_than_asked_for_go() -> None:
    assert ready(Queue([event(1, "a"), event(2, "b"), event(3, "c")]), most=2) == [1, 2]


def test_the_same_event_taken_again_is_another_one() -> None:
    queue = Queue([event(1, "a", edition=2)])
    queue.drop(event(1, "a", edition=1))
    queue.postpone(event(1, "a", edition=1), 5, NOW + timedelta(days=1))
    assert ready(queue) == [1]


def test_in_whatever_order_attempts_end_those_that_share_something_are_in_order() -> None:
    random = Random(1)
    events = [event(n, *random.sample("abcdefgh", 2)) for n in range(1, 301)]
    queue = Queue(events)
    concerns = {one.position: one.concerns for one in events}
    under_way: dict[int, Pending] = {}
    done: list[int] = []
    while len(queue):
        for one in queue.ready(NOW, under_way.values(), 4 - len(under_way)):
            under_way[one.position] = one
        finished = under_way.pop(random.choice(list(under_way)))
        queue.drop(finished)
        done.append(finished.position)
    assert sorted(done) == list(range(1, 301))
    for index, position in enumerate(done):
        assert not [p for p in done[index + 1 :] if p < position and concerns[p] & concerns[position]]
