"""The sender as a process: killed at random points, beside a second one, and cut off from its database."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from random import Random
from threading import Event
from time import monotonic

import pytest

from service.db import connect
from service.serve import webhooks
from service.serve.fork import Fork
from tests.feeding import wait_until
from tests.integration.hooks.conftest import DEADLINE, ME, Rig
from tests.integration.hooks.test_delivering import in_order_per_stream
from tests.integration.store.proxy import Proxy
from tests.sink import Received

LEADERS = """
SELECT a.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.classid = 73102710 AND l.granted AND a.datname = current_database()
    AND l.objid::bigint = hashtext('hooks')::bigint & 4294967295
"""


@contextmanager
def sending(rig: Rig, url: str | None = None) -> Iterator[Fork]:
    """A sender in a process of its own, which reaches the database at an address."""
    given = {"DATABASE_URL": url or rig.services.url, "FRENEMIES_WEBHOOKS_LOOPBACK": "1"}
    process = Fork("webhooks", webhooks.main, {**os.environ, **given})
    try:
        yield process
    finally:
        process.kill()
        process.wait(DEADLINE)


def leaders(rig: Rig) -> list[int]:
    with connect(rig.services.url) as connection:
        return [pid for (pid,) in connection.execute(LEADERS).fetchall()]


@pytest.mark.slow
@pytest.mark.parametrize("kills", [6, pytest.param(60, marks=pytest.mark.soak)])
def test_killed_at_random_points_it_delivers_every_event_in_order(rig: Rig, kills: int) -> None:
    """An answer that takes a moment makes it likely that an attempt is under way when the kill comes."""
    random = Random(kills)
    rig.sink.behave = lambda received, handler: 204 if not Event().wait(0.005) else None
    rig.subscribe()
    head = 0
    for _ in range(kills):
        rig.log.append(120)
        head += 120
        with sending(rig) as process:
            until = len(rig.sink.taken) + random.randrange(5, 100)
            rig.sink.wait(lambda until=until: len(rig.sink.taken) >= until)  # type: ignore[misc]
            process.kill()
            process.wait(DEADLINE)
    with sending(rig):
        rig.sink.wait(lambda: len(rig.sink.positions()) == head, seconds=20 * kills)
    assert sorted(rig.sink.positions()) == list(range(1, head + 1))
    assert in_order_per_stream(rig.sink)
    for position, times in Counter(one.position for one in rig.sink.seen).items():
        assert times <= kills + 1, position
    assert len({(one.position, one.id) for one in rig.sink.seen}) == head


@pytest.mark.slow
def test_of_two_senders_one_leads_and_the_other_takes_over_when_it_is_killed(rig: Rig) -> None:
    rig.subscribe()
    with sending(rig) as first:
        rig.log.append(40)
        rig.sink.wait(lambda: len(rig.sink.positions()) == 40)
        with sending(rig):
            rig.log.append(40)
            rig.sink.wait(lambda: len(rig.sink.positions()) == 80)
            assert len(leaders(rig)) == 1
            assert len(rig.sink.seen) == 80
            first.kill()
            first.wait(DEADLINE)
            rig.log.append(40)
            rig.sink.wait(lambda: len(rig.sink.positions()) == 120)
    assert in_order_per_stream(rig.sink)


@pytest.mark.slow
def test_a_sender_whose_connections_are_cut_goes_on(rig: Rig) -> None:
    kept = rig.subscribe()
    with sending(rig):
        for head in (30, 60, 90):
            rig.log.append(30)
            rig.sink.wait(lambda head=head: len(rig.sink.positions()) == head)  # type: ignore[misc]
            with connect(rig.services.url) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND application_name IN ('frenemies-sender', 'frenemies-sender-pulse', 'frenemies-listen')"
                )
        rig.log.append(30)
        rig.sink.wait(lambda: len(rig.sink.positions()) == 120)
    assert in_order_per_stream(rig.sink)
    assert rig.hooks.find(ME, kept.subscription.id).position == 120


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0, 7])
def test_a_sender_whose_database_is_frozen_goes_on_soon_after_it_is_released(rig: Rig, seconds: float) -> None:
    """Less than the server's patience with a leader that says nothing, and more than the sender's with the server."""
    rig.subscribe()
    with Proxy(rig.services.url) as proxy, sending(rig, proxy.url):
        rig.log.append(20)
        rig.sink.wait(lambda: len(rig.sink.positions()) == 20)
        proxy.freeze()
        rig.log.append(20)
        wait_until(lambda: proxy.is_holding_back)
        until = monotonic() + seconds
        wait_until(lambda: monotonic() > until)
        assert len(rig.sink.positions()) == 20
        proxy.thaw()
        rig.sink.wait(lambda: len(rig.sink.positions()) == 40, seconds=5)
    assert in_order_per_stream(rig.sink)


@pytest.mark.slow
def test_a_database_that_is_frozen_while_events_are_under_way_loses_none_of_them(rig: Rig) -> None:
    """What came of the attempts cannot be noted."""
    kept = rig.subscribe()
    frozen = Event()
    with Proxy(rig.services.url) as proxy, sending(rig, proxy.url):

        def freeze(received: Received, handler: BaseHTTPRequestHandler) -> int:
            if received.position >= 10 and not frozen.is_set():
                frozen.set()
                proxy.freeze()
            return 204

        rig.sink.behave = freeze
        rig.log.append(40)
        assert frozen.wait(DEADLINE)
        wait_until(lambda: proxy.is_holding_back)
        until = monotonic() + 7
        wait_until(lambda: monotonic() > until)
        proxy.thaw()
        rig.sink.wait(lambda: len(rig.sink.positions()) == 40, seconds=5)
        wait_until(lambda: rig.hooks.find(ME, kept.subscription.id).pending == 0)
    assert in_order_per_stream(rig.sink)


@pytest.mark.slow
def test_it_ends_soon_when_it_is_asked_to_though_a_receiver_hangs(rig: Rig) -> None:
    released = Event()
    rig.sink.behave = lambda received, handler: 204 if released.wait(20) else None
    rig.subscribe()
    rig.log.append(1)
    with sending(rig) as process:
        rig.sink.wait(lambda: len(rig.sink.seen) == 1)
        process.ask_to_end()
        assert process.wait(8) == 0
    released.set()
    with sending(rig):
        rig.sink.wait(lambda: len(rig.sink.taken) >= 2)
    assert {one.position for one in rig.sink.seen} == {1}
