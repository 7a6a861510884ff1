"""Every event arrives, in order for each thing, whatever the receiver does; days pass on a virtual clock."""

from __future__ import annotations

from collections import Counter
from http.server import BaseHTTPRequestHandler
from random import Random
from threading import Event, Lock
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent
from psycopg.rows import scalar_row
from standardwebhooks import Webhook, WebhookVerificationError

from events.errors import Conflict
from events.event_types import EntityRegistered
from service.errors import DeadlineExceeded, StoreError, StoreUnavailable
from service.feeds.events import EventWriter
from service.hooks import outbox
from service.hooks.errors import TooManySecrets
from service.hooks.guarding import Guard
from service.hooks.outbox import ACTIVE, DELIVERED, DISABLED, FAILED, PARKED, WAITING
from service.hooks.queue import Pending
from service.hooks.schedule import PAUSES
from service.hooks.sender import Bounds
from service.hooks.sending import DEADLINE as ATTEMPT_SECONDS
from service.hooks.sending import Answer, Transport
from service.hooks.subscriptions import MOST_SECRETS
from service.timeline import feed
from tests.integration.hooks.conftest import ME, Rig
from tests.integration.tree.conftest import STREAMS
from tests.recorded import ME as RECORDER
from tests.recorded import draft_of
from tests.sink import Received, Sink, sink

ARTICLE = {
    "record": "article", "url": "https://example.org/a", "title": "A", "publisher": "p", "authors": [],
    "language": "en", "published": "2014-11-04",
}  # fmt: skip


def in_order_per_stream(receiver: Sink) -> bool:
    """Whether of each stream the versions came one after the other, first deliveries looked at."""
    versions: dict[str, int] = Counter()
    for position in receiver.positions():
        event = next(one.event for one in receiver.taken if one.position == position)
        versions[event["subject"]] += 1
        if event["streamversion"] != versions[event["subject"]]:
            return False
    return True


def record(rig: Rig, *records: dict[str, Any]) -> None:
    for one in records:
        rig.services.timeline.record([draft_of(one)], recorder=RECORDER)


def company(name: str) -> dict[str, Any]:
    return {"record": "entity", "id": name, "kind": "company", "name": name.title()}


def investment(investor: str, investee: str, ref: str) -> dict[str, Any]:
    return {
        "record": "claim", "ref": ref, "article": ARTICLE["url"], "type": "investment",
        "participants": [{"role": "investor", "entity": investor}, {"role": "investee", "entity": investee}],
        "attributes": {}, "asserted_by": {"kind": "author"}, "modality": "done", "polarity": "positive",
        "time": {"kind": "instant", "edtf": "2013"}, "evidence": {"summary": ref},
    }  # fmt: skip


# what arrives


def test_every_event_arrives_once_signed_and_as_the_feed_has_it(rig: Rig) -> None:
    kept = rig.subscribe()
    rig.log.append(50)
    rig.run()
    writer = EventWriter(rig.log.store.epoch())
    assert {one.position: one.body for one in rig.sink.taken} == {
        row.position: writer.event(row) for row in rig.log.store.read_log(0, 100)
    }
    assert len(rig.sink.seen) == 50 and in_order_per_stream(rig.sink)
    for one in rig.sink.taken:
        Webhook(kept.secret).verify(one.body, one.headers)
        assert one.headers["content-type"] == "application/cloudevents+json"
        assert one.id == one.event["id"]


def test_a_new_subscription_begins_at_the_end_unless_it_says_otherwise(rig: Rig) -> None:
    rig.log.append(5)
    ends = rig.subscribe(after="end", url=rig.sink.url + "/end")
    middle = rig.subscribe(after=EventWriter(rig.log.store.epoch()).cursor(3), url=rig.sink.url + "/middle")
    rig.log.append(2)
    rig.run()
    told: dict[str, list[int]] = {}
    for one in rig.sink.taken:
        told.setdefault(one.path, []).append(one.position)
    assert {path: sorted(found) for path, found in told.items()} == {"/hook/end": [6, 7], "/hook/middle": [4, 5, 6, 7]}
    assert ends.subscription.position == 5 and middle.subscription.position == 3


def test_types_and_entities_choose_and_the_cursor_goes_on_over_the_rest(rig: Rig) -> None:
    record(rig, company("alpha"), company("beta"), company("gamma"), ARTICLE)
    of_type = rig.subscribe(types=["InvestmentClaimed"], url=rig.sink.url + "/type")
    of_entity = rig.subscribe(entities=["gamma"], url=rig.sink.url + "/entity")
    record(rig, investment("alpha", "beta", "1"), investment("alpha", "gamma", "2"))
    rig.log.append(3)
    rig.run()
    got = Counter((one.path, one.event["type"], one.event["subject"].split("/")[0]) for one in rig.sink.taken)
    assert got == {
        ("/hook/type", "io.frenemies.InvestmentClaimed.v1", "claim"): 2,
        ("/hook/entity", "io.frenemies.EntityRegistered.v2", "entity"): 1,
        ("/hook/entity", "io.frenemies.InvestmentClaimed.v1", "claim"): 1,
    }
    head = rig.log.store.head()
    assert [rig.hooks.find(ME, one.subscription.id).position for one in (of_type, of_entity)] == [head, head]


def test_a_type_without_a_version_is_also_of_the_versions_that_come_later(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.subscribe(types=["EntityRegistered"])
    rig.subscribe(types=["EntityRegistered.v1"], url=rig.sink.url + "/first")
    monkeypatch.setattr(outbox, "SHAPES", {**outbox.SHAPES, "EntityRegistered.v9": EntityRegistered})
    rig.log.store.append([StoredEvent("entity-alpha", 1, "EntityRegistered.v9", b"{}")])
    rig.run()
    assert [one.path for one in rig.sink.taken] == ["/hook"]


# failing


def test_a_failed_event_is_tried_again_with_the_same_id_and_a_new_signature(rig: Rig) -> None:
    kept = rig.subscribe()
    rig.sink.behave = lambda received, handler: 500 if len(rig.sink.seen) == 1 else 204
    rig.log.append(1)
    rig.run()
    assert [one.state for one in rig.deliveries(kept.subscription.id)] == [FAILED]
    rig.clock.advance(seconds=4)
    rig.run()
    assert len(rig.sink.seen) == 1
    rig.clock.advance(seconds=2)
    rig.run()
    first, second = rig.sink.seen
    assert first.id == second.id and first.body == second.body
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    (delivery,) = rig.deliveries(kept.subscription.id)
    assert [attempt["status"] for attempt in delivery.attempts] == [500, 204]


def test_the_schedule_is_kept_to_and_then_the_event_is_parked_and_lets_its_successors_go(rig: Rig) -> None:
    kept = rig.subscribe()
    rig.log.append(1)
    bad = rig.log.store.read_log(0, 1)[0].stream
    rig.log.append(2 * STREAMS)
    rig.sink.behave = lambda received, handler: 500 if received.position == 1 else 204
    tried_at = []
    for pause in (0, *PAUSES):
        rig.clock.advance(seconds=pause)
        before = len(rig.sink.seen)
        rig.run()
        tried_at.append(len([one for one in rig.sink.seen[before:] if one.position == 1]))
        if pause != PAUSES[-1]:
            assert not [one for one in rig.sink.taken if one.event["subject"] == bad.replace("-", "/", 1)]
    assert tried_at == [1] * 10
    assert [one.position for one in rig.deliveries(kept.subscription.id, PARKED)] == [1]
    assert sorted(rig.sink.positions()) == list(range(2, 2 * STREAMS + 2))
    rig.clock.advance(days=30)
    rig.run()
    assert Counter(one.position for one in rig.sink.seen)[1] == 10


def test_a_parked_event_is_kept_and_can_be_replayed(rig: Rig) -> None:
    kept = rig.subscribe()
    name = kept.subscription.id
    rig.log.append(3)
    rig.sink.behave = lambda received, handler: 500
    for pause in (0, *PAUSES):
        rig.clock.advance(seconds=pause)
        rig.run()
    assert rig.hooks.find(ME, name).parked == 3
    rig.sink.behave = lambda received, handler: 204
    rig.run()
    assert not rig.sink.taken
    assert rig.hooks.replay(ME, name, 2) == 1
    rig.run()
    assert rig.sink.positions() == [2]
    with pytest.raises(Conflict):
        rig.hooks.replay(ME, name, 2)
    assert rig.hooks.replay(ME, name) == 2
    rig.run()
    assert sorted(rig.sink.positions()) == [1, 2, 3]
    assert rig.hooks.find(ME, name).parked == 0


def test_a_failed_event_is_tried_at_once_when_its_owner_wishes_and_its_attempts_go_on_counting(rig: Rig) -> None:
    kept = rig.subscribe()
    name = kept.subscription.id
    rig.log.append(2)
    rig.sink.behave = lambda received, handler: 500
    rig.run()
    rig.clock.advance(seconds=PAUSES[0])
    rig.run()
    assert [one.tries for one in rig.deliveries(name, FAILED)] == [2, 2]
    assert rig.hooks.replay(ME, name, 1) == 1
    rig.run()
    assert [(one.position, one.tries, len(one.attempts)) for one in rig.deliveries(name, FAILED)] == [
        (2, 2, 2),
        (1, 3, 3),
    ]
    rig.sink.behave = lambda received, handler: 204
    assert rig.hooks.replay(ME, name) == 2
    rig.run()
    assert sorted(rig.sink.positions()) == [1, 2]
    assert [[attempt["status"] for attempt in one.attempts] for one in rig.deliveries(name)] == [
        [500, 500, 204],
        [500, 500, 500, 204],
    ]


def test_wishes_of_the_owner_do_not_give_a_failed_event_more_attempts(rig: Rig) -> None:
    name = rig.subscribe().subscription.id
    rig.log.append(1)
    rig.sink.behave = lambda received, handler: 500
    rig.run()
    for _ in PAUSES:
        assert rig.hooks.replay(ME, name) == 1
        rig.run()
    assert [(one.state, one.tries) for one in rig.deliveries(name)] == [(PARKED, len(PAUSES) + 1)]


def test_all_failed_and_all_parked_events_are_replayed_in_order(rig: Rig) -> None:
    """The first is parked and the next of its stream failed, while the one after that was not tried yet."""
    name = rig.subscribe().subscription.id
    rig.log.append(1)
    rig.sink.behave = lambda received, handler: 500
    for pause in (0, *PAUSES):
        rig.clock.advance(seconds=pause)
        rig.run()
    rig.log.append(2 * STREAMS)
    rig.run()
    assert Counter(one.state for one in rig.deliveries(name)) == {PARKED: 1, FAILED: STREAMS, WAITING: STREAMS}
    assert rig.hooks.replay(ME, name) == STREAMS + 1
    rig.sink.behave = lambda received, handler: 204
    rig.run()
    assert len(rig.sink.positions()) == 2 * STREAMS + 1
    assert in_order_per_stream(rig.sink)


def test_an_attempt_under_way_when_its_event_is_replayed_counts_and_is_not_doubled(rig: Rig) -> None:
    kept = rig.subscribe()
    released = Event()
    rig.sink.behave = lambda received, handler: 500
    rig.log.append(1)
    rig.run()

    def hang(received: Received, handler: BaseHTTPRequestHandler) -> int:
        released.wait(ATTEMPT_SECONDS)
        return 204

    rig.sink.behave = hang
    rig.clock.advance(seconds=PAUSES[0])
    rig.sender.step()
    rig.sink.wait(lambda: len(rig.sink.seen) == 2)
    assert rig.hooks.replay(ME, kept.subscription.id) == 0
    with pytest.raises(Conflict, match="due already"):
        rig.hooks.replay(ME, kept.subscription.id, 1)
    rig.sender.step()
    released.set()
    rig.run()
    assert len(rig.sink.seen) == 2
    assert [one.tries for one in rig.deliveries(kept.subscription.id, DELIVERED)] == [2]


def test_an_event_that_is_replayed_at_the_moment_it_failed_is_sent(rig: Rig) -> None:
    """That the attempt failed is heard only after the owner asked for another one."""
    kept = rig.subscribe()
    rig.sink.behave = lambda received, handler: 500
    rig.log.append(1)
    released = _heard_late(rig)
    rig.sender.step()
    _until_one_is(rig, kept.subscription.id, FAILED)
    rig.sink.behave = lambda received, handler: 204
    assert rig.hooks.replay(ME, kept.subscription.id) == 1
    rig.sender.step()
    released.set()
    rig.run()
    assert rig.sink.positions() == [1]


def test_a_failed_event_that_is_replayed_waits_for_the_earlier_ones_all_the_same(rig: Rig) -> None:
    name = rig.subscribe().subscription.id
    rig.sink.behave = lambda received, handler: 500
    rig.log.append(STREAMS + 1)  # the last one is of the stream of the first
    rig.run()
    with pytest.raises(Conflict, match="due already"):
        rig.hooks.replay(ME, name, STREAMS + 1)
    rig.sink.behave = lambda received, handler: 204
    assert rig.hooks.replay(ME, name, 2) == 1
    rig.run()
    assert rig.sink.positions() == [2]
    assert rig.hooks.replay(ME, name, 1) == 1
    rig.run()
    assert rig.sink.positions() == [2, 1, STREAMS + 1]


def test_a_receiver_that_asks_for_time_is_given_it(rig: Rig) -> None:
    rig.subscribe()

    def busy(received: Received, handler: BaseHTTPRequestHandler) -> int | None:
        if len(rig.sink.seen) > 1:
            return 204
        handler.send_response(429)
        handler.send_header("Retry-After", "600")
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return None

    rig.sink.behave = busy
    rig.log.append(1)
    rig.run()
    rig.clock.advance(seconds=599)
    rig.run()
    assert len(rig.sink.seen) == 1
    rig.clock.advance(seconds=1)
    rig.run()
    assert rig.sink.positions() == [1]


def test_a_receiver_that_answers_410_gets_nothing_more_until_it_is_resumed(rig: Rig) -> None:
    kept = rig.subscribe()
    name = kept.subscription.id
    rig.sink.behave = lambda received, handler: 410
    rig.log.append(1)
    rig.run()
    found = rig.hooks.find(ME, name)
    assert found.state == DISABLED and found.reason is not None and "410" in found.reason
    rig.log.append(5)
    rig.clock.advance(days=5)
    rig.run()
    assert len(rig.sink.seen) == 1
    rig.sink.behave = lambda received, handler: 204
    assert rig.hooks.resume(ME, name).state == ACTIVE
    rig.run()
    assert sorted(rig.sink.positions()) == [1, 2, 3, 4, 5, 6]


def test_a_receiver_that_fails_for_a_third_of_the_events_gets_all_of_them_in_order(rig: Rig) -> None:
    kept = rig.subscribe()
    random = Random(7)
    rig.sink.behave = lambda received, handler: 500 if random.random() < 0.3 else 204
    rig.log.append(150)
    for _ in range(300):
        rig.run()
        rig.clock.advance(hours=1)
    assert rig.hooks.find(ME, kept.subscription.id).pending == 0
    assert sorted(rig.sink.positions()) == list(range(1, 151))
    assert in_order_per_stream(rig.sink)


def test_a_receiver_that_hangs_does_not_hold_up_the_others(rig: Rig) -> None:
    released = Event()
    with sink() as hanging:

        def hang(received: Received, handler: BaseHTTPRequestHandler) -> int:
            released.wait(ATTEMPT_SECONDS)
            return 204

        hanging.behave = hang
        rig.subscribe(url=hanging.url)
        rig.subscribe()
        rig.log.append(40)
        while len(rig.sink.taken) < 40:
            rig.sender.step()
            rig.sender.woken.wait(0.05)
            rig.sender.woken.clear()
        assert not hanging.taken and 1 <= len(hanging.seen) <= Bounds().threads_each
        released.set()
        rig.run()
        assert sorted(hanging.positions()) == list(range(1, 41))


def test_many_receivers_that_hang_do_not_hold_up_one_that_answers(rig: Rig) -> None:
    released = Event()
    with sink() as hanging:
        hanging.behave = lambda received, handler: 500
        for _ in range(Bounds().threads):
            rig.subscribe(url=hanging.url)
        rig.log.append(1)
        rig.run()

        def hang(received: Received, handler: BaseHTTPRequestHandler) -> int:
            released.wait(ATTEMPT_SECONDS)
            return 204

        hanging.behave = hang
        rig.clock.advance(seconds=6)
        rig.sender.step()
        hanging.wait(lambda: len(hanging.seen) > Bounds().threads)
        rig.subscribe()
        while not rig.sink.taken and not hanging.taken:
            rig.sender.step()
            rig.sender.woken.wait(0.05)
            rig.sender.woken.clear()
        assert not hanging.taken
        released.set()
        rig.run()
        assert len(hanging.taken) == Bounds().threads


def test_one_that_has_far_to_go_through_the_log_does_not_hold_up_the_others(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(rig, company("alpha"))
    rig.subscribe()
    rig.sink.behave = lambda received, handler: 500
    rig.run()
    rig.sink.behave = lambda received, handler: 204
    monkeypatch.setattr(feed, "LOOKED_THROUGH", 2)
    rig.log.append(20)
    for _ in range(5):
        rig.subscribe(url=rig.sink.url + "/far", entities=["alpha"])
    rig.clock.advance(seconds=6)
    page, pages = rig.sender._feed.page, []

    def slow(after: int, limit: int, wanted: feed.Wanted) -> feed.FeedPage:
        found = page(after, limit, wanted)
        pages.append(wanted)
        if len(pages) > 3:
            rig.sink.wait(lambda: bool(rig.sink.taken), 5)
        return found

    monkeypatch.setattr(rig.sender._feed, "page", slow)
    rig.sender.step()
    assert len(pages) == 6


@pytest.mark.parametrize("failure", [DeadlineExceeded("too slow"), RuntimeError("not of this kind")])
def test_one_that_nothing_can_be_taken_for_does_not_hold_up_the_others(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    record(rig, company("alpha"))
    for _ in range(3):
        rig.subscribe()
        rig.subscribe(url=rig.sink.url + "/failing", entities=["alpha"])
    page = rig.sender._feed.page

    def failing(after: int, limit: int, wanted: feed.Wanted) -> feed.FeedPage:
        if wanted.entities:
            raise failure
        return page(after, limit, wanted)

    monkeypatch.setattr(rig.sender._feed, "page", failing)
    rig.run()
    assert [one.path for one in rig.sink.taken] == ["/hook"] * 3
    monkeypatch.undo()
    rig.run()
    assert len(rig.sink.taken) == 6


def test_a_wish_that_is_no_time_is_a_failure_like_others(rig: Rig) -> None:
    kept = rig.subscribe()

    def odd(received: Received, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(503)
        handler.send_header("Retry-After", "Sun, 99999999999999999999 Nov 2026 12:10:00 GMT")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    rig.sink.behave = odd
    rig.log.append(1)
    rig.run()
    (delivery,) = rig.deliveries(kept.subscription.id)
    assert (delivery.state, delivery.tries) == (FAILED, 1)


def test_whatever_goes_wrong_with_an_attempt_its_thread_goes_on(rig: Rig) -> None:
    rig.subscribe()
    outbox = rig.sender._outbox
    finish, failures = outbox.finish, [RuntimeError("not of this kind") for _ in range(2 * Bounds().threads)]

    def failing(*about: Any) -> bool:
        if failures:
            raise failures.pop()
        return finish(*about)

    outbox.finish = failing  # type: ignore[method-assign]
    rig.log.append(20)
    rig.run()
    for _ in range(2 * Bounds().threads):
        rig.clock.advance(seconds=2)
        rig.run()
    assert sorted(rig.sink.positions()) == list(range(1, 21))


# order


def test_events_about_one_entity_wait_for_each_other_and_others_do_not(rig: Rig) -> None:
    """Two claims of streams of their own concern the same company: the second one waits for the first."""
    record(rig, company("alpha"), company("beta"), company("gamma"), company("delta"), ARTICLE)
    rig.subscribe(after="end")
    head = rig.log.store.head()
    record(rig, investment("alpha", "beta", "1"), investment("beta", "gamma", "2"))
    record(rig, company("epsilon"))
    rig.sink.behave = lambda received, handler: 500 if received.position == head + 1 else 204
    rig.run()
    assert rig.sink.positions() == [head + 3]
    rig.sink.behave = lambda received, handler: 204
    rig.clock.advance(seconds=6)
    rig.run()
    assert rig.sink.positions() == [head + 3, head + 1, head + 2]


def test_different_things_are_sent_at_the_same_time_and_one_thing_never_twice_at_once(rig: Rig) -> None:
    rig.subscribe()
    lock, under_way, most = Lock(), Counter[str](), 0
    clashes: list[str] = []

    def watch(received: Received, handler: BaseHTTPRequestHandler) -> int:
        nonlocal most
        subject = received.event["subject"]
        with lock:
            under_way[subject] += 1
            most = max(most, under_way.total())
            if under_way[subject] > 1:
                clashes.append(subject)
        Event().wait(0.01)
        with lock:
            under_way[subject] -= 1
        return 204

    rig.sink.behave = watch
    rig.log.append(100)
    rig.run()
    assert not clashes
    assert 1 < most <= Bounds().threads_each
    assert len(rig.sink.seen) == 100 and in_order_per_stream(rig.sink)


# bounds


def test_no_more_is_taken_than_may_wait(rig: Rig) -> None:
    kept = rig.subscribe()
    rig.sink.behave = lambda received, handler: 500
    sender = rig.new_sender(Bounds(pending=10))
    rig.log.append(40)
    rig.run(sender)
    found = rig.hooks.find(ME, kept.subscription.id)
    assert (found.pending, found.position) == (10, 10)
    rig.sink.behave = lambda received, handler: 204
    rig.clock.advance(seconds=6)
    rig.run(sender)
    assert sorted(rig.sink.positions()) == list(range(1, 41))


def test_nothing_is_taken_while_too_many_are_parked(rig: Rig) -> None:
    kept = rig.subscribe()
    rig.sink.behave = lambda received, handler: 500
    sender = rig.new_sender(Bounds(pending=4, parked=8))
    rig.log.append(30)
    for pause in (0, *PAUSES, *PAUSES, *PAUSES, *PAUSES):
        rig.clock.advance(seconds=pause)
        rig.run(sender)
    found = rig.hooks.find(ME, kept.subscription.id)
    assert (found.parked, found.pending, found.position) == (8, 0, 8)
    rig.sink.behave = lambda received, handler: 204
    rig.hooks.replay(ME, kept.subscription.id)
    rig.run(sender)
    assert sorted(rig.sink.positions()) == list(range(1, 31))


def test_of_the_delivered_events_the_newest_are_kept(rig: Rig) -> None:
    kept = rig.subscribe()
    sender = rig.new_sender(Bounds(kept=5, pending=10))
    rig.log.append(40)
    rig.run(sender)
    rig.log.append(1)
    rig.run(sender)
    assert [one.position for one in rig.deliveries(kept.subscription.id)] == [41, 40, 39, 38, 37, 36]


# what an owner does


def test_a_paused_subscription_gets_nothing_and_goes_on_where_it_was(rig: Rig) -> None:
    kept = rig.subscribe()
    rig.log.append(5)
    rig.run()
    rig.hooks.pause(ME, kept.subscription.id)
    rig.log.append(5)
    rig.run()
    assert rig.hooks.find(ME, kept.subscription.id).position == 5
    rig.hooks.resume(ME, kept.subscription.id)
    rig.run()
    assert sorted(rig.sink.positions()) == list(range(1, 11))
    assert len(rig.sink.seen) == 10


def test_an_event_handed_to_a_thread_before_the_pause_is_not_sent_after_it(rig: Rig) -> None:
    """The thread asks once more before it sends."""
    kept = rig.subscribe()
    rig.log.append(1)
    outbox = rig.sender._outbox
    begin, paused = outbox.begin, []

    def late(*about: Any) -> Any:
        if not paused:
            paused.append(rig.hooks.pause(ME, kept.subscription.id))
        return begin(*about)

    outbox.begin = late  # type: ignore[method-assign]
    rig.run()
    assert not rig.sink.seen
    rig.hooks.resume(ME, kept.subscription.id)
    rig.clock.advance(seconds=2)
    rig.run()
    assert rig.sink.positions() == [1]


def test_rewound_to_the_start_the_same_events_come_again_under_the_same_ids(rig: Rig) -> None:
    kept = rig.subscribe()
    rig.log.append(10)
    rig.run()
    rig.hooks.rewind(ME, kept.subscription.id, "start")
    rig.run()
    ids = [one.id for one in rig.sink.taken]
    assert sorted(ids[:10]) == sorted(ids[10:])
    assert [one.state for one in rig.deliveries(kept.subscription.id)] == ["delivered"] * 10


def test_rewound_to_the_end_what_was_pending_is_dropped(rig: Rig) -> None:
    kept = rig.subscribe()
    rig.sink.behave = lambda received, handler: 500
    rig.log.append(10)
    rig.run()
    rig.hooks.rewind(ME, kept.subscription.id, "end")
    rig.sink.behave = lambda received, handler: 204
    rig.clock.advance(days=1)
    rig.log.append(1)
    rig.run()
    assert rig.sink.positions() == [11]


def test_an_attempt_under_way_while_it_is_rewound_counts_for_nothing(rig: Rig) -> None:
    """It fails when the event was taken once more, and says nothing about the event as it is now."""
    kept = rig.subscribe()
    name = kept.subscription.id
    rewound: list[object] = []

    def behave(received: Received, handler: BaseHTTPRequestHandler) -> int:
        if rewound:
            return 204
        rewound.append(rig.hooks.rewind(ME, name, "start"))
        until = monotonic() + ATTEMPT_SECONDS / 2
        while rig.hooks.find(ME, name).position == 0 and monotonic() < until:
            rig.sender.woken.set()
        return 500

    rig.sink.behave = behave
    rig.log.append(1)
    rig.run()
    rig.clock.advance(seconds=2)
    rig.run()
    assert rig.sink.positions() == [1]
    (delivery,) = rig.deliveries(name)
    assert [attempt["status"] for attempt in delivery.attempts] == [204]
    assert (delivery.state, delivery.tries, rig.hooks.find(ME, name).pending) == ("delivered", 1, 0)


def test_a_new_address_counts_for_what_waits_already(rig: Rig) -> None:
    kept = rig.subscribe()
    rig.sink.behave = lambda received, handler: 500
    rig.log.append(2)
    rig.run()
    rig.sink.behave = lambda received, handler: 204
    rig.hooks.change(ME, kept.subscription.id, {"url": rig.sink.url + "/new"})
    rig.clock.advance(seconds=6)
    rig.run()
    assert {one.path for one in rig.sink.taken} == {"/hook/new"}
    assert sorted(rig.sink.positions()) == [1, 2]


def test_other_types_count_for_what_was_not_taken_yet(rig: Rig) -> None:
    record(rig, company("alpha"), company("beta"), ARTICLE)
    kept = rig.subscribe(after="end", types=["EntityRegistered"])
    record(rig, company("gamma"), investment("alpha", "beta", "1"))
    rig.run()
    rig.hooks.change(ME, kept.subscription.id, {"types": None})
    record(rig, investment("beta", "gamma", "2"))
    rig.run()
    assert [one.event["type"].split(".")[2] for one in rig.sink.taken] == ["EntityRegistered", "InvestmentClaimed"]


def test_after_a_rotation_both_secrets_verify_for_a_day(rig: Rig) -> None:
    old = rig.subscribe()
    new = rig.hooks.rotate(ME, old.subscription.id)
    assert new.secret != old.secret
    rig.log.append(1)
    rig.run()
    (first,) = rig.sink.taken
    Webhook(old.secret).verify(first.body, first.headers)
    Webhook(new.secret).verify(first.body, first.headers)
    rig.hooks.rewind(ME, old.subscription.id, "start")
    rig.clock.advance(hours=24)
    rig.run()
    second = rig.sink.taken[-1]
    assert len(second.headers["webhook-signature"].split(" ")) == 1
    second.headers["webhook-timestamp"] = first.headers["webhook-timestamp"]  # the library has no clock of ours
    with pytest.raises(WebhookVerificationError):
        Webhook(old.secret).verify(second.body, second.headers)


def test_after_a_rotation_that_ends_the_old_secrets_only_the_new_one_signs(rig: Rig) -> None:
    """Also what failed before it, and however many secrets signed."""
    old = rig.subscribe()
    rig.sink.behave = lambda received, handler: 401
    rig.log.append(1)
    rig.run()
    older = [old, *(rig.hooks.rotate(ME, old.subscription.id) for _ in range(MOST_SECRETS - 1))]
    with pytest.raises(TooManySecrets):
        rig.hooks.rotate(ME, old.subscription.id)
    new = rig.hooks.rotate(ME, old.subscription.id, ends_old=True)
    rig.sink.behave = lambda received, handler: 204
    rig.hooks.replay(ME, old.subscription.id)
    rig.run()
    (one,) = rig.sink.taken
    Webhook(new.secret).verify(one.body, one.headers)
    for kept in older:
        with pytest.raises(WebhookVerificationError):
            Webhook(kept.secret).verify(one.body, one.headers)
    rig.hooks.rotate(ME, old.subscription.id)


def test_a_deleted_subscription_gets_nothing_more(rig: Rig) -> None:
    kept = rig.subscribe()
    rig.sink.behave = lambda received, handler: 500
    rig.log.append(3)
    rig.run()
    rig.hooks.delete(ME, kept.subscription.id)
    rig.clock.advance(days=1)
    seen = len(rig.sink.seen)
    rig.log.append(1)
    rig.run()
    assert len(rig.sink.seen) == seen


def test_an_event_that_is_replayed_at_the_moment_it_is_parked_is_sent(rig: Rig) -> None:
    """That the last attempt failed is heard only after the owner asked for another one."""
    kept = rig.subscribe()
    rig.sink.behave = lambda received, handler: 500
    rig.log.append(1)
    for pause in (0, *PAUSES[:-1]):
        rig.clock.advance(seconds=pause)
        rig.run()
    released = _heard_late(rig)
    rig.clock.advance(seconds=PAUSES[-1])
    rig.sender.step()
    _until_one_is(rig, kept.subscription.id, PARKED)
    rig.sink.behave = lambda received, handler: 204
    assert rig.hooks.replay(ME, kept.subscription.id) == 1
    rig.sender.step()
    released.set()
    rig.run()
    assert rig.sink.positions() == [1]


def _heard_late(rig: Rig) -> Event:
    """Has what came of an attempt be noted, and be heard of only when the event given back is set."""
    outbox = rig.sender._outbox
    finish, released = outbox.finish, Event()

    def late(*about: Any) -> bool:
        is_noted = finish(*about)
        released.wait(ATTEMPT_SECONDS)
        return is_noted

    outbox.finish = late  # type: ignore[method-assign]
    return released


def _until_one_is(rig: Rig, name: UUID, state: str) -> None:
    """Until a delivery is in a state."""
    until = monotonic() + ATTEMPT_SECONDS
    while not rig.deliveries(name, state):
        assert monotonic() < until


def test_an_attempt_that_a_rewind_left_under_way_still_holds_up_what_shares_something_with_it(rig: Rig) -> None:
    kept = rig.subscribe()
    released = Event()

    def hang(received: Received, handler: BaseHTTPRequestHandler) -> int:
        if received.position == 1:
            released.wait(ATTEMPT_SECONDS)
        return 204

    rig.sink.behave = hang
    rig.log.append(1)
    rig.sender.step()
    rig.sink.wait(lambda: len(rig.sink.seen) == 1)
    rig.hooks.rewind(ME, kept.subscription.id, "end")
    rig.log.append(STREAMS)  # the last one is of the stream of the first
    while len(rig.sink.taken) < STREAMS - 1:
        rig.sender.step()
        rig.sender.woken.wait(0.05)
        rig.sender.woken.clear()
    rig.sender.step()
    assert STREAMS + 1 not in [one.position for one in rig.sink.seen]
    released.set()
    rig.run()
    assert rig.sink.positions()[-2:] == [1, STREAMS + 1]


def test_an_address_that_is_gone_does_not_disable_the_subscription_that_has_another_one_by_now(rig: Rig) -> None:
    kept = rig.subscribe()
    name = kept.subscription.id

    def gone(received: Received, handler: BaseHTTPRequestHandler) -> int:
        if received.path == "/hook":
            rig.hooks.change(ME, name, {"url": rig.sink.url + "/new"})
            return 410
        return 204

    rig.sink.behave = gone
    rig.log.append(1)
    rig.run()
    assert rig.hooks.find(ME, name).state == ACTIVE
    rig.clock.advance(seconds=6)
    rig.run()
    assert rig.sink.positions() == [1]


# another one leads, or the database goes


def test_a_sender_that_led_before_reads_anew_what_another_one_did(rig: Rig) -> None:
    kept = rig.subscribe()
    rig.sink.behave = lambda received, handler: 500
    rig.log.append(3)
    rig.run()
    rig.sink.behave = lambda received, handler: 204
    rig.clock.advance(seconds=6)
    rig.run(rig.new_sender())
    seen = len(rig.sink.seen)
    rig.sender.forget()
    rig.run()
    assert len(rig.sink.seen) == seen
    assert rig.hooks.find(ME, kept.subscription.id).pending == 0


def test_of_two_that_take_the_same_events_only_one_does(rig: Rig) -> None:
    rig.subscribe()
    outbox = rig.sender._outbox
    (one,) = outbox.followed()
    taken = [Pending(1, one.edition, frozenset("a"), 0, rig.clock.now)]
    assert outbox.take(one, taken, 1, rig.clock.now, 10)
    assert not outbox.take(one, taken, 1, rig.clock.now, 10)


@pytest.mark.parametrize("what", ["pause", "change", "rewind"])
def test_what_was_looked_for_before_an_owner_changed_something_is_not_taken(rig: Rig, what: str) -> None:
    name = rig.subscribe().subscription.id
    outbox = rig.sender._outbox
    (one,) = outbox.followed()
    if what == "pause":
        rig.hooks.pause(ME, name)
    elif what == "change":
        rig.hooks.change(ME, name, {"types": ["InvestmentClaimed"]})
    else:
        rig.hooks.rewind(ME, name, "start")
    assert not outbox.take(one, [Pending(1, one.edition, frozenset("a"), 0, rig.clock.now)], 1, rig.clock.now, 10)
    assert rig.hooks.find(ME, name).position == 0 and not rig.deliveries(name)


def test_an_attempt_that_could_not_be_noted_is_made_again(rig: Rig) -> None:
    rig.subscribe()
    outbox = rig.sender._outbox
    finish, failures = outbox.finish, [StoreUnavailable("gone")]

    def failing(*about: Any) -> bool:
        if failures:
            raise failures.pop()
        return finish(*about)

    outbox.finish = failing  # type: ignore[method-assign]
    rig.log.append(1)
    rig.run()
    rig.clock.advance(seconds=2)
    rig.run()
    assert [one.position for one in rig.sink.seen] == [1, 1]
    assert len({one.id for one in rig.sink.seen}) == 1


def test_an_event_that_cannot_be_sent_at_all_is_parked_in_the_end_and_holds_up_only_its_own(rig: Rig) -> None:
    class Broken(Transport):
        def post(self, url: str, headers: Any, body: bytes, deadline: float = ATTEMPT_SECONDS) -> Answer:
            if b'"sequence":"1"' in body:
                raise RuntimeError("not of this kind")
            return super().post(url, headers, body, deadline)

    kept = rig.subscribe()
    sender = rig.new_sender(transport=Broken(Guard(loopback=True)))
    rig.log.append(3)
    for pause in (0, *PAUSES):
        rig.clock.advance(seconds=pause)
        rig.run(sender)
    assert rig.sink.positions() and [one.position for one in rig.deliveries(kept.subscription.id, PARKED)] == [1]


def test_the_role_of_the_sender_can_change_neither_where_events_go_nor_what_signs_them(rig: Rig) -> None:
    rig.subscribe()
    for change in (
        "UPDATE hooks.subscriptions SET url = 'https://example.org/'",
        "UPDATE hooks.subscriptions SET owner = 'other'",
        "UPDATE hooks.secrets SET secret = 'whsec_other'",
        "DELETE FROM hooks.subscriptions",
        "DELETE FROM log.events",
    ):
        with pytest.raises(StoreError, match="permission denied"):
            rig.sender._outbox._database.write(change, {}, scalar_row)
