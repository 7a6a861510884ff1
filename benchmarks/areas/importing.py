"""Importing: validated, from a file to the log."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks import samples
from benchmarks.areas.rounds import Contestant, take_turns
from benchmarks.model import Area, Bar, Run, figure_or_none
from benchmarks.plan import Plan
from benchmarks.stage import Stage

OURS = "ours: frenemies import"
LIBRARY = "eventsourcing: insert_events, 100 a time"
UMADB = "UmaDB: append, 500 a time"
AT_LEAST, AIM = 10_000.0, 25_000.0


def measure(stage: Stage, plan: Plan) -> Area:
    """The program from start to end, against the bulk writes of others, which check nothing."""
    area = Area("import", "Import, validated, file to log", "claims/s")
    setting = f"{plan.import_claims:,} claims"
    file = _write(stage.folder / "claims.ndjson", plan.import_claims)

    def ours() -> Run:
        with stage.our_database() as url:
            _, seconds = stage.frenemies(url, "import", str(file))
        return Run(plan.import_claims / seconds, plan.import_claims, seconds)

    def library() -> Run:
        with stage.database() as url:
            return stage.contest("library", "fill", url=url, claims=plan.import_claims)

    def uma() -> Run:
        with stage.umadb() as url:
            return stage.contest("uma", "fill", url=url, claims=plan.import_claims)

    contestants = [
        Contestant(OURS, setting, ours),
        Contestant(LIBRARY, setting, library),
        Contestant(UMADB, setting, uma),
    ]
    take_turns(stage, area, contestants, plan.import_rounds)
    found = area.find(OURS, setting)
    rates = figure_or_none(found.rates if found else [])
    area.bars = [Bar("claims imported", rates, AT_LEAST, AIM, unit=area.unit)]
    area.notes.append(
        "Ours reads JSON from a file, checks shape and rules, resolves references and finds repeats; the start of the"
        " program counts as well. The others are given objects and check nothing: they are there for orientation."
    )
    return area


def _write(file: Path, claims: int) -> Path:
    with file.open("w", encoding="utf-8") as out:
        for line in samples.lines(claims):
            out.write(json.dumps(line) + "\n")
    return file
