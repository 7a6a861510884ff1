"""What is spent counts for all threads and all processes."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.rates import meter as module
from service.rates.meter import Meter
from service.rates.policy import Policy

HOUR = Policy("requests", 100, 3_600.0)
_ASKING = """
import sys
from pathlib import Path
from service.rates.meter import Meter
from service.rates.policy import Policy
meter = Meter(Path(sys.argv[1]))
print(sum(meter.ask(Policy("requests", 100, 3_600.0), "ant").is_granted for _ in range(80)))
"""


def test_each_has_a_quota_of_its_own_and_each_policy_counts_for_itself() -> None:
    meter = Meter()
    assert [meter.ask(HOUR, "ant").is_granted for _ in range(101)] == [True] * 100 + [False]
    assert meter.ask(HOUR, "bee").remaining == 99
    assert meter.ask(HOUR._replace(name="others"), "ant").is_granted
    assert not meter.ask(HOUR, "ant").is_granted


def test_threads_together_get_the_quota_once() -> None:
    meter = Meter()
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: meter.ask(HOUR, "ant").is_granted, range(400)))
    assert sum(told) == 100


def test_processes_together_get_the_quota_once(tmp_path: Path) -> None:
    asking = [
        subprocess.Popen([sys.executable, "-c", _ASKING, str(tmp_path / "rates")], stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    assert sum(int(one.communicate(timeout=60)[0]) for one in asking) == 100
    assert not Meter(tmp_path / "rates").ask(HOUR, "ant").is_granted


def test_where_more_ask_than_there_is_room_for_who_has_spent_least_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "SLOTS", 8)
    monkeypatch.setattr(module, "PROBES", 8)
    meter = Meter()
    for _ in range(100):
        meter.ask(HOUR, "busy")
    for number in range(1_000):
        assert meter.ask(HOUR, f"guest {number}").is_granted
    assert not meter.ask(HOUR, "busy").is_granted


def test_a_slot_is_free_again_when_its_quota_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLOTS", 1)
    monkeypatch.setattr(module, "PROBES", 1)
    clock = [1_000.0]
    monkeypatch.setattr(module, "monotonic", lambda: clock[0])
    meter = Meter()
    meter.ask(HOUR, "ant")
    clock[0] += HOUR.interval + 1
    assert meter.ask(HOUR, "bee").remaining == 99
    assert meter.ask(HOUR, "bee").remaining == 98


def test_to_look_spends_nothing() -> None:
    meter = Meter()
    policy = Policy("requests", 1, 60.0)
    assert meter.look(policy, "ant").is_granted and meter.look(policy, "ant").is_granted
    meter.ask(policy, "ant")
    assert not meter.look(policy, "ant").is_granted


def test_a_process_that_stopped_while_it_counted_stops_no_other(tmp_path: Path) -> None:
    file = tmp_path / "rates"
    assert Meter(file).ask(HOUR, "ant").is_granted
    holding = (
        "import fcntl, sys; f = open(sys.argv[1], 'r+'); fcntl.lockf(f, fcntl.LOCK_EX); print(flush=True); input()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", holding, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline()
    with pytest.raises(BlockingIOError):
        Meter(file).ask(HOUR, "ant")
    process.communicate("\n", timeout=60)
    assert Meter(file).ask(HOUR, "ant").is_granted
