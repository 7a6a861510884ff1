"""The log in a stream of JetStream: all of it, in its order, whatever is killed or lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from nats.js.client import JetStreamContext

from service.feeds.cursor import format_cursor
from service.jetstream.messages import EPOCH
from service.metrics import RELAY_HALTED
from tests.feeding import wait_until
from tests.integration.following.conftest import Site, Sites, take_over
from tests.integration.jetstream.conftest import feed_of, is_in, relaying
from tests.jetstreams import Consumer, NatsServer, nats_server


def record(site: Site, count: int, since: int = 0) -> None:
    for number in range(since, since + count):
        site.record({"record": "entity", "id": f"e{number}", "kind": "company", "name": f"E{number}"})


def halted() -> float:
    return float(RELAY_HALTED.labels("frenemies")._value.get())


def test_the_message_at_sequence_n_is_the_event_at_position_n_in_the_bytes_of_the_feed(
    nats: NatsServer, leader: Site
) -> None:
    with relaying(leader.url, nats.url):
        wait_until(lambda: is_in(nats, leader))
    found = nats.messages()
    assert [body for _, _, _, body in found] == feed_of(leader)
    assert [sequence for sequence, _, _, _ in found] == list(range(1, len(found) + 1))
    epoch = leader.services.timeline.feed.epoch()
    assert [name for _, _, name, _ in found] == [format_cursor(epoch, one) for one in range(1, len(found) + 1)]
    assert {subject for _, subject, _, _ in found} == {
        f"frenemies.events.{json.loads(body)['type'].removeprefix('io.frenemies.')}" for _, _, _, body in found
    }


def test_what_is_recorded_comes_at_once_and_from_where_the_stream_ends(nats: NatsServer, leader: Site) -> None:
    with relaying(leader.url, nats.url):
        wait_until(lambda: is_in(nats, leader))
    record(leader, 3)
    consumer = Consumer(nats.url)
    with relaying(leader.url, nats.url):
        wait_until(lambda: consumer.bodies() == feed_of(leader))
        record(leader, 3, 3)
        wait_until(lambda: consumer.bodies() == feed_of(leader), 5)
    consumer.stop()
    assert not consumer.differing


def test_a_stream_that_was_lost_is_filled_again(nats: NatsServer, leader: Site) -> None:
    with relaying(leader.url, nats.url):
        wait_until(lambda: is_in(nats, leader))
        before = nats.messages()
        nats.lose_all()
        wait_until(lambda: is_in(nats, leader))
        assert nats.messages() == before


def test_a_stream_that_was_deleted_while_nothing_came_is_filled_again(nats: NatsServer, leader: Site) -> None:
    with relaying(leader.url, nats.url):
        wait_until(lambda: is_in(nats, leader))
        nats.do(lambda stream: stream.delete_stream("frenemies"))
        wait_until(lambda: is_in(nats, leader))
    assert [body for _, _, _, body in nats.messages()] == feed_of(leader)


def test_two_relays_of_two_databases_never_mix_up_a_stream(nats: NatsServer, sites: Sites, leader: Site) -> None:
    """A follower has the same log, and knows nothing of the lock of the other database."""
    follower = sites.follower(leader.base)
    take_over(follower)
    with relaying(leader.url, nats.url), relaying(follower.url, nats.url):
        record(leader, 30)
        take_over(follower)
        wait_until(lambda: is_in(nats, leader))
    assert [body for _, _, _, body in nats.messages()] == feed_of(leader)


def test_of_two_relays_on_one_database_one_works_and_the_other_goes_on(nats: NatsServer, leader: Site) -> None:
    with relaying(leader.url, nats.url):
        with relaying(leader.url, nats.url):
            wait_until(lambda: is_in(nats, leader))
            record(leader, 5)
        record(leader, 5, 5)
        wait_until(lambda: is_in(nats, leader))
    assert [body for _, _, _, body in nats.messages()] == feed_of(leader)


def test_the_stream_of_another_log_is_left_as_it_is(nats: NatsServer, sites: Sites, leader: Site) -> None:
    with relaying(leader.url, nats.url):
        wait_until(lambda: is_in(nats, leader))
    before = nats.messages()
    longer = sites.new()
    record(longer, len(before) + 10)
    with relaying(longer.url, nats.url):
        wait_until(halted)
    shorter = sites.new()
    record(shorter, 1)
    with relaying(shorter.url, nats.url):
        wait_until(halted)
    assert nats.messages() == before
    with relaying(longer.url, f"{nats.url}/another"):
        wait_until(lambda: (found := nats.stream("another")) and found.state.last_seq == len(feed_of(longer)))
    assert [body for _, _, _, body in nats.messages("another")] == feed_of(longer)


def test_an_event_too_large_for_the_server_is_told_of_as_a_checkpoint(sites: Sites, tmp_path: Path) -> None:
    config = tmp_path / "small.conf"
    config.write_text("max_payload: 2048\n")
    site = sites.new()
    record(site, 2)
    names = [f"{number} " + "x" * 150 for number in range(20)]
    site.record({"record": "entity", "id": "large", "kind": "company", "name": "Large", "aliases": names})
    with nats_server(tmp_path, "-c", str(config)) as small, relaying(site.url, small.url):
        wait_until(lambda: is_in(small, site))
        told = [json.loads(body) for _, _, _, body in small.messages()]
    sizes = [len(event) for event in feed_of(site)]
    assert any(size > 2048 for size in sizes)
    for event, size in zip(told, sizes, strict=True):
        assert (event["type"] == "io.frenemies.feed.Checkpoint.v1") == (size > 2048 - 256)


def test_a_stream_that_somebody_made_keeps_its_settings_and_may_begin_later(nats: NatsServer, leader: Site) -> None:
    nats.make_stream(max_msgs=50, first_seq=101)
    with relaying(leader.url, nats.url):
        wait_until(lambda: is_in(nats, leader))
    assert [body for _, _, _, body in nats.messages()] == feed_of(leader)[-50:]
    assert nats.stream().config.max_msgs == 50


def epoch_of(site: Site) -> str:
    return str(site.services.timeline.feed.epoch())


def renew_epoch(site: Site) -> None:
    site.execute("UPDATE log.epoch SET epoch = gen_random_uuid()")


def expire(nats: NatsServer) -> int:
    """All messages of the stream are gone, as by age; gives where it ends."""

    async def empty(stream: JetStreamContext) -> None:
        kept = (await stream.stream_info("frenemies")).config
        await stream.update_stream(kept, max_age=0.1, duplicate_window=0.1)

    nats.do(empty)
    wait_until(lambda: nats.stream().state.messages == 0)
    return int(nats.stream().state.last_seq)


def test_a_stream_of_the_relay_is_known_by_its_epoch_when_its_messages_have_expired(
    nats: NatsServer, sites: Sites, leader: Site
) -> None:
    with relaying(leader.url, nats.url):
        wait_until(lambda: is_in(nats, leader))
    assert nats.stream().config.metadata[EPOCH] == epoch_of(leader)
    end = expire(nats)
    other = sites.new()
    renew_epoch(other)  # databases of tests are copies of one
    record(other, end + 10)
    with relaying(other.url, nats.url):
        wait_until(halted)
    assert nats.stream().state.last_seq == end
    record(leader, 2)
    with relaying(leader.url, nats.url):
        wait_until(lambda: is_in(nats, leader))


def test_a_log_that_was_restored_is_another_one_also_for_a_stream_without_messages(
    nats: NatsServer, leader: Site
) -> None:
    with relaying(leader.url, nats.url):
        wait_until(lambda: is_in(nats, leader))
    end = expire(nats)
    renew_epoch(leader)
    record(leader, 3)
    with relaying(leader.url, nats.url):
        wait_until(halted)
    assert nats.stream().state.last_seq == end


def test_a_stream_that_somebody_made_and_that_has_lost_all_has_to_be_named(
    nats: NatsServer, leader: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    nats.make_stream()
    with relaying(leader.url, nats.url):
        wait_until(lambda: is_in(nats, leader))
    end = expire(nats)
    record(leader, 2)
    with relaying(leader.url, nats.url):
        wait_until(halted)
    assert nats.stream().state.last_seq == end
    assert f"set {EPOCH} to {epoch_of(leader)}" in "".join(capfd.readouterr())

    async def name(stream: JetStreamContext) -> None:
        kept = (await stream.stream_info("frenemies")).config
        await stream.update_stream(kept, metadata={**(kept.metadata or {}), EPOCH: epoch_of(leader)})

    nats.do(name)
    with relaying(leader.url, nats.url):
        wait_until(lambda: is_in(nats, leader))
