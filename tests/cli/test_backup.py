"""`frenemies backup` and `frenemies restore`: what they say, how they end, and the drill as an operator does it."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx2
import pytest

from service.cli import backup as backup_command
from service.db import connect
from tests.cli.conftest import LONGEST, PROGRAM, ROOT, Program, Run, count_events
from tests.cli.test_serve import get, ready, wait_until
from tests.cli.test_verify import KEY, change, note

__all__ = ["note"]
SMALL = ("--port", "0", "--feed-port", "0", "--metrics-port", "0", "--workers", "1")


@pytest.fixture
def backup(on_sample: Run, note: Path, tmp_path: Path) -> Path:
    """A backup of the sample, whose last event tells of a checkpoint."""
    path = tmp_path / "backup.zip"
    result = on_sample("backup", str(path))
    assert result.exit_code == 0, result.output
    return path


def epoch_of(url: str) -> str:
    with connect(url) as connection:
        row = connection.execute("SELECT epoch FROM log.epoch").fetchone()
    assert row is not None
    return str(row[0])


def test_a_backup_says_what_it_is_of_and_only_its_owner_reads_it(
    on_sample: Run, sample_url: str, tmp_path: Path
) -> None:
    result = on_sample("backup", str(tmp_path / "backup.zip"))
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"{count_events(sample_url):,} events of {epoch_of(sample_url)}" in result.stderr
    assert stat.S_IMODE((tmp_path / "backup.zip").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["backup.zip"]


def test_a_backup_to_standard_output_is_the_same(
    on_sample: Run, run: Run, note: Path, tmp_path: Path, empty_database_url: str
) -> None:
    result = on_sample("backup", "-")
    assert result.exit_code == 0
    (tmp_path / "piped.zip").write_bytes(result.stdout_bytes)
    restored = run("restore", str(tmp_path / "piped.zip"), DATABASE_URL=empty_database_url)
    assert restored.exit_code == 0, restored.output


def test_a_damaged_log_is_told_and_no_file_is_written(
    on_sample: Run, sample_url: str, note: Path, tmp_path: Path
) -> None:
    change(sample_url, "UPDATE log.events SET topic = 'Changed.v1' WHERE position = 5")
    kept = {path.name for path in tmp_path.iterdir()}
    result = on_sample("backup", str(tmp_path / "backup.zip"))
    assert result.exit_code == 3
    assert "Position 5: the event is not the one of the checkpoint" in result.stderr
    assert {path.name for path in tmp_path.iterdir()} == kept
    assert on_sample("backup", str(tmp_path / "backup.zip"), "--unverified").exit_code == 0


def test_a_file_that_is_there_is_kept_unless_it_is_said_otherwise(
    on_sample: Run, sample_url: str, backup: Path
) -> None:
    kept = backup.read_bytes()
    result = on_sample("backup", str(backup))
    assert (result.exit_code, backup.read_bytes()) == (3, kept)
    assert "is there already: name another file, or say --force." in result.stderr
    assert on_sample("backup", str(backup), "--force").exit_code == 0
    assert backup.read_bytes() != kept


def test_a_file_that_appears_meanwhile_is_kept(
    on_sample: Run, note: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, kept = tmp_path / "new" / "backup.zip", b"of somebody who was quicker"
    path.parent.mkdir()
    monkeypatch.setattr(backup_command, "version", lambda _: path.write_bytes(kept) and "1")
    result = on_sample("backup", str(path))
    assert (result.exit_code, path.read_bytes()) == (3, kept)
    assert [one.name for one in path.parent.iterdir()] == ["backup.zip"]


def test_a_name_that_is_no_name_ends_with_4(on_sample: Run, tmp_path: Path) -> None:
    assert on_sample("backup", str(tmp_path / ("x" * 300))).exit_code == 4


def test_a_place_that_cannot_be_written_ends_with_4(on_sample: Run, tmp_path: Path) -> None:
    result = on_sample("backup", str(tmp_path / "missing" / "backup.zip"))
    assert result.exit_code == 4
    assert "cannot be written" in result.stderr


def test_a_restore_tells_of_the_new_log(run: Run, backup: Path, sample_url: str, empty_database_url: str) -> None:
    result = run("restore", str(backup), "--by", "ann", DATABASE_URL=empty_database_url)
    count = count_events(sample_url)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        f"{count:,} events are restored and whole; {count - 1:,} of them are under a checkpoint.",
        f"The log is {epoch_of(empty_database_url)} from now on, and was {epoch_of(sample_url)}:"
        " readers have to begin again.",
    ]
    verified = run("verify", DATABASE_URL=empty_database_url)
    assert verified.exit_code == 0, verified.output
    assert f"up to position {count:,}; until then the log {epoch_of(sample_url)}." in verified.stdout


@pytest.mark.parametrize("as_text", [True, False])
def test_a_restore_with_the_newest_checkpoint_is_the_same_log(
    run: Run, backup: Path, note: Path, sample_url: str, empty_database_url: str, as_text: bool
) -> None:
    given = note.read_text() if as_text else str(note)
    result = run("restore", str(backup), "--checkpoint", given, "--key", KEY, DATABASE_URL=empty_database_url)
    assert result.exit_code == 0, result.output
    assert f"the log is still {epoch_of(sample_url)}" in result.stdout
    assert "still the same log" in run("verify", DATABASE_URL=empty_database_url).stdout


def test_lost_history_is_told(
    run: Run, on_sample: Run, note: Path, sample_url: str, empty_database_url: str, tmp_path: Path
) -> None:
    """The backup is older than the checkpoint that somebody has kept."""
    count = count_events(sample_url) - 2
    change(sample_url, f"DELETE FROM log.events WHERE position > {count}")
    change(sample_url, "UPDATE log.tree SET size = 0")
    change(sample_url, "ALTER TABLE log.checkpoints DISABLE TRIGGER ALL; DELETE FROM log.checkpoints")
    change(sample_url, "DELETE FROM log.tree_edge; ALTER TABLE log.tiles DISABLE TRIGGER ALL; DELETE FROM log.tiles")
    assert on_sample("backup", str(tmp_path / "old.zip")).exit_code == 0
    old = str(tmp_path / "old.zip")
    result = run("restore", old, "--checkpoint", str(note), "--key", KEY, DATABASE_URL=empty_database_url)
    assert result.exit_code == 0, result.output
    assert f"History lost after position {count}: the log told of the checkpoint of {count + 1} later." in result.stdout


def test_a_file_that_is_cut_off_ends_with_3_and_writes_nothing(run: Run, backup: Path, empty_database_url: str) -> None:
    backup.write_bytes(backup.read_bytes()[:-100])
    result = run("restore", str(backup), DATABASE_URL=empty_database_url)
    assert result.exit_code == 3
    assert "no backup, or it is damaged" in result.stderr
    assert run("verify", DATABASE_URL=empty_database_url).exit_code == 4


def test_a_database_with_a_log_is_left_alone(on_sample: Run, backup: Path, sample_url: str) -> None:
    count, epoch = count_events(sample_url), epoch_of(sample_url)
    result = on_sample("restore", str(backup))
    assert result.exit_code == 3
    assert f"This one holds a log of {count:,} events" in result.stderr
    assert (count_events(sample_url), epoch_of(sample_url)) == (count, epoch)


@pytest.mark.parametrize(
    "arguments",
    [[], ["FILE", "--recovered"], ["FILE", "--checkpoint", "nowhere.txt"], ["FILE", "--key", "x"], ["missing.zip"]],
    ids=["nothing", "both", "no checkpoint", "no key", "no file"],
)
def test_a_restore_that_is_wrongly_used_ends_with_2(
    on_sample: Run, backup: Path, sample_url: str, arguments: list[str]
) -> None:
    epoch = epoch_of(sample_url)
    given = [str(backup) if argument == "FILE" else argument for argument in arguments]
    assert on_sample("restore", *given).exit_code == 2
    assert epoch_of(sample_url) == epoch


def test_what_the_server_has_recovered_gets_another_identity(on_sample: Run, sample_url: str, note: Path) -> None:
    epoch, count = epoch_of(sample_url), count_events(sample_url)
    result = on_sample("restore", "--recovered")
    assert result.exit_code == 0, result.output
    assert f"and was {epoch}: readers have to begin again." in result.stdout
    assert count_events(sample_url) == count
    same = on_sample("restore", "--recovered", "--checkpoint", str(note), "--key", KEY)
    assert "readers go on" in same.stdout
    told = on_sample("verify").stdout
    assert told.count("by the server of its database") == 2


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the program to its end."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=LONGEST, check=False,
    )  # fmt: skip


def record(base: str, number: int) -> int:
    """Registers one more company; the position of that."""
    body = {"kind": "company", "name": f"Company {number}"}
    answer = httpx2.put(f"{base}/v1/entities/company-{number}", json=body, timeout=LONGEST)
    return int(answer.json()["position"])


def answers(base: str, position: int) -> list[Any]:
    """What is answered about several things as of a position, without what names the log."""
    told = []
    for entity in ("red-hat", "vmware", "mirantis"):
        answer = json.loads(get(base, f"/v1/entities/{entity}/state?as_of=2014-11-04&recorded_by={position}")[1])
        told.append({name: value for name, value in answer.items() if name != "token"})
    return told


@pytest.mark.slow
def test_a_backup_that_nobody_takes_has_failed(sample_url: str) -> None:
    """A script must not think that it has one."""
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "backup", "-", "--database-url", sample_url],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert program.stdout is not None
    program.stdout.close()
    assert program.wait(LONGEST) == 4
    assert program.stderr is not None
    with program.stderr as said:
        assert "gone before its end" in said.read()


@pytest.mark.slow
def test_the_drill(start: Callable[..., Program], data_folder: Path, tmp_path: Path) -> None:
    """A backup while two write; all is lost; what was backed up is served elsewhere, and everybody is told."""
    first, second, file = str(data_folder / "first"), str(data_folder / "second"), str(tmp_path / "backup.zip")
    assert command("import", "service/sample/five_articles.ndjson", "--data", first).returncode == 0
    program = start("serve", *SMALL, "--data", first)
    base, enough, stop = ready(program), Event(), Event()

    def write(numbers: range) -> None:
        for number in numbers:
            if record(base, number) and number % 1_000 == 10:
                enough.set()
            if stop.is_set():
                return

    writers = [Thread(target=write, args=(range(start, start + 900),)) for start in (1_000, 2_000)]
    for writer in writers:
        writer.start()
    assert enough.wait(LONGEST)
    made = command("backup", file, "--data", first)
    stop.set()
    for writer in writers:
        writer.join()
    assert made.returncode == 0, made.stderr
    position = int(made.stderr.split(" events of ")[0].rsplit("\n", 1)[-1].replace(",", ""))
    head = record(base, 3_000)
    assert 259 < position < head
    wait_until(lambda: json.loads(get(base, "/readyz")[1]).get("position") == head)
    before = answers(base, position)
    seen = json.loads(get(base, "/v1/feed?limit=200&since=2026-01-01T00:00:00Z&entity=company-3000")[1])
    program.process.kill()
    program.process.wait(LONGEST)

    done = command("restore", file, "--data", second)
    assert done.returncode == 0, done.stderr
    assert f"{position:,} events are restored and whole" in done.stdout
    program = start("serve", *SMALL, "--data", second)
    base = ready(program)
    wait_until(lambda: json.loads(get(base, "/readyz")[1]).get("position", 0) >= position)
    assert answers(base, position) == before
    assert get(base, "/v1/entities/company-3000")[0] == 404
    status, body = get(base, f"/v1/feed?lastEventId={seen[-1]['id']}")
    assert (status, json.loads(body)["resync"]) == (410, "/v1/feed")
    assert record(base, 4_000) > position
    assert json.loads(get(base, "/v1/log/restores")[1])["restores"][0]["position"] == position
    verified = command("verify", "--data", second)
    assert verified.returncode == 0, verified.stderr
    assert f"up to position {position:,}" in verified.stdout
    assert program.end() == 0
