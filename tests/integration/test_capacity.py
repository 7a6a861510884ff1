"""The capacity program against a service of its own, in a very small form."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.capacity import __main__ as program
from benchmarks.capacity.plan import QUICK

TINY = replace(
    QUICK,
    questions=10,
    seconds=1.0,
    recorded=40,
    imported=60,
    streams=5,
    stream_events=3,
    tails=20,
    followers=3,
    simulated_seconds=1.0,
    rounds=1,
    round_seconds=0.5,
    grouped=((1, 5), (8, 2)),
)


@pytest.mark.slow
def test_a_run_measures_every_cost_and_writes_a_page_with_all_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "QUICK", TINY)
    target = tmp_path / "capacity.md"
    done = CliRunner().invoke(program.main, ["--quick", "--output", str(target)])
    assert done.exit_code == 0, done.output
    text, said = target.read_text(), json.loads(target.with_suffix(".json").read_text())
    assert "| 10 | 100 |" in text
    costs = said["costs"]
    for cost in (costs["state"], costs["timeline"], costs["imported"], *costs["recorded"].values()):
        assert cost["web"] > 0
        assert cost["postgres"] > 0
    assert costs["taken"]["alone"]["follower"] > 0
    assert costs["told"]["alone"]["feed"] > 0
    assert costs["projected"] > 0
    assert costs["hold"]["8"] > 0
    assert said["simulated"]["events"] >= TINY.simulated_rate * TINY.simulated_seconds
    assert [bar["measured"] is not None for bar in said["bars"]] == [True, True, True]
