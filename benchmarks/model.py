"""What was measured, and what is asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.figures import Figure, figure, ratios

BOUND = 0.9
"""From so many cores on, a program of Python threads has no more to give: they share one core."""


class NotMeasured(Exception):
    """A figure could not be had; the text says why, and the report repeats it."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one contestant. `rate` is per second, times are milliseconds.

    `cores` is how many the program that gives the load kept busy itself, `all_cores` how many were busy on the machine;
    None where it was not measured.
    """

    rate: float
    count: int
    seconds: float
    cores: float | None = None
    all_cores: float | None = None
    p50: float | None = None
    p99: float | None = None

    @classmethod
    def of(cls, said: dict[str, Any]) -> Run:
        """What a contestant's program said."""
        return cls(**said)


@dataclass(slots=True)
class Series:
    """The rounds of one contestant under one setting."""

    label: str
    setting: str
    runs: list[Run] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        """The rate of each round."""
        return [run.rate for run in self.runs]

    @property
    def is_bound(self) -> bool:
        """Whether the program that gave the load was itself at its limit in most rounds."""
        busy = [run.cores >= BOUND for run in self.runs if run.cores is not None]
        return bool(busy) and sum(busy) * 2 > len(busy)


@dataclass(frozen=True, slots=True)
class Bar:
    """What is asked of a figure: at least `bound`, or at most when `is_upper`; the median counts.

    `measured` is None where the figure could not be had. Without a `unit` it is a ratio.
    """

    what: str
    measured: Figure | None
    bound: float
    aim: float | None = None
    is_upper: bool = False
    unit: str = ""

    @property
    def verdict(self) -> str:
        """One of `aim met`, `met`, `missed` and `not measured`."""
        if self.measured is None:
            return "not measured"
        if self.aim is not None and self._holds(self.measured.median, self.aim):
            return "aim met"
        return "met" if self._holds(self.measured.median, self.bound) else "missed"

    def _holds(self, value: float, bound: float) -> bool:
        return value <= bound if self.is_upper else value >= bound


@dataclass(slots=True)
class Area:
    """Everything about one area. `unit` is that of the rates."""

    name: str
    title: str
    unit: str
    series: list[Series] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def find(self, label: str, setting: str) -> Series | None:
        """The series of a contestant, if it was measured."""
        return next((s for s in self.series if (s.label, s.setting) == (label, setting) and s.runs), None)

    def ratio(self, ours: str, theirs: str, setting: str, their_setting: str | None = None) -> Figure | None:
        """How many times the peer's rate ours is; None where one of them was not measured in every round."""
        one, other = self.find(ours, setting), self.find(theirs, setting if their_setting is None else their_setting)
        if one is None or other is None or len(one.runs) != len(other.runs):
            return None
        return ratios(one.rates, other.rates)


def figure_or_none(values: Sequence[float]) -> Figure | None:
    """The figure of the values, if there are any."""
    return figure(values) if values else None
