"""`frenemies demo`: everything on the embedded PostgreSQL, as a program."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from service.cli.demo import what_to_try
from tests.cli.conftest import PROGRAM, ROOT, Program
from tests.cli.test_serve import get

Start = Callable[..., Program]


def runs(data: Path) -> bool:
    """Whether a PostgreSQL runs in a data folder."""
    return (data / "postgres" / "postmaster.pid").exists()


@pytest.mark.slow
def test_it_loads_the_sample_serves_it_and_leaves_nothing_running(start: Start, data_folder: Path) -> None:
    program = start("demo", "--port", "0", "--data", str(data_folder))
    assert program.line_with("The sample").endswith("259 recorded, 0 already there.\n")
    base = program.line_with("the page").split()[-1].rstrip("/")
    command = ["state", *program.line_with("a state").rpartition(" state ")[2].split()]
    assert command == ["state", "red-hat", "--as-of", "2014-11-04", "--url", base]

    assert get(base, "/readyz")[0] == 200
    status, page = get(base, "/")
    assert (status, b"<html" in page) == (200, True)
    asked = subprocess.run(
        [sys.executable, "-c", PROGRAM, *command],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (asked.returncode, asked.stdout[:7]) == (0, "Red Hat")

    assert program.end() == 0
    assert not runs(data_folder)


@pytest.mark.slow
def test_a_second_start_finds_the_data(start: Start, data_folder: Path) -> None:
    first = start("demo", "--no-serve", "--data", str(data_folder))
    assert first.line_with("The sample").endswith("259 recorded, 0 already there.\n")
    assert first.process.wait(60) == 0
    second = start("demo", "--no-serve", "--data", str(data_folder))
    assert second.line_with("The sample").endswith("0 recorded, 259 already there.\n")
    assert second.process.wait(60) == 0
    assert not runs(data_folder)


@pytest.mark.slow
def test_a_port_that_is_taken_and_was_asked_for_is_named(start: Start, data_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        asked_for = start("demo", "--data", str(data_folder), "--port", port)
        assert asked_for.process.wait(60) == 4
        assert port in asked_for.log.read_text()


@pytest.mark.slow
def test_commands_read_the_data_of_a_demo_that_runs(start: Start, data_folder: Path) -> None:
    program = start("demo", "--port", "0", "--data", str(data_folder))
    program.line_with("Ctrl-C")
    asked = start("state", "red-hat", "--as-of", "2014-11-04", FRENEMIES_DATA=str(data_folder))
    assert asked.line_with("Red Hat").startswith("Red Hat  company red-hat")
    assert asked.process.wait(60) == 0
    assert runs(data_folder)
    assert program.end() == 0


def test_what_to_try_can_be_pasted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "a b" / "frenemies")])
    said = what_to_try("http://127.0.0.1:8001", tmp_path, has_key=True)
    line = next(line for line in said.splitlines() if "a state" in line)
    assert shlex.split(line)[2:4] == [str(tmp_path / "a b" / "frenemies"), "state"]
    assert 'curl -H "Authorization: Bearer $FRENEMIES_ADMIN_KEY"' in said
