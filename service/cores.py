"""One core for a process whose threads take turns.

Of a Python process one thread runs at a time. On several cores its threads wake each other across cores, find the
interpreter taken and sleep again; that takes more time than their work does. On one core a thread that is woken gets
its turn when the other one rests (docs/decisions/0026).
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic, process_time
from typing import NamedTuple

ALLOWED: frozenset[int] = frozenset(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else frozenset()
"""The cores that this process was started on; none where the system does not say."""
SECONDS = 1.0
"""How long a look at the cores takes, give or take half: several processes must not all move at once."""
WORTH_MOVING = 0.3
"""A process moves when its core is that much busier by the work of others than another one is; 1 is all the time."""
_TASKS, _STAT = Path("/proc/self/task"), Path("/proc/stat")
_WORKING = (0, 1, 2, 5, 6, 7)  # user, nice, system, irq, softirq, steal; the others are ways to rest

_rest = threading.Event()


class Look(NamedTuple):
    """What is seen of the cores at one moment, all in seconds."""

    at: float
    own: float
    """How long this process has worked."""
    worked: Mapping[int, float]
    """How long each core has worked, for whomever."""


def keep_to_one_core() -> None:
    """From now on keeps all threads of this process on the core that others use least. Call it after the fork.

    Does nothing where there is one core, or where the system does not say how busy each is.
    """
    if len(ALLOWED) > 1 and _STAT.exists():
        threading.Thread(target=_keep, name="one-core", daemon=True).start()


def use(cores: Collection[int]) -> None:
    """Has all threads of this process run on these cores; those that it starts do the same."""
    for task in _TASKS.iterdir():
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(task.name), cores)


def work_of_cores(stat: str, ticks: int) -> dict[int, float]:
    """How many seconds each core has worked, from what /proc/stat says in ticks of which there are so many a second."""
    rows = (line.split() for line in stat.splitlines())
    return {
        int(name[3:]): sum(int(numbers[place]) for place in _WORKING) / ticks
        for name, *numbers in rows
        if name.startswith("cpu") and name != "cpu"
    }


def work_of_others(before: Look, now: Look, core: int | None, allowed: Collection[int]) -> dict[int, float]:
    """How busy each allowed core was with what is not ours, 1 being all the time; we were on `core`, if on one.

    Nothing when the numbers cannot be right: some sandboxes tell none.
    """
    seconds, own = now.at - before.at, now.own - before.own
    worked = {cpu: now.worked[cpu] - before.worked[cpu] for cpu in allowed if cpu in now.worked}
    if sum(worked.values()) < own / 2:
        return {}
    if core is not None:
        worked[core] = max(worked[core] - own, 0.0)
    return {cpu: work / seconds for cpu, work in worked.items()}


def better_core(core: int | None, others: Mapping[int, float]) -> int | None:
    """The core to move to, given how busy others keep each; None when it is not worth it."""
    least = min(others.values(), default=0.0)
    if not others or (core is not None and others[core] - least <= WORTH_MOVING):
        return None
    return random.choice([cpu for cpu, share in others.items() if share == least])  # noqa: S311 - any will do


def _keep() -> None:
    core, now = None, _look()
    while True:
        _rest.wait(SECONDS * random.uniform(0.5, 1.5))  # noqa: S311 - not all at the same time
        before, now = now, _look()
        better = better_core(core, work_of_others(before, now, core, ALLOWED))
        if better is not None:
            core = better
            use({core})


def _look() -> Look:
    return Look(monotonic(), process_time(), work_of_cores(_STAT.read_text(), os.sysconf("SC_CLK_TCK")))
