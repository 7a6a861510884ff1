"""An import that is killed and run again equals one clean import."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from service.db import Connection, connect
from service.transfer.lines import Lines
from tests.conftest import Servers
from tests.transferred import entity, exported, imported, log_of, many, same_authors, write

ROOT = Path(__file__).parents[3]
# Batches small enough that a short file has many of them.
PROGRAM = (
    "from service.transfer import running, lines;"
    "running.ONE_APPEND = 60; running.USUAL = lines.Size(25, 1_000_000);"
    "from service.cli import main; main()"
)
LONGEST = 60


class Killed:
    """Runs one import again and again, killing it now and then."""

    def __init__(self, url: str, arguments: list[str], seed: int) -> None:
        self.url = url
        self._arguments = arguments
        self._random = random.Random(seed)
        self.continued = 0

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "import", *self._arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": self.url},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def kill_while_it_records(self) -> None:
        """Kills it somewhere behind a random number of further batches."""
        self._kill_after(self._random.randrange(1, 4), LONGEST)

    def kill_at_once(self) -> None:
        """Kills it after a random time, which most often ends before it records anything."""
        self._kill_after(1, self._random.uniform(0.2, 1.2))

    def _kill_after(self, batches: int, seconds: float) -> None:
        """Kills it as soon as it recorded so many batches or ran for so long: a fast machine must not let it end."""
        wanted = self.batches() + batches
        process = self.start()
        latest = time.monotonic() + seconds
        with connect(self.url) as connection:
            while process.poll() is None and time.monotonic() < latest and count_of_batches(connection) < wanted:
                pass
        process.kill()
        _, told = process.communicate(timeout=LONGEST)
        self.continued += b"continuing import" in told

    def finish(self) -> int:
        """Lets it run to its end, and gives its exit code."""
        process = self.start()
        _, told = process.communicate(timeout=LONGEST)
        self.continued += b"continuing import" in told
        return process.returncode

    def batches(self) -> int:
        with connect(self.url) as connection:
            return count_of_batches(connection)


def count_of_batches(connection: Connection) -> int:
    row = connection.execute("SELECT count(*) FROM log.import_batches").fetchone()
    assert row is not None
    return int(row[0])


def with_seals(servers: Servers, folder: Path) -> Lines:
    """An export: authors are sealed at the beginning and needed to the end, and one of them was erased."""
    source = servers.migrated(18)
    imported(source, write(folder / "source.ndjson", many(2_000)))
    with connect(source) as connection:
        connection.execute("DELETE FROM log.texts WHERE content = 'Writer 3'")
    lines = exported(source, folder / "many.ndjson")
    servers.drop(source)
    return lines


def equals_one_clean_import(servers: Servers, folder: Path, times: int) -> None:
    lines = with_seals(servers, folder)
    clean, url = servers.migrated(18), servers.migrated(18)
    assert imported(clean, lines).counts.refused == 0
    killed = Killed(url, [lines.name], times)
    for number in range(times):
        killed.kill_at_once() if number % 4 == 3 else killed.kill_while_it_records()
    assert killed.finish() == 0
    assert killed.continued > 0
    assert same_authors(url) == same_authors(clean)
    with connect(url) as connection:
        (state,) = connection.execute("SELECT state FROM log.imports").fetchall()
    assert state == ("finished",)
    for database in (clean, url):
        servers.drop(database)


@pytest.mark.case(number=77)
@pytest.mark.slow
def test_an_import_killed_at_random_points_and_rerun_equals_one_clean_import(servers: Servers, tmp_path: Path) -> None:
    equals_one_clean_import(servers, tmp_path, 6)


@pytest.mark.soak
def test_an_import_killed_twenty_times_and_rerun_equals_one_clean_import(servers: Servers, tmp_path: Path) -> None:
    equals_one_clean_import(servers, tmp_path, 20)


@pytest.mark.case(number=77)
@pytest.mark.slow
def test_rejects_are_complete_and_told_once_though_the_import_was_killed(
    servers: Servers, database_url: str, tmp_path: Path
) -> None:
    records = many(1_500)
    for number in range(0, len(records), 40):
        records.insert(number, entity(f"bad-{number}", kind="compny"))
    lines = write(tmp_path / "many.ndjson", records)
    rejects = tmp_path / "rejects.ndjson"
    bad = [number for number, record in enumerate(records, 1) if record.get("kind") == "compny"]
    killed = Killed(database_url, [lines.name, "--rejects", str(rejects)], 1)
    for _ in range(3):
        killed.kill_while_it_records()
    assert killed.finish() == 3
    assert killed.continued > 0
    assert [json.loads(line)["line"] for line in rejects.read_text().splitlines()] == bad
    clean = servers.migrated(18)
    good = [record for record in records if record.get("kind") != "compny"]
    imported(clean, write(tmp_path / "good.ndjson", good))
    assert log_of(database_url) == log_of(clean)
    servers.drop(clean)
