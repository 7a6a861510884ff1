"""Rebuilding the relations view beside the live one, verification and switch included."""

from __future__ import annotations

from functools import partial

from benchmarks.areas.live import LIBRARY_RELATIONS
from benchmarks.areas.reading import filled, filled_library, filled_name, library_name
from benchmarks.areas.rounds import Contestant, take_turns
from benchmarks.figures import Figure, figure
from benchmarks.model import Area, Bar, Run
from benchmarks.plan import Plan
from benchmarks.stage import Stage

OURS = "ours: frenemies project rebuild"
FLAT = 0.8
"""The rate of the longest log has to be at least this share of that of the shortest."""


def measure(stage: Stage, plan: Plan) -> Area:
    """The program from start to end. The library has no rebuild: it runs its projection from the beginning."""
    area = Area("rebuild", "Rebuild of the relations view, verified", "events/s")
    settings = {events: f"{events:,} events" for events in plan.rebuild_events}
    theirs = f"{plan.library_events:,} events"
    filled_library(stage, plan.read_events)

    def library() -> Run:
        with stage.database(library_name(plan.read_events)) as url:
            return stage.contest("library", "project_relations", url=url, events=plan.library_events)

    shortest, *longer = plan.rebuild_events
    contestants = [
        Contestant(OURS, settings[shortest], partial(_rebuild, stage, shortest)),
        Contestant(LIBRARY_RELATIONS, theirs, library),
    ]
    take_turns(stage, area, contestants, plan.rebuild_rounds)
    take_turns(stage, area, [Contestant(OURS, settings[n], partial(_rebuild, stage, n)) for n in longer], 1)
    short, long = settings[shortest], settings[plan.rebuild_events[-1]]
    area.bars = [
        Bar("rebuild to the library's projection", area.ratio(OURS, LIBRARY_RELATIONS, short, theirs), 15.0, 50.0),
        Bar(f"rate at {long} to that at {short}", _flatness(area, long, short), FLAT),
    ]
    return area


def live(stage: Stage, events: int) -> str:
    """The name of a template with our log of so many claims and the read side at its end."""
    filled(stage, events)
    name = f"{filled_name(events)}, live"
    stage.template(name, filled_name(events), lambda url: stage.contest("ours", "catch_up", url=url))
    return name


def _rebuild(stage: Stage, events: int) -> Run:
    with stage.our_database(live(stage, events)) as url:
        _, seconds = stage.frenemies(url, "project", "rebuild")
    return Run(events / seconds, events, seconds)


def _flatness(area: Area, longest: str, shortest: str) -> Figure | None:
    one, other = area.find(OURS, longest), area.find(OURS, shortest)
    if one is None or other is None:
        return None
    return figure([one.rates[0] / rate for rate in other.rates])
