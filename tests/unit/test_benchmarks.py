"""What the benchmarks make of what they measured."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import samples
from benchmarks.figures import Figure, figure, percentile, ratios
from benchmarks.load import callers, once
from benchmarks.load import series as series_of
from benchmarks.machine import Flushes
from benchmarks.model import Area, Bar, Run, Series
from benchmarks.report import Report, page, raw, summary
from service.intake.records import draft_of

BENCHMARKS = Path(samples.__file__).parent
RATES = st.lists(st.floats(1, 1e6), min_size=1, max_size=9)


def series(label: str, *rates: float, cores: float = 0.5) -> Series:
    return Series(label, "4 callers", [Run(rate, 100, 1.0, cores, 1.9, 1.0, 7.0) for rate in rates])


def report(area: Area, *, file_system: str = "ext4", load: float = 0.1, missing: tuple[str, ...] = ()) -> Report:
    return Report(
        plan="quick",
        when="2026-01-02",
        took=90.0,
        machine={"processor": "2 cores"},
        server={"fsync": "on"},
        peers={"other": "1.0"},
        flushes=Flushes(file_system, 1_000.0, 0.9, 2.5),
        loads=(load, 1.8),
        missing=missing,
        areas=(area,),
    )


AREA = Area(
    "append",
    "Append",
    "events/s",
    [series("ours", 30.0, 40.0, 20.0), series("theirs", 10.0, 10.0, 10.0, cores=1.0)],
    [Bar("ours to theirs", Figure(3.0, 2.0, 4.0), 2.0, 8.0), Bar("never", None, 1.0)],
    ["What both do."],
)


@given(RATES)
def test_a_figure_is_the_median_within_its_range(rates: list[float]) -> None:
    found = figure(rates)
    below, above = sum(rate <= found.median for rate in rates), sum(rate >= found.median for rate in rates)
    assert min(below, above) * 2 >= len(rates)
    assert (found.low, found.high) == (min(rates), max(rates))


def test_a_ratio_is_taken_inside_each_round() -> None:
    # The machine was three times slower in the second round; both felt it.
    assert ratios([30.0, 10.0, 33.0], [10.0, 3.33, 10.0]).low == pytest.approx(3.0)
    assert ratios([30.0, 10.0, 33.0], [10.0, 3.33, 10.0]).high == pytest.approx(3.3)


def test_rounds_that_are_not_as_many_give_no_ratio() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [1.0])
    area = Area("a", "A", "events/s", [series("ours", 1.0, 2.0), series("theirs", 1.0), series("absent")])
    assert area.ratio("ours", "theirs", "4 callers") is None
    assert area.ratio("ours", "absent", "4 callers") is None


@given(st.lists(st.floats(0, 1e3), min_size=1, max_size=300), st.floats(0.01, 1))
def test_so_many_values_do_not_exceed_a_percentile(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9
    assert sum(value < found for value in values) < share * len(values) + 1e-9


@pytest.mark.parametrize(
    ("median", "is_upper", "verdict"),
    [
        (9.0, False, "aim met"), (8.0, False, "aim met"), (7.9, False, "met"), (5.0, False, "met"),
        (4.9, False, "missed"), (4.9, True, "aim met"), (6.0, True, "missed"),
    ],
)  # fmt: skip
def test_a_bar_goes_by_the_median(median: float, is_upper: bool, verdict: str) -> None:
    aim = 4.95 if is_upper else 8.0
    assert Bar("x", Figure(median, 0.0, 100.0), 5.0, aim, is_upper).verdict == verdict


def test_a_bar_without_a_figure_is_not_measured() -> None:
    assert Bar("x", None, 5.0).verdict == "not measured"


def test_the_page_shows_medians_ranges_and_verdicts() -> None:
    text = page(report(AREA))
    assert "| ours to theirs | 3 x (2 to 4) | 2 x | 8 x | met |" in text
    assert "| never |  | 1 x |  | not measured |" in text
    assert "| ours | 4 callers | 30 (20 to 40) | 1.00 | 7.00 | 0.5 of 1.9 |" in text
    assert "- What both do." in text
    assert "1,000 flushes" in text


def test_the_page_marks_a_program_that_was_itself_the_limit() -> None:
    text = page(report(AREA))
    assert "| theirs | 4 callers | 10 | 1.00 | 7.00 | 1.0* of 1.9 |" in text
    assert not series("ours", 1.0, cores=0.89).is_bound


def test_what_makes_figures_doubtful_is_said_on_the_page_and_in_the_terminal() -> None:
    assert "memory" not in summary(report(AREA))
    doubtful = report(AREA, file_system="tmpfs", load=3.0, missing=("other is left out.",))
    for text in (page(doubtful), summary(doubtful)):
        assert "in memory, where nothing is kept" in text
        assert "load average 3.0" in text
        assert "other is left out." in text


def test_the_raw_report_holds_every_round_and_the_verdicts() -> None:
    found = json.loads(raw(report(AREA)))
    area = found["areas"][0]
    assert [run["rate"] for run in area["series"][0]["runs"]] == [30.0, 40.0, 20.0]
    assert [bar["verdict"] for bar in area["bars"]] == ["met", "not measured"]


def test_every_sample_is_a_record_that_the_service_takes() -> None:
    assert len([draft_of(line) for line in samples.lines(50)]) == samples.ENTITIES + samples.ARTICLES + 50


def test_no_two_claims_of_the_samples_are_the_same() -> None:
    numbers = [*range(500), 89_700, 89_701, 3_000_000]
    contents = [{name: value for name, value in samples.claim(n).items() if name != "evidence"} for n in numbers]
    assert len({json.dumps(content) for content in contents}) == len(numbers)
    for content in contents:
        first, second = (participant["entity"] for participant in content["participants"])
        assert first != second


def test_callers_count_the_calls_of_all_threads() -> None:
    seen: list[tuple[int, int]] = []
    found = callers(3, 0.05, 0.01, lambda caller: lambda index: seen.append((caller, index)))
    assert {caller for caller, _ in seen} == {0, 1, 2}
    assert 0 < found["count"] <= len(seen) == len(set(seen))
    assert found["rate"] == pytest.approx(found["count"] / found["seconds"], rel=0.05)
    assert 0 <= found["p50"] <= found["p99"]


def test_an_error_of_one_caller_ends_the_load() -> None:
    def start(caller: int) -> object:
        if caller == 1:
            raise RuntimeError("no connection")
        return lambda index: index

    with pytest.raises(RuntimeError, match="no connection"):
        callers(2, 30.0, 30.0, start)  # type: ignore[arg-type]


def test_a_series_ends_after_its_calls_or_its_seconds() -> None:
    seen: list[int] = []
    found = series_of(5, 30.0, seen.append)
    assert seen == [0, 1, 2, 3, 4]
    assert found["count"] == 5
    assert 0 <= found["p50"] <= found["p99"]
    assert series_of(5, 0.0, seen.append)["count"] == 1


def test_one_call_is_timed_as_a_whole() -> None:
    calls: list[int] = []
    found = once(500, lambda: calls.append(1))
    assert calls == [1]
    assert found["rate"] == pytest.approx(500 / found["seconds"], rel=0.2)


@pytest.mark.parametrize(
    "module",
    [
        "contestants/library", "contestants/uma", "contestants/sql", "contestants/task", "contestants/maria",
        "contestants/folding", "load", "samples", "figures", "questions", "periods",
    ],
)  # fmt: skip
def test_what_runs_with_the_peers_needs_nothing_of_the_service(module: str) -> None:
    tree = ast.parse((BENCHMARKS / f"{module}.py").read_text())
    named = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    named |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    peers = {"eventsourcing", "umadb", "psycopg", "mysql", "_mysql_connector"}
    light = {"benchmarks", "benchmarks.load", "benchmarks.figures", "benchmarks.questions", "benchmarks.periods"}
    light |= {"benchmarks.contestants.task", "benchmarks.contestants.library"}
    others = {name for name in named - light if name.split(".")[0] not in peers | sys.stdlib_module_names}
    assert not others
