"""Load: callers in threads of one process for a fixed time, or one call that does a fixed number of things."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Barrier, BrokenBarrierError, Event, Thread
from time import perf_counter
from typing import Any

from benchmarks.figures import percentile


def callers(
    count: int, seconds: float, warm_up: float, start: Callable[[int], Callable[[int], object]]
) -> dict[str, Any]:
    """Calls, one after the other in each of `count` threads, for a warm-up and then for so many seconds.

    `start` is given the number of the caller and gives the function to call, which is given the number of the call.
    The calls that ended within the measured time count. The first error of a caller ends the run.
    """
    group = _Group(count)
    threads = [Thread(target=group.run, args=(number, start), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    with suppress(BrokenBarrierError):  # a caller that fails says why below
        group.ready.wait()
    group.stop.wait(warm_up)
    clock = _Clock()
    group.stop.wait(seconds)
    ended, used = perf_counter(), clock.read()
    group.stop.set()
    for thread in threads:
        thread.join()
    if group.errors:
        raise group.errors[0]
    times = [took for all_of_one in group.calls for at, took in all_of_one if clock.begun <= at + took <= ended]
    return {
        **used,
        "rate": len(times) / (ended - clock.begun),
        "count": len(times),
        "p50": percentile(times, 0.50) * 1_000,
        "p99": percentile(times, 0.99) * 1_000,
    }


def once(count: int, work: Callable[[], object]) -> dict[str, Any]:
    """Does `count` things by one call."""
    clock = _Clock()
    work()
    seconds = perf_counter() - clock.begun
    return {**clock.read(), "rate": count / seconds, "count": count}


def series(count: int, seconds: float, call: Callable[[int], object]) -> dict[str, Any]:
    """So many calls, one after the other, but none is begun once the seconds are over."""
    clock, times = _Clock(), list[float]()
    while len(times) < count and (not times or perf_counter() - clock.begun < seconds):
        begun = perf_counter()
        call(len(times))
        times.append(perf_counter() - begun)
    used = clock.read()
    return {
        **used,
        "rate": len(times) / sum(times),
        "count": len(times),
        "p50": percentile(times, 0.50) * 1_000,
        "p99": percentile(times, 0.99) * 1_000,
    }


class _Group:
    """What the callers of one load share."""

    def __init__(self, count: int) -> None:
        self.ready = Barrier(count + 1)
        self.stop = Event()
        self.calls: list[list[tuple[float, float]]] = [[] for _ in range(count)]
        self.errors: list[BaseException] = []

    def run(self, number: int, start: Callable[[int], Callable[[int], object]]) -> None:
        calls = self.calls[number]
        try:
            call = start(number)
            self.ready.wait()
            index = 0
            while not self.stop.is_set():
                begun = perf_counter()
                call(index)
                calls.append((begun, perf_counter() - begun))
                index += 1
        except BaseException as error:  # noqa: BLE001
            self.errors.append(error)
            self.ready.abort()
            self.stop.set()


class _Clock:
    """Seconds from now on, and how many cores were busy meanwhile: with this process, and with everything."""

    def __init__(self) -> None:
        self.begun, self._own, self._all = perf_counter(), _own_seconds(), _all_seconds()

    def read(self) -> dict[str, float | None]:
        """Until now."""
        seconds = perf_counter() - self.begun
        everything = _all_seconds()
        busy = None if everything is None or self._all is None else (everything - self._all) / seconds
        return {"seconds": seconds, "cores": (_own_seconds() - self._own) / seconds, "all_cores": busy}


def _own_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _all_seconds() -> float | None:
    """Seconds that all cores together have worked since the machine started; None where that cannot be told."""
    try:
        counts = [int(count) for count in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    except OSError:
        return None
    user, nice, system, _, _, interrupt, soft_interrupt, stolen = counts
    return (user + nice + system + interrupt + soft_interrupt + stolen) / os.sysconf("SC_CLK_TCK")
