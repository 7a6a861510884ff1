"""Contestants in turn, round after round, so that what else the machine does hits all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from benchmarks.model import Area, NotMeasured, Run, Series
from benchmarks.stage import Stage


class Contestant(NamedTuple):
    """Who runs: a name, a setting, and one run. A run that cannot be had leaves the contestant out of later rounds."""

    label: str
    setting: str
    run: Callable[[], Run]


def take_turns(stage: Stage, area: Area, contestants: Sequence[Contestant], rounds: int) -> None:
    """Runs each contestant once in each round, beginning with another one each time, and enters it in the area."""
    series = {contestant: Series(contestant.label, contestant.setting) for contestant in contestants}
    area.series += series.values()
    waiting = list(contestants)
    for number in range(rounds):
        first = number % max(len(waiting), 1)
        for contestant in [*waiting[first:], *waiting[:first]]:
            try:
                run = contestant.run()
            except NotMeasured as error:
                area.notes.append(f"{contestant.label} ({contestant.setting}) was not measured: {error}")
                stage.say(area.notes[-1])
                waiting.remove(contestant)
                series[contestant].runs.clear()
                continue
            series[contestant].runs.append(run)
            stage.say(
                f"{area.name}, round {number + 1} of {rounds}: {contestant.label}, {contestant.setting}:"
                f" {run.rate:,.0f} {area.unit}"
            )
