"""One core for a process whose threads take turns.

Of a Python process one thread runs at a time. On several cores its threads wake each other across cores, find the
interpreter taken and sleep again; that takes more time than their work does. On one core a thread that is woken gets
its turn when the other one rests (docs/decisions/0026).
"""

from __future__ import annotations

import logging
import os
import random
import threading
from collections.abc import Collection, Iterable, Mapping
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
_log = logging.getLogger(__name__)


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


def use(cores: Iterable[int]) -> None:
    """Has all threads of this process run on these cores; those that it starts do the same. OSError when refused."""
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
    seen = set(allowed) & now.worked.keys() & before.worked.keys()
    worked = {cpu: now.worked[cpu] - before.worked[cpu] for cpu in seen}
    if sum(worked.values()) < own / 2:
        return {}
    if core is not None and core in worked:
        worked[core] = max(worked[core] - own, 0.0)
    return {cpu: work / seconds for cpu, work in worked.items()}


def better_core(core: int | None, others: Mapping[int, float]) -> int | None:
    """The core to move to, given how busy others keep each; None when it is not worth it."""
    least = min(others.values(), default=0.0)
    present = None if core is None else others.get(core)
    if not others or (present is not None and present - least <= WORTH_MOVING):
        return None
    return random.choice([cpu for cpu, share in others.items() if share == least])  # noqa: S311 - any will do


def _keep() -> None:
    keeper = _Keeper()
    while True:
        _rest.wait(SECONDS * random.uniform(0.5, 1.5))  # noqa: S311 - not all at the same time
        try:
            keeper.look_around()
        except (OSError, LookupError, ValueError) as error:
            _log.warning("the cores have changed, or are not told any more: %r", error)
            keeper.begin_anew()


class _Keeper:
    """Knows where the process is kept. The cores that it may use can change while it runs."""

    def __init__(self) -> None:
        self._allowed = ALLOWED
        self._core: int | None = None
        self._seen: Look | None = None

    def look_around(self) -> None:
        """Moves to a better core, if there is one since it last looked."""
        before, self._seen = self._seen, _look()
        if before is None:
            return
        better = better_core(self._core, work_of_others(before, self._seen, self._core, self._allowed))
        if better is not None:
            use({better})
            self._core = better

    def begin_anew(self) -> None:
        """Leaves the process to the system, on all cores that it grants."""
        self._core, self._seen = None, None
        with suppress(OSError):
            use(range(os.cpu_count() or 1))
        self._allowed = frozenset(os.sched_getaffinity(0))


def _look() -> Look:
    return Look(monotonic(), process_time(), work_of_cores(_STAT.read_text(), os.sysconf("SC_CLK_TCK")))
