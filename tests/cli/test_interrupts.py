"""Ctrl-C, as a terminal sends it: to the program and to all that it started."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from service.db import connect
from tests.cli.conftest import Program, Run

Start = Callable[..., Program]
WAITING = """
    SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE NOT l.granted AND d.datname = current_database()
"""


def interrupted(program: Program) -> list[str]:
    """What a program says that is interrupted, line by line."""
    os.killpg(program.process.pid, signal.SIGINT)
    assert program.process.wait(30) == 130
    return program.log.read_text().splitlines()


def children(program: Program) -> list[Path]:
    """What the system says of the processes that a program started."""
    process = Path(f"/proc/{program.process.pid}/task/{program.process.pid}/children")
    return [Path(f"/proc/{child}") for child in process.read_text().split()]


def hears_ctrl_c(worker: Path) -> bool:
    """Whether a worker has come so far that it would not just end."""
    with suppress(OSError):
        caught = re.search(r"^SigCgt:\s*(\w+)$", (worker / "status").read_text(), re.MULTILINE)
        is_worker = b"spawn_main" in (worker / "cmdline").read_bytes()
        return is_worker and caught is not None and bool(int(caught[1], 16) & 1 << signal.SIGINT - 1)
    return False


@pytest.mark.slow
def test_a_rebuild_says_that_the_same_command_goes_on(start: Start, run: Run, sample_url: str) -> None:
    program = start("project", "rebuild", "--workers", "2", DATABASE_URL=sample_url)
    while "loading" not in program.log.read_text():
        assert program.process.poll() is None
    said = interrupted(program)
    assert said[-1] == "frenemies: Interrupted: readers go on with the live tables. The same command goes on."
    assert all(line.startswith("frenemies: rebuild of index: ") for line in said[:-1]), said
    assert run("project", "rebuild", "--workers", "1", DATABASE_URL=sample_url).exit_code == 0


@pytest.mark.slow
def test_a_worker_of_a_rebuild_does_not_hear_of_it_while_it_starts(start: Start, sample_url: str) -> None:
    program = start("project", "rebuild", "--workers", "1", DATABASE_URL=sample_url)
    while not (workers := [child for child in children(program) if hears_ctrl_c(child)]):
        assert program.process.poll() is None
    os.kill(int(workers[0].name), signal.SIGINT)
    assert program.process.wait(30) == 0, program.log.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("export",), ("verify",), ("project", "verify")])
def test_a_command_that_reads_ends_with_one_line(start: Start, sample_url: str, arguments: tuple[str, ...]) -> None:
    with connect(sample_url) as holding, holding.transaction():
        holding.execute("LOCK TABLE log.events IN ACCESS EXCLUSIVE MODE")
        # Otherwise the lock is given up after two seconds, which a busy machine may take until here.
        program = start(*arguments, DATABASE_URL=sample_url, FRENEMIES_LOCK_TIMEOUT="60")
        with connect(sample_url) as looking:
            while looking.execute(WAITING).fetchone() == (0,):
                assert program.process.poll() is None, program.log.read_text()
        said = [line for line in interrupted(program) if "trusting the keys" not in line]
    assert said == ["frenemies: Interrupted."]
