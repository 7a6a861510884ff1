"""Programs that a benchmark runs and waits for, each in a process group of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.model import NotMeasured
from benchmarks.peers import ROOT
from benchmarks.servers import end


def run(command: list[str], more: Mapping[str, str], seconds: float) -> str:
    """The output of a program that has to end well and in time, else NotMeasured with its last words."""
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **more}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        said, complaint = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise NotMeasured(f"it took more than {seconds:.0f} s") from None
    finally:
        end(process)
    if process.returncode != 0:
        raise NotMeasured((complaint.strip() or said.strip() or "it failed without a word").splitlines()[-1])
    return said


def contestant(python: Path, program: str, task: str, parameters: Mapping[str, Any]) -> list[str]:
    """The command that has a contestant do a task."""
    return [str(python), "-m", f"benchmarks.contestants.{program}", task, json.dumps(parameters)]


def answer(said: str) -> Any:
    """What a contestant answered."""
    return json.loads(said.splitlines()[-1])


@contextmanager
def kept_to(cores: Collection[int]) -> Iterator[None]:
    """What this thread starts during the block stays on these cores, with all that it starts in turn."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
