"""The log in NATS JetStream: how fast it is published there, and how soon a consumer has what was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from benchmarks import servers
from benchmarks.areas.reading import filled, filled_name
from benchmarks.areas.rounds import Contestant, take_turns
from benchmarks.model import Area, Bar, Run, figure_or_none
from benchmarks.plan import Plan
from benchmarks.stage import Stage

PUBLISH = "the relay publishes a log that is there"
CONSUME = "from append to a consumer of NATS"
LEAST_RATE, LATEST = 20_000.0, 50.0


def measure(stage: Stage, plan: Plan) -> Area:
    """The relay alone, and the way of one event after the other; NATS syncs each two minutes, as it does by itself."""
    area = Area("relay", "The log in NATS JetStream", "events/s")
    log, appends = f"{plan.live_events:,} events", f"{plan.relay_appends:,} appends, one after the other"
    filled(stage, plan.live_events)
    contestants = [
        Contestant(PUBLISH, log, partial(_publish, stage, plan)),
        Contestant(CONSUME, appends, partial(_consume, stage, plan)),
    ]
    take_turns(stage, area, contestants, plan.rounds)
    published, consumed = area.find(PUBLISH, log), area.find(CONSUME, appends)
    late = [run.p99 for run in consumed.runs if run.p99 is not None] if consumed else []
    area.bars = [
        Bar("relay", figure_or_none(published.rates if published else []), LEAST_RATE, unit="events/s"),
        Bar("append to a consumer of NATS, p99", figure_or_none(late), LATEST, is_upper=True, unit="ms"),
    ]
    area.notes.append(
        "The time of an event is from before the call that records it until a plain consumer has it; PostgreSQL, NATS,"
        " the relay and who appends and consumes are on the same cores."
    )
    return area


def _publish(stage: Stage, plan: Plan) -> Run:
    with _place(stage, filled_name(plan.live_events)) as (url, nats):
        return stage.contest("relaying", "publish", url=url, nats=nats)


def _consume(stage: Stage, plan: Plan) -> Run:
    with _place(stage) as (url, nats), servers.relay({"DATABASE_URL": url, "FRENEMIES_RELAY": nats}):
        return stage.contest("relaying", "consume", url=url, nats=nats, appends=plan.relay_appends)


@contextmanager
def _place(stage: Stage, template: str | None = None) -> Iterator[tuple[str, str]]:
    """A log, and a server of NATS that has nothing of it yet. NotMeasured where there is none."""
    with stage.our_database(template) as url, servers.nats(stage.folder) as nats:
        yield url, nats
