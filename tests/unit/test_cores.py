"""One core for a process: which one, and that all threads go there."""

from __future__ import annotations

import subprocess
import sys

import pytest

from service.cores import ALLOWED, WORTH_MOVING, Look, better_core, work_of_cores, work_of_others

STAT = """cpu  40 4 40 400 40 4 4 4 0 0
cpu0 10 1 10 100 10 1 1 1 0 0
cpu1 30 3 30 300 30 3 3 3 9 9
intr 1 2 3
"""

KEEPS = """
import os, threading, time
from service import cores
cores.SECONDS = 0.05
is_over = threading.Event()
thread = threading.Thread(target=is_over.wait)
thread.start()
cores.keep_to_one_core()
until = time.monotonic() + 10
while len(os.sched_getaffinity(0)) > 1 and time.monotonic() < until:
    time.sleep(0.01)
late = threading.Thread(target=is_over.wait)
late.start()
print(sorted({len(os.sched_getaffinity(int(task))) for task in os.listdir("/proc/self/task")}))
is_over.set()
"""

REFUSE = """
def refuse(cores):
    raise PermissionError
"""


def test_work_is_what_is_not_rest() -> None:
    assert work_of_cores(STAT, 10) == {0: 2.4, 1: 7.2}


@pytest.mark.parametrize(
    ("core", "others"),
    [(None, {0: 0.5, 1: 0.4}), (0, {0: 0.1, 1: 0.4}), (1, {0: 0.5, 1: 0.0})],
)
def test_our_own_work_is_not_that_of_others(core: int | None, others: dict[int, float]) -> None:
    before, now = Look(10.0, 1.0, {0: 5.0, 1: 7.0, 2: 0.0}), Look(12.0, 1.8, {0: 6.0, 1: 7.8, 2: 9.0})
    assert work_of_others(before, now, core, {0, 1}) == pytest.approx(others)


def test_numbers_that_do_not_even_hold_our_own_work_are_not_believed() -> None:
    before, now = Look(10.0, 1.0, {0: 0.0, 1: 0.0}), Look(12.0, 1.8, {0: 0.0, 1: 0.0})
    assert work_of_others(before, now, None, {0, 1}) == {}
    assert better_core(None, {}) is None


def test_the_core_that_others_use_least_is_the_better_one() -> None:
    assert better_core(None, {0: 0.5, 1: 0.2, 2: 0.9}) == 1
    assert better_core(0, {0: 0.5, 1: 0.1}) == 1


def test_nobody_moves_for_a_little() -> None:
    assert better_core(0, {0: WORTH_MOVING, 1: 0.0}) is None
    assert better_core(1, {0: 0.9, 1: 0.1}) is None


def test_of_equal_cores_any_may_be_taken() -> None:
    assert {better_core(None, {0: 0.0, 1: 0.0}) for _ in range(100)} == {0, 1}


@pytest.mark.skipif(len(ALLOWED) < 2, reason="there is one core only")
def test_all_threads_of_a_process_are_kept_to_one_core() -> None:
    done = subprocess.run([sys.executable, "-c", KEEPS], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == "[1]"


def test_cores_that_come_and_go_are_no_accident() -> None:
    before, now = Look(10.0, 1.0, {0: 5.0, 2: 1.0}), Look(12.0, 1.2, {0: 6.0, 1: 7.0})
    assert work_of_others(before, now, 2, {0, 1, 2}) == {0: 0.5}
    assert better_core(2, {0: 0.5}) == 0


@pytest.mark.slow
@pytest.mark.skipif(len(ALLOWED) < 2, reason="there is one core only")
def test_a_system_that_refuses_leaves_the_process_on_all_cores() -> None:
    refusing = KEEPS.replace("cores.keep", "cores.use = refuse\ncores.keep").replace("< 10", "< 1")
    refusing = refusing.replace("import os", REFUSE + "import os", 1).replace("monotonic() + 10", "monotonic() + 1")
    done = subprocess.run([sys.executable, "-c", refusing], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == f"[{len(ALLOWED)}]"
    assert "the cores have changed" in done.stderr
    assert "Traceback" not in done.stderr
