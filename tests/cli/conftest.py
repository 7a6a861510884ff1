"""The command line as its users meet it: in this process where that is enough, else as a program."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from service.bootstrap import build, projections
from service.cli import cli
from service.cli.demo import load_sample
from service.db import connect
from service.settings import Settings
from tests.conftest import ACCOUNT, Servers

ROOT = Path(__file__).parents[2]
OUTSIDE = ("DATABASE_URL", "MIGRATE_URL", "READ_DATABASE_URL", "FORCE_COLOR", "COLUMNS")
# As root the embedded server runs as an account that every machine has, so that none is made for a test.
PROGRAM = (
    "from service.embedded import EmbeddedServer;"
    f"EmbeddedServer.__init__.__kwdefaults__['account'] = {ACCOUNT!r};"
    "from service.cli import main; main()"
)
LONGEST = 60
PASSING = {"FRENEMIES_ALLOW_LOSS": "true"}
"""The servers of the tests do not wait for the disk."""

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the developer's own, and no folder of theirs."""
    for name in list(os.environ):
        if name.startswith("FRENEMIES_") or name in OUTSIDE:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr("service.serve.database.default_data_folder", lambda: tmp_path / "data")


@pytest.fixture
def run() -> Run:
    """Runs a command in this process."""

    def run_command(*arguments: str, input: str | bytes | None = None, **environment: str) -> Result:
        return CliRunner().invoke(cli, arguments, input=input, env=PASSING | environment, prog_name="frenemies")

    return run_command


@pytest.fixture
def on_database(run: Run, database_url: str) -> Run:
    """Runs a command in this process, on a database of the test."""

    def run_command(*arguments: str, **more: Any) -> Result:
        return run(*arguments, DATABASE_URL=database_url, **more)

    return run_command


@pytest.fixture(scope="session")
def sample_template(servers: Servers) -> str:
    """A database that holds the sample, to be copied."""
    url = servers.migrated(18)
    load_sample(Settings(), url)
    return url


@pytest.fixture
def sample_url(servers: Servers, sample_template: str) -> Iterator[str]:
    """A database of the test's own that holds the sample."""
    url = servers.copy(sample_template)
    yield url
    servers.drop(url)


@pytest.fixture
def on_sample(run: Run, sample_url: str) -> Run:
    """Runs a command in this process, on the sample."""

    def run_command(*arguments: str, **more: Any) -> Result:
        return run(*arguments, DATABASE_URL=sample_url, **more)

    return run_command


@pytest.fixture
def service_at(sample_url: str) -> Iterator[Callable[[Settings], str]]:
    """Serves the sample over HTTP from this process, and gives the address."""
    from service.app import create_app
    from tests.serving import serving

    with ExitStack() as keep:

        def serve(settings: Settings) -> str:
            services = build(settings, sample_url)
            keep.callback(services.close)
            app = create_app(services.timeline, settings, subscriptions=services.subscriptions, keys=services.keys)
            return keep.enter_context(serving(app))

        yield serve


class Program:
    """The program, running beside the test in a process group of its own."""

    def __init__(self, arguments: tuple[str, ...], environment: Mapping[str, str], log: Path, before: str = "") -> None:
        """`before`: Python that it runs first."""
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", before + PROGRAM, *arguments],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT), **PASSING, **environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=output,
                start_new_session=True,
            )

    def line_with(self, text: str) -> str:
        """The next line of its output that holds a text."""
        assert self.process.stdout is not None
        for raw in self.process.stdout:
            line = raw.decode()
            if text in line:
                return line
        self.process.wait(LONGEST)
        raise AssertionError(f"it ended with {self.process.returncode}:\n{self.log.read_text()}")

    def end(self, number: int = signal.SIGTERM) -> int:
        """Ends it by a signal, and gives its exit code."""
        self.process.send_signal(number)
        return self.process.wait(LONGEST)

    def children(self) -> dict[str, int]:
        """The processes that it started last, by name."""
        started = [json.loads(line) for line in self.log.read_text().splitlines() if '"started"' in line]
        return {line["child"]: line["pid"] for line in started}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Starts the program, and makes sure that it has ended with the test."""
    started: list[Program] = []

    def start_program(*arguments: str, before: str = "", **environment: str) -> Program:
        started.append(Program(arguments, environment, tmp_path / f"stderr-{len(started)}.log", before))
        return started[-1]

    yield start_program
    for program in started:
        if program.process.poll() is None:
            program.process.kill()
            program.process.wait(LONGEST)
        if program.process.stdout is not None:
            program.process.stdout.close()


@contextmanager
def projected(url: str) -> Iterator[None]:
    """Has the read tables take in everything."""
    with projections(Settings(), url) as projectors:
        projectors.catch_up()
    yield


def count_events(url: str) -> int:
    """How many events the log has."""
    with connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM log.events").fetchone()
    assert row is not None
    return int(row[0])
