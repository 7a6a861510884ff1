"""`make bench`: measures, prints the bars, and writes the report."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks import machine, report
from benchmarks.areas import append, depth, feeding, importing, live, reading, rebuilding, relaying, verifying
from benchmarks.model import Area, NotMeasured
from benchmarks.peers import HOME, ROOT, install
from benchmarks.plan import PLANS, Plan
from benchmarks.stage import Stage

LEAST_WORLD, MOST_WORLD = 1_000, 10_000_000
DOCS = ROOT / "docs" / "benchmarks.md"
AREAS: Mapping[str, Callable[[Stage, Plan], Area]] = {
    "append": append.measure,
    "import": importing.measure,
    "read": reading.measure,
    "live": live.measure,
    "feed": feeding.measure,
    "relay": relaying.measure,
    "rebuild": rebuilding.measure,
    "verify": verifying.measure,
    "depth": depth.measure,
}


def _chosen(_: click.Context, __: click.Parameter, given: str | None) -> tuple[str, ...]:
    names = tuple(given.split(",")) if given else tuple(AREAS)
    unknown = [name for name in names if name not in AREAS]
    if unknown:
        raise click.BadParameter(f"there is no area {unknown[0]!r}; there are {', '.join(AREAS)}.")
    return names


def _sizes(_: click.Context, __: click.Parameter, given: str | None) -> tuple[int, ...]:
    sizes = given.replace("_", "").split(",") if given else []
    if not all(size.isdecimal() and LEAST_WORLD <= int(size) <= MOST_WORLD for size in sizes):
        raise click.BadParameter(f"a world has {LEAST_WORLD:,} to {MOST_WORLD:,} claims.")
    return tuple(map(int, sizes))


@click.command()
@click.option("--form", type=click.Choice(list(PLANS)), default="full", help="How much is measured.")
@click.option("--quick", "form", flag_value="quick", help="The short form: two to three minutes.")
@click.option("--only", metavar="AREA,...", callback=_chosen, help=f"Some of: {', '.join(AREAS)}.")
@click.option("--claims", metavar="N,...", callback=_sizes, help="The sizes of the worlds to look back into.")
@click.option("--copies", type=click.IntRange(1, 100), default=1, help="The tables of the largest world beside copies.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False, exists=True), help="Where to put the data.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="The page to write.")
def main(
    form: str, only: tuple[str, ...], claims: tuple[int, ...], copies: int, data: Path | None, output: Path | None
) -> None:
    """Measure ours and the peers side by side, and write a report.

    A whole run in the full or the long form writes docs/benchmarks.md, anything less build/bench/benchmarks.md. Ends
    with 1 when a figure that has a bar could not be had.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that nothing stays behind
    plan = PLANS[form].with_worlds(claims) if claims else PLANS[form]
    plan = plan.with_copies(copies) if copies > 1 else plan
    is_whole = form != "quick" and only == tuple(AREAS)
    target = output or (DOCS if is_whole else HOME / "benchmarks.md")
    found = _run(plan, only, data)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(report.page(found), encoding="utf-8")
    target.with_suffix(".json").write_text(report.raw(found), encoding="utf-8")
    click.echo(report.summary(found))
    click.echo(f"Written: {target}")
    if any(bar.measured is None for area in found.areas for bar in area.bars):
        raise SystemExit(1)


def _run(plan: Plan, only: tuple[str, ...], data: Path | None) -> report.Report:
    begun, load = time.monotonic(), machine.load_average()
    _say("installing the peers")
    peers = install()
    with Stage(peers, data, plan.minutes, plan.patience, _say) as stage:
        flushes = machine.measure_flushes(stage.folder)
        server = stage.settings()
        _say(f"{flushes.per_second:,.0f} flushes a second on {flushes.file_system}; {json.dumps(server)}")
        areas = tuple(_measure(name, stage, plan) for name in only)
    return report.Report(
        plan=plan.name,
        when=datetime.now(UTC).date().isoformat(),
        took=time.monotonic() - begun,
        machine=machine.describe(),
        server=server,
        peers=peers.versions,
        flushes=flushes,
        loads=(load, machine.load_average()),
        missing=tuple(peers.missing),
        areas=areas,
    )


def _measure(name: str, stage: Stage, plan: Plan) -> Area:
    try:
        return AREAS[name](stage, plan)
    except NotMeasured as error:
        _say(f"{name}: {error}")
        return Area(name, name.capitalize(), "", notes=[f"Not measured: {error}"])


def _say(text: str) -> None:
    click.echo(text, err=True)


if __name__ == "__main__":
    main()
