"""A follower that reads the log of its leader from JetStream, and from the leader what is missing there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from service.bootstrap import follower
from service.following.through import OF_LEADER, OF_STREAM
from tests.feeding import wait_until
from tests.integration.following.conftest import Site, Sites
from tests.integration.jetstream.conftest import feed_of, is_in, relaying, running
from tests.jetstreams import NatsServer

COPIED = ("events", "keys", "links", "texts", "checkpoints")
"""What a leader has at once; its tree follows."""


@contextmanager
def following_on(site: Site) -> Iterator[None]:
    """Has a site follow for the time of the block."""
    with follower(site.services.settings, site.url) as (_, runner), running(runner):
        yield


def is_same(site: Site, leader: Site) -> bool:
    return site.services.timeline.feed.head() == leader.services.timeline.feed.head()


def record(site: Site, count: int, kind: str = "company") -> None:
    first = site.services.timeline.feed.head()
    for number in range(first, first + count):
        site.record({"record": "entity", "id": f"e{number}", "kind": kind, "name": f"E {number}"})


def follow_to_the_end(site: Site, leader: Site) -> None:
    with following_on(site):
        wait_until(lambda: is_same(site, leader))
    assert site.log(*COPIED) == leader.log(*COPIED)


def counted(counter: object) -> int:
    return int(counter._value.get())  # type: ignore[attr-defined]


class Read:
    """How many events were read from where since it was made."""

    def __init__(self) -> None:
        self._before = (counted(OF_STREAM), counted(OF_LEADER))

    @property
    def of_stream(self) -> int:
        return counted(OF_STREAM) - self._before[0]

    @property
    def of_leader(self) -> int:
        return counted(OF_LEADER) - self._before[1]


def test_log_tree_and_texts_are_those_of_the_leader_and_events_without_texts_are_not_asked_of_it(
    nats: NatsServer, sites: Sites, leader: Site
) -> None:
    site = sites.follower(leader.base, follow_through=nats.url)
    read = Read()
    with relaying(leader.url, nats.url):
        wait_until(lambda: is_in(nats, leader))
        with following_on(site):
            wait_until(lambda: is_same(site, leader))
            assert site.log(*COPIED) == leader.log(*COPIED)
            asked, streamed = read.of_leader, read.of_stream
            record(leader, 20)
            wait_until(lambda: is_same(site, leader))
            assert (read.of_stream - streamed, read.of_leader - asked) == (20, 0)
            record(leader, 5, "person")
            wait_until(lambda: is_same(site, leader))
            assert read.of_leader - asked == 5
            leader.keep()
            wait_until(lambda: is_same(site, leader))
    assert site.log(*COPIED) == leader.log(*COPIED)


def test_a_stream_that_lacks_the_beginning_is_filled_from_the_leader(
    nats: NatsServer, sites: Sites, leader: Site
) -> None:
    record(leader, 300)
    nats.make_stream(max_msgs=50)
    site = sites.follower(leader.base, follow_through=nats.url)
    read = Read()
    with relaying(leader.url, nats.url):
        wait_until(lambda: is_in(nats, leader))
        with following_on(site):
            wait_until(lambda: is_same(site, leader))
    assert site.log(*COPIED) == leader.log(*COPIED)
    assert read.of_stream == 50


def test_messages_that_were_taken_out_of_the_stream_are_read_from_the_leader(
    nats: NatsServer, sites: Sites, leader: Site
) -> None:
    record(leader, 30)
    end = leader.services.timeline.feed.head()
    nats.make_stream()
    with relaying(leader.url, nats.url):
        wait_until(lambda: is_in(nats, leader))
    for sequence in (end - 20, end - 19, end - 4, end):
        nats.do(lambda stream, sequence=sequence: stream.delete_msg("frenemies", sequence))
    site = sites.follower(leader.base, follow_through=nats.url)
    follow_to_the_end(site, leader)


def test_without_a_relay_and_without_nats_it_goes_on_from_the_leader(
    nats: NatsServer, sites: Sites, leader: Site
) -> None:
    site = sites.follower(leader.base, follow_through=nats.url)
    with following_on(site):
        wait_until(lambda: is_same(site, leader))
        nats.kill()
        record(leader, 3)
        wait_until(lambda: is_same(site, leader))
        assert site.execute("SELECT error, is_halted FROM log.following") == [(None, False)]
        nats.start()
        read = Read()
        with relaying(leader.url, nats.url):
            wait_until(lambda: is_in(nats, leader))
            record(leader, 3)
            wait_until(lambda: is_same(site, leader))
            wait_until(lambda: read.of_stream > 0)
    assert site.log(*COPIED) == leader.log(*COPIED)


def test_a_stream_of_another_log_is_seen_through(nats: NatsServer, sites: Sites, leader: Site) -> None:
    other = sites.new()
    other.execute("UPDATE log.epoch SET epoch = gen_random_uuid()")
    record(other, 400)
    with relaying(other.url, nats.url):
        wait_until(lambda: is_in(nats, other))
    site = sites.follower(leader.base, follow_through=nats.url)
    read = Read()
    with following_on(site):
        wait_until(lambda: is_same(site, leader))
        record(leader, 5)
        wait_until(lambda: is_same(site, leader))
    assert site.log(*COPIED) == leader.log(*COPIED)
    assert read.of_stream == 0


def test_forged_events_that_fail_a_check_are_asked_of_the_leader(nats: NatsServer, sites: Sites, leader: Site) -> None:
    """Who may publish can put in false events: the checkpoint tells, and nothing of that batch was stored."""
    record(leader, 10)
    leader.keep()
    forged = [event.replace(b'"E ', b'"X ') for event in feed_of(leader)]
    nats.make_stream()

    async def publish(stream: object) -> None:
        for event in forged:
            await stream.publish("frenemies.events.Forged.v1", event)  # type: ignore[attr-defined]

    nats.do(publish)
    site = sites.follower(leader.base, follow_through=nats.url)
    with following_on(site):
        wait_until(lambda: is_same(site, leader), 60)
    assert site.log(*COPIED) == leader.log(*COPIED)
