"""The report: a page for readers, and everything that was measured as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

from benchmarks.figures import Figure, figure
from benchmarks.machine import Flushes
from benchmarks.model import BOUND, Area, Bar, Series


@dataclass(frozen=True, slots=True)
class Report:
    """One run of the benchmarks. `when` is a day, `took` seconds, `loads` the load average before and after."""

    plan: str
    when: str
    took: float
    machine: dict[str, str]
    server: dict[str, str]
    peers: dict[str, str]
    flushes: Flushes
    loads: tuple[float, float]
    missing: tuple[str, ...]
    areas: tuple[Area, ...]


def page(report: Report) -> str:
    """The report in Markdown."""
    lines = [
        "# Benchmarks",
        "",
        "*Written by `make bench` from one run. The figures of every round are in `benchmarks.json` beside this page.*",
        "",
        f"{report.when}, the {report.plan} form, {report.took / 60:.0f} minutes. Ours and the peers ran in turn, round",
        "after round, each run in a process of its own with a database of its own. A figure is the median of the",
        "rounds, with the lowest and the highest; a ratio is taken inside each round. Only ratios mean something",
        "elsewhere.",
        "",
        *_warnings(report),
        "## Bars",
        "",
        *table(("what", "measured", "at least", "aim", ""), map(bar_row, _bars(report))),
        "",
        f"Client, server and load share the {report.machine.get('processor', 'cores')}. *Busy cores* are those that",
        "the program that gives the load used itself, of those that were busy on the whole machine. Python threads",
        f"share one core: from {BOUND} on, marked *, that program may be the limit, and not the store behind it.",
        "",
    ]
    for area in report.areas:
        lines += _area(area)
    lines += [
        "## Machine and versions",
        "",
        *table(("what", "which"), [*report.machine.items(), *circumstances(report.flushes, report.loads)]),
        "",
        *table(("PostgreSQL", "setting"), report.server.items()),
        "",
        *table(("peer", "version"), report.peers.items()),
    ]
    return "\n".join(lines) + "\n"


def raw(report: Report) -> str:
    """All that was measured, as JSON; bars with their verdicts."""
    plain = asdict(report)
    for area, told in zip(report.areas, plain["areas"], strict=True):
        for bar, entry in zip(area.bars, told["bars"], strict=True):
            entry["verdict"] = bar.verdict
    return json.dumps(plain, indent=1) + "\n"


def summary(report: Report) -> str:
    """The bars, for a terminal."""
    return "\n".join([*aligned(map(bar_row, _bars(report))), *_warnings(report)])


def warnings(flushes: Flushes, load: float, missing: Sequence[str] = ()) -> Iterator[str]:
    """What takes from the worth of the figures: what is missing, a disk that is none, others on the machine."""
    said = list(missing)
    if flushes.is_in_memory:
        said.append("The data lay in memory, where nothing is kept: the figures of writing mean nothing.")
    if load > 1:
        said.append(f"Others were using the machine when it began (load average {load:.1f}).")
    for text in said:
        yield from (f"**{text}**", "")


def aligned(rows: Iterable[Sequence[str]]) -> list[str]:
    """Rows of cells as lines, one cell below the other."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def bar_row(bar: Bar) -> tuple[str, str, str, str, str]:
    """A bar as cells of a table: what, measured, at least, aim, verdict."""
    unit = f" {bar.unit}" if bar.unit else ""
    times = "" if bar.unit else " x"
    measured = shown(bar.measured, times) if bar.measured else ""
    bound = f"{'at most ' if bar.is_upper else ''}{number(bar.bound)}{times}"
    aim = f"{number(bar.aim)}{times}" if bar.aim is not None else ""
    return (f"{bar.what}{unit and f',{unit}'}", measured, bound, aim, bar.verdict)


def shown(found: Figure, times: str = "") -> str:
    """The median, and the range where it is not the same."""
    middle = f"{number(found.median)}{times}"
    return middle if found.low == found.high else f"{middle} ({number(found.low)} to {number(found.high)})"


def number(value: float) -> str:
    """With so many places as mean something."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def circumstances(flushes: Flushes, loads: tuple[float, float]) -> Iterator[tuple[str, str]]:
    """The disk, and what else the machine did, as rows of a table."""
    speed = f"{flushes.per_second:,.0f} flushes of 8 KiB a second, p50 {flushes.p50:.2f} ms, p99 {flushes.p99:.2f} ms"
    yield ("disk", f"{flushes.file_system}; {speed}")
    yield ("load average", f"{loads[0]:.1f} before, {loads[1]:.1f} after")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table in Markdown."""
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _bars(report: Report) -> Iterator[Bar]:
    yield from (bar for area in report.areas for bar in area.bars)


def _warnings(report: Report) -> Iterator[str]:
    yield from warnings(report.flushes, report.loads[0], report.missing)


def _area(area: Area) -> Iterator[str]:
    yield from (f"## {area.title}", "")
    rows = [_series_row(series) for series in area.series if series.runs]
    heads = ("contestant", "with", area.unit, "p50 ms", "p99 ms", "busy cores")
    yield from table(heads, rows)
    yield ""
    yield from (f"- {note}" for note in area.notes)
    yield from ("",) if area.notes else ()


def _series_row(series: Series) -> tuple[str, ...]:
    rates = shown(figure(series.rates))
    own, everything = _median(series, "cores", ".1f"), _median(series, "all_cores", ".1f")
    busy = f"{own}{'*' if series.is_bound else ''} of {everything}" if own and everything else own
    return (series.label, series.setting, rates, _median(series, "p50", ".2f"), _median(series, "p99", ".2f"), busy)


def _median(series: Series, name: str, form: str) -> str:
    values = [value for run in series.runs if (value := getattr(run, name)) is not None]
    return format(figure(values).median, form) if values else ""
