"""Relay, NATS, follower and their links to the database killed at any moment, while the leader records."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from threading import Event, Thread

import pytest

from service.settings import Limits
from tests.feeding import wait_until
from tests.integration.following.conftest import Site, Sites
from tests.integration.jetstream.conftest import feed_of, is_in
from tests.jetstreams import Consumer, NatsServer

ROOT = Path(__file__).parents[3]
COPIED = ("events", "keys", "links", "texts", "checkpoints")
RELAY = """
import sys
from service.jetstream import relay
relay.BATCH = 20
from service.jetstream.bootstrap import relay
from service.settings import Settings
with relay(Settings(relay=sys.argv[2]), sys.argv[1]) as (_, runner):
    runner.run()
"""
FOLLOWER = """
import sys
from service.bootstrap import follower
from service.following import batch
from service.settings import Settings
batch.MOST_EVENTS = 30
with follower(Settings(follow=sys.argv[2], follow_through=sys.argv[3]), sys.argv[1]) as (_, runner):
    runner.run()
"""
CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name IN ('frenemies-relay', 'frenemies-listen')
"""


class Program:
    """A process that is killed and started again."""

    def __init__(self, code: str, *arguments: str) -> None:
        self._command = [sys.executable, "-c", code, *arguments]
        self._process = self._start()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def again(self) -> None:
        self.kill()
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, env={**os.environ, "PYTHONPATH": str(ROOT)})


@contextmanager
def recording(leader: Site) -> Iterator[None]:
    """Records companies, and now and then people, whose names are sealed, and a checkpoint."""
    ended = Event()

    def record() -> None:
        number = 0
        while not ended.wait(0.05):
            kinds = ["company"] * 39 + ["person"] * (number % 10 == 0)
            leader.record(
                *({"record": "entity", "id": f"e{number}-{n}", "kind": kind, "name": f"E {n}"}
                  for n, kind in enumerate(kinds))
            )  # fmt: skip
            number += 1
            if number % 10 == 0:
                leader.keep()

    thread = Thread(target=record)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def kill_all(sites: Sites, nats: NatsServer, kills: int) -> None:
    """Each of them so often, in an order and at moments that are left to chance."""
    leader = sites.new(limits=Limits(replays=1_000))
    leader.keep()
    site = sites.follower(leader.base)
    relay = Program(RELAY, leader.url, nats.url)
    second = Program(RELAY, leader.url, nats.url)
    follower = Program(FOLLOWER, site.url, leader.base, nats.url)
    consumer = Consumer(nats.url)

    def kill_nats() -> None:
        nats.kill()
        nats.start()

    ways: list[Callable[[], object]] = [relay.again, kill_nats, follower.again, lambda: leader.execute(CUT)]
    chance = Random(kills)
    order = ways * kills
    chance.shuffle(order)
    try:
        wait_until(lambda: nats.stream())
        with recording(leader):
            for way in order:
                Event().wait(chance.random() * 1.5)  # the moment is what is left to chance
                way()
        leader.keep()
        wait_until(lambda: is_in(nats, leader), 60)
        wait_until(lambda: len(consumer.got) == leader.services.timeline.feed.head(), 60)
        wait_until(lambda: site.services.timeline.feed.head() == leader.services.timeline.feed.head(), 60)
    finally:
        consumer.stop()
        for program in (relay, second, follower):
            program.kill()
    events = feed_of(leader)
    assert [(sequence, body) for sequence, _, _, body in nats.messages()] == list(enumerate(events, 1))
    assert consumer.bodies() == events
    assert not consumer.differing
    assert site.log(*COPIED) == leader.log(*COPIED)


@pytest.mark.slow
def test_after_ten_kills_of_each_everybody_has_the_log_of_the_leader(sites: Sites, nats: NatsServer) -> None:
    kill_all(sites, nats, 10)


@pytest.mark.soak
def test_after_a_hundred_kills_of_each_everybody_has_the_log_of_the_leader(sites: Sites, nats: NatsServer) -> None:
    kill_all(sites, nats, 100)
