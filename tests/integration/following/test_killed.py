"""A follower that is killed at any moment, while its leader records."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from random import Random
from threading import Event, Thread

import pytest

from service.db import connect
from service.settings import Limits
from tests.integration.following.conftest import Site, Sites, take_over

KILLS = 20
FOLLOWER = """
import sys
from dataclasses import replace
from service.bootstrap import follower
from service.following import batch
from service.settings import Settings
batch.MOST_EVENTS = 30
with follower(replace(Settings(), follow=sys.argv[2]), sys.argv[1]) as (_, runner):
    print("it begins", flush=True)
    runner.run()
"""
ROOT = Path(__file__).parents[3]


def head_of(site: Site) -> int:
    with connect(site.url) as connection:
        return int(connection.execute("SELECT coalesce(max(position), 0) FROM log.events").fetchall()[0][0])


def record_until(ended: Event, leader: Site) -> None:
    """Records people, whose names are sealed, and now and then has a checkpoint signed."""
    number = 0
    while not ended.is_set():
        kinds = ("person", "company")
        leader.record(
            *({"record": "entity", "id": f"e{number + n}", "kind": kinds[n % 2], "name": f"E {n}"} for n in range(40))
        )
        number += 40
        if number % 200 == 0:
            leader.keep()
        ended.wait(0.05)


@pytest.mark.slow
def test_after_twenty_kills_at_any_moment_the_log_is_that_of_the_leader(
    sites: Sites, sample_with_checkpoints: str
) -> None:
    # The server of the tests does not notice that a client is gone in the middle of an answer.
    leader = sites.new(sample_with_checkpoints, limits=Limits(replays=1_000))
    site = sites.follower(leader.base)
    chance, ended = Random(7), Event()
    writer = Thread(target=record_until, args=(ended, leader))
    writer.start()
    heads = []
    try:
        for _ in range(KILLS):
            process = subprocess.Popen(
                [sys.executable, "-c", FOLLOWER, site.url, leader.base],
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=subprocess.PIPE,
            )
            assert process.stdout is not None and process.stdout.readline()
            Event().wait(chance.random())  # the moment is what is left to chance
            process.kill()
            process.wait()
            process.stdout.close()
            heads.append(head_of(site))
    finally:
        ended.set()
        writer.join()
    assert heads == sorted(heads) and len(set(heads)) > KILLS / 3, heads
    leader.keep()
    take_over(site)
    assert site.log() == leader.log()
