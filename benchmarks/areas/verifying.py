"""Verifying the whole log on one core."""

from __future__ import annotations

from benchmarks.areas.reading import filled, filled_name
from benchmarks.areas.rounds import Contestant, take_turns
from benchmarks.model import Area, Bar, Run, figure_or_none
from benchmarks.plan import Plan
from benchmarks.stage import Stage

OURS = "ours: frenemies verify"
MILLION = 1_000_000
MOST_SECONDS = 30.0


def measure(stage: Stage, plan: Plan) -> Area:
    """The program from start to end, on a log whose tree is complete."""
    area = Area("verify", "Verifying the log", "events/s")
    setting = f"{plan.verify_events:,} events"

    def verify() -> Run:
        filled(stage, plan.verify_events)
        name = f"{filled_name(plan.verify_events)}, with its tree"
        stage.template(name, filled_name(plan.verify_events), lambda url: stage.contest("ours", "keep_tree", url=url))
        with stage.our_database(name) as url:
            _, seconds = stage.frenemies(url, "verify")
        return Run(plan.verify_events / seconds, plan.verify_events, seconds)

    take_turns(stage, area, [Contestant(OURS, setting, verify)], 1)
    found = area.find(OURS, setting)
    seconds = figure_or_none([MILLION / rate for rate in found.rates] if found else [])
    area.bars = [Bar("seconds for a million events", seconds, MOST_SECONDS, is_upper=True, unit="s")]
    return area
