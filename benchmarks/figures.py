"""Statistics of rounds: the median with the range, never a mean, and ratios taken inside each round."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """What several rounds gave."""

    median: float
    low: float
    high: float


def figure(values: Sequence[float]) -> Figure:
    """Median, lowest and highest of at least one value."""
    return Figure(statistics.median(values), min(values), max(values))


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Figure:
    """How many times theirs ours is, round by round. ValueError when the rounds are not as many."""
    return figure([one / other for one, other in zip(ours, theirs, strict=True)])


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least this share of them (above 0, up to 1) do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[math.ceil(share * len(ordered)) - 1]
