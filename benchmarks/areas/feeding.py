"""The feed over HTTP: all of the log as lines, and many who listen to what comes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

from benchmarks import servers
from benchmarks.areas.reading import LIBRARY, filled, filled_library, filled_name
from benchmarks.areas.rounds import Contestant, take_turns
from benchmarks.model import Area, Bar, Run, figure_or_none
from benchmarks.plan import Plan
from benchmarks.stage import Stage
from service.db import connect

REPLAY = "ours: lines over HTTP, as stored"
FOLLOW = "ours: a follower takes over the log"
LISTEN = "ours: from append to event stream"
LEAST_RATE, LEAST_TAKEN_OVER = 100_000.0, 20_000.0
LATEST = {10: (5.0, 15.0), 1_000: (20.0, 40.0)}
"""For a number of streams, how many milliseconds the event may take, p50 and p99."""
MOST_MEMORY = 120.0
_THREADS = 8


class _Service(NamedTuple):
    """A running service: the port of the API, and the process that streams."""

    port: int
    worker: int


def measure(stage: Stage, plan: Plan) -> Area:
    """The replay beside the library's subscription, which reads in the process that asks, and the streams."""
    area = Area("feed", "The feed over HTTP", "events/s")
    setting = f"{plan.read_events:,} events"
    filled(stage, plan.read_events)
    theirs = filled_library(stage, plan.read_events)
    with stage.our_database(filled_name(plan.read_events)) as url, _service(url, plan) as ours:
        contestants = [
            Contestant(REPLAY, setting, partial(stage.contest, "listening", "replay", port=ours.port)),
            Contestant(LIBRARY, setting, partial(stage.contest, "library", "read", url=theirs)),
            Contestant(FOLLOW, setting, partial(_take_over, stage, ours, _head(url))),
        ]
        take_turns(stage, area, contestants, plan.rounds)
        listening = [
            Contestant(LISTEN, _streams(count), partial(_listen, stage, ours, count, plan.stream_events))
            for count in plan.streams
        ]
        take_turns(stage, area, listening, plan.rounds)
    memory = [_idle(stage, plan) for _ in range(plan.rounds)]
    area.bars = [
        Bar("replay", figure_or_none(_values(area, REPLAY, setting, "rate")), LEAST_RATE, unit="events/s"),
        Bar("replay to the library's subscription", area.ratio(REPLAY, LIBRARY, setting), 1.5),
        Bar(
            "a follower takes over",
            figure_or_none(_values(area, FOLLOW, setting, "rate")),
            LEAST_TAKEN_OVER,
            unit="events/s",
        ),
        *(bar for count in plan.streams for bar in _latencies(area, count)),
        Bar(
            f"memory of the feed process with {_streams(plan.idle_streams)}",
            figure_or_none(memory),
            MOST_MEMORY,
            is_upper=True,
            unit="MiB",
        ),
    ]
    area.notes += [
        "The replay is read from the loopback interface by a client of Python that counts lines, without gzip; the"
        " library hands objects of the domain to the process that asks.",
        "The follower asks for texts, checks what it takes over, and stores events, keys, links, texts and tree, all"
        " flushed to disk, in another database of the same PostgreSQL.",
        "The time of an event is from before the call that records it until it has come on a stream, over all streams.",
        "One process answers requests, one streams; the clients run on the same two cores.",
    ]
    return area


def _take_over(stage: Stage, ours: _Service, events: int) -> Run:
    with stage.our_database() as url:
        leader = f"http://127.0.0.1:{ours.port}"
        return stage.contest("copying", "take_over", url=url, leader=leader, events=events)


def _head(url: str) -> int:
    with connect(url) as connection:
        row = connection.execute("SELECT max(position) FROM log.events").fetchone()
    return int(row[0]) if row else 0


def _listen(stage: Stage, ours: _Service, streams: int, events: int) -> Run:
    return stage.contest("listening", "listen", port=ours.port, streams=streams, events=events)


def _idle(stage: Stage, plan: Plan) -> float:
    """With a process that has done nothing before."""
    with stage.our_database() as url, _service(url, plan) as ours:
        said = stage.have("listening", "idle", port=ours.port, streams=plan.idle_streams, worker=ours.worker)
        return float(said["own"])


@contextmanager
def _service(url: str, plan: Plan) -> Iterator[_Service]:
    port = servers.free_port()
    environment = {
        "DATABASE_URL": url,
        "FRENEMIES_FEED_PORT": str(port),
        "FRENEMIES_FEED_SECRET": "of the benchmark",
        "FRENEMIES_STREAMS": str(max(plan.idle_streams, *plan.streams) + 1),
    }
    with servers.feed(port, environment) as worker, servers.web("service.wsgi:app", _THREADS, environment) as api:
        yield _Service(api, worker)


def _streams(count: int) -> str:
    return f"{count:,} streams"


def _values(area: Area, label: str, setting: str, name: str) -> list[float]:
    found = area.find(label, setting)
    return [getattr(run, name) for run in found.runs] if found else []


def _latencies(area: Area, count: int) -> Iterator[Bar]:
    for name, bound in zip(("p50", "p99"), LATEST.get(count, LATEST[1_000]), strict=True):
        values = figure_or_none(_values(area, LISTEN, _streams(count), name))
        yield Bar(f"append to stream, {_streams(count)}, {name}", values, bound, is_upper=True, unit="ms")
