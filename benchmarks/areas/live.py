"""Live projections: how fast read tables follow the log."""

from __future__ import annotations

from benchmarks.areas.reading import filled, filled_library, filled_name, library_name
from benchmarks.areas.rounds import Contestant, take_turns
from benchmarks.model import Area, Bar, Run
from benchmarks.plan import Plan
from benchmarks.stage import Stage

COUNTERS = "ours: runner with the counters"
RELATIONS = "ours: runner with the index"
LIBRARY_COUNTERS = "eventsourcing: ProjectionRunner with the counters"
LIBRARY_RELATIONS = "eventsourcing: ProjectionRunner, one upsert per event"


def measure(stage: Stage, plan: Plan) -> Area:
    """Each carries over a log that is there already. The library, being slower, carries over the beginning of it."""
    area = Area("live", "Live projection", "events/s")
    ours, theirs = f"{plan.live_events:,} events", f"{plan.library_events:,} events"
    filled(stage, plan.live_events)
    filled_library(stage, plan.read_events)

    def run_ours(task: str) -> Run:
        with stage.our_database(filled_name(plan.live_events)) as url:
            return stage.contest("ours", task, url=url)

    def run_library(task: str) -> Run:
        with stage.database(library_name(plan.read_events)) as url:
            return stage.contest("library", task, url=url, events=plan.library_events)

    contestants = [
        Contestant(COUNTERS, ours, lambda: run_ours("count")),
        Contestant(LIBRARY_COUNTERS, theirs, lambda: run_library("project_counters")),
        Contestant(RELATIONS, ours, lambda: run_ours("catch_up")),
        Contestant(LIBRARY_RELATIONS, theirs, lambda: run_library("project_relations")),
    ]
    take_turns(stage, area, contestants, plan.rounds)
    area.bars = [
        Bar("the counters", area.ratio(COUNTERS, LIBRARY_COUNTERS, ours, theirs), 20.0),
        Bar("the relations view", area.ratio(RELATIONS, LIBRARY_RELATIONS, ours, theirs), 8.0, 20.0),
    ]
    return area
