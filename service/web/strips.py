"""Belief changes drawn over the days: what was believed of each day above, what is believed of it since below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from events.temporal import AFTER_ALL, BEFORE_ALL, format_day, parse_day
from service.web.differing import days, state_of

MOST_COLUMNS = 24
"""With more ranges of days a drawing tells nothing any more."""
_EVEN = 0.6
"""This share of the width is the same for all columns, so that one of a day can be seen beside one of years."""


class Cell(NamedTuple):
    """A state on some days; where they begin and how wide they are, in percent."""

    x: float
    width: float
    state: str


class Tick(NamedTuple):
    """A day at its place, in percent; neighbours are written in two rows."""

    x: float
    day: str
    row: int


class Strip(NamedTuple):
    """A drawing, and the same in words."""

    before: tuple[Cell, ...]
    after: tuple[Cell, ...]
    ticks: tuple[Tick, ...]
    text: str


def strip(periods: Sequence[Mapping[str, Any]]) -> Strip | None:
    """The periods of one item as a drawing; None where it would have too many columns."""
    spans = [(_since(p["from"]), _until(p["to"]), p) for p in periods]
    edges = sorted({edge for since, until, _ in spans for edge in (since, until)})
    if len(edges) - 1 > MOST_COLUMNS:
        return None
    places = _places(edges)
    cells: dict[str, list[Cell]] = {"before": [], "after": []}
    for since, until, period in spans:
        x = places[since]
        for end, found in cells.items():
            found.append(Cell(x, round(places[until] - x, 2), state_of(period["kind"], period[end])))
    inner = [edge for edge in edges if BEFORE_ALL < edge < AFTER_ALL]
    ticks = tuple(Tick(places[edge], format_day(edge) or "", place % 2) for place, edge in enumerate(inner))
    return Strip(tuple(cells["before"]), tuple(cells["after"]), ticks, _text(periods))


def _places(edges: Sequence[int]) -> dict[int, float]:
    """Where each day stands. Longer ranges are wider; those without an end are as wide as the narrowest."""
    ranges = list(zip(edges, edges[1:], strict=False))
    lengths = [0 if BEFORE_ALL in span or AFTER_ALL in span else span[1] - span[0] for span in ranges]
    whole = sum(lengths)
    shares = [_EVEN / len(ranges) + (1 - _EVEN) * length / whole if whole else 1 / len(ranges) for length in lengths]
    return {edge: round(100 * sum(shares[:place]), 2) for place, edge in enumerate(edges)}


def _text(periods: Iterable[Mapping[str, Any]]) -> str:
    told = []
    for period in periods:
        before, after = (state_of(period["kind"], period[end]).replace("_", " ") for end in ("before", "after"))
        told.append(f"{days(period['from'], period['to'])}: before {before}, after {after}")
    return "; ".join(told)


def _since(day: str | None) -> int:
    return BEFORE_ALL if day is None else parse_day(day)


def _until(day: str | None) -> int:
    return AFTER_ALL if day is None else parse_day(day)
