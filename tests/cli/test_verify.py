"""`frenemies verify`: what it says, and how it ends."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from service.bootstrap import log_keeper
from service.db import connect
from service.settings import Settings
from service.tree.keys import FILE
from service.tree.notes import Checkpoint, Signer, VerifierKey
from tests.cli.conftest import Program, Run, count_events
from tests.cli.test_serve import get, ready, wait_until

SIGNER = Signer("example.org/log", bytes(range(32)))
KEY = str(SIGNER.verifier)
SIGNING = Settings(log_key=SIGNER.secret(), log_origin="example.org/log")


@pytest.fixture
def note(sample_url: str, tmp_path: Path) -> Path:
    """A checkpoint of the sample, kept in a file."""
    with log_keeper(SIGNING, sample_url) as (keeper, _):
        keeper.introduce()
        keeper.catch_up()
        made = keeper.sign()
        keeper.catch_up()
    assert made is not None
    path = tmp_path / "checkpoint.txt"
    path.write_text(made.note, encoding="utf-8")
    return path


def change(url: str, statement: str) -> None:
    with connect(url) as superuser:
        superuser.execute("ALTER TABLE log.events DISABLE TRIGGER ALL")
        superuser.execute(statement.encode())


def test_a_whole_log_ends_with_0(on_sample: Run, sample_url: str, note: Path) -> None:
    count = count_events(sample_url)
    result = on_sample("verify", "--from", str(note), "--key", KEY)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        f"{count:,} events are whole, {count:,} of them are in the tree.",
        f"1 checkpoint is right; the last one vouches for {count - 1:,} events.",
    ]
    assert result.stderr == ""


def test_it_says_whose_keys_it_trusts(on_sample: Run, note: Path) -> None:
    result = on_sample("verify")
    assert result.exit_code == 0, result.output
    assert KEY in result.stderr
    assert "--key" in result.stderr


def test_a_changed_event_ends_with_3_and_is_named(on_sample: Run, sample_url: str, note: Path) -> None:
    change(sample_url, "UPDATE log.events SET state = set_byte(state, 9, get_byte(state, 9) # 1) WHERE position = 200")
    result = on_sample("verify", "--key", KEY)
    assert result.exit_code == 3
    assert result.stderr.startswith("frenemies: position 200: the event is not the one of the checkpoint of ")


def test_a_log_that_was_cut_off_ends_with_3(on_sample: Run, sample_url: str, note: Path) -> None:
    covered = count_events(sample_url) - 1
    change(sample_url, "DELETE FROM log.events WHERE position > 150")
    result = on_sample("verify", "--from", str(note), "--key", KEY)
    assert result.exit_code == 3
    assert result.stderr == f"frenemies: position 151: the log ends at 150, the given checkpoint covers {covered}\n"


def test_a_damaged_edge_of_the_tree_ends_with_3(on_sample: Run, sample_url: str, note: Path) -> None:
    change(sample_url, "UPDATE log.tree_edge SET hashes = ''")
    result = on_sample("verify")
    assert result.exit_code == 3
    assert "the edge does not fit a tree" in result.stderr


def test_a_forged_checkpoint_is_refused(on_sample: Run, note: Path) -> None:
    note.write_text(note.read_text().replace("\n—", "x\n—", 1))
    result = on_sample("verify", "--from", str(note), "--key", KEY)
    assert result.exit_code == 3
    assert f"frenemies: {note}: This is not a valid checkpoint." in result.stderr


def test_a_checkpoint_that_another_key_signed_is_refused(on_sample: Run, note: Path) -> None:
    note.write_text(Signer("mallory", bytes(32)).sign(Checkpoint("example.org/log", 1, bytes(32))))
    result = on_sample("verify", "--from", str(note), "--key", KEY)
    assert result.exit_code == 3
    assert "signed by mallory" in result.stderr


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"x" * 100_000])
def test_a_file_that_is_no_checkpoint_is_refused(on_sample: Run, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    assert on_sample("verify", "--from", str(path)).exit_code == 3


def test_what_is_no_key_is_wrong_usage(on_sample: Run) -> None:
    result = on_sample("verify", "--key", "abc")
    assert result.exit_code == 2
    assert "'abc': A verifier key is" in result.stderr


def test_a_file_that_is_not_there_is_wrong_usage(on_sample: Run) -> None:
    assert on_sample("verify", "--from", "nowhere.txt").exit_code == 2


def test_with_a_key_a_log_without_checkpoints_is_not_taken_for_whole(on_sample: Run) -> None:
    result = on_sample("verify", "--key", KEY)
    assert result.exit_code == 3
    assert "no checkpoint of this log is signed with the given key" in result.stderr


def test_without_checkpoints_it_says_that_nothing_vouches(on_sample: Run) -> None:
    result = on_sample("verify")
    assert result.exit_code == 0
    assert "No checkpoint vouches for them" in result.stdout


def test_a_database_without_the_schema_is_unavailable(run: Run, empty_database_url: str) -> None:
    assert run("verify", DATABASE_URL=empty_database_url).exit_code == 4


def test_a_new_key_is_written_with_its_verifier_key() -> None:
    command = [sys.executable, "-m", "service.tree.keys", "example.org/log"]
    secret, verifier = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert str(Signer.parse(secret).verifier) == verifier


# as a whole


def import_entity(run: Run, name: str, **place: str) -> None:
    entity = {"record": "entity", "id": name, "kind": "company", "name": name}
    result = run("import", "-", input=json.dumps(entity), **place)
    assert result.exit_code == 0, result.output


@pytest.mark.slow
def test_a_service_keeps_the_tree_and_signs_with_the_key_that_is_set(
    start: Callable[..., Program], run: Run, empty_database_url: str
) -> None:
    place = {"DATABASE_URL": empty_database_url, "FRENEMIES_LOG_KEY": SIGNER.secret()}
    program = start("serve", "--port", "0", FRENEMIES_LOG_ORIGIN="example.org/log", **place)
    base = ready(program)
    import_entity(run, "alpha", **place)
    wait_until(lambda: get(base, "/v1/log/checkpoint")[0] == 200)
    note = get(base, "/v1/log/checkpoint")[1].decode()
    assert note.startswith("example.org/log\n1\n")
    assert json.loads(get(base, "/v1/log/keys")[1])["keys"] == [{"key": KEY, "from_size": 1}]
    web = Path(f"/proc/{program.children()['web']}/environ")
    assert SIGNER.secret().encode() not in web.read_bytes()
    assert program.end() == 0
    assert run("verify", "--key", KEY, **place).exit_code == 0


@pytest.mark.slow
def test_with_its_own_server_a_service_makes_a_key_and_keeps_it(
    start: Callable[..., Program], run: Run, data_folder: Path
) -> None:
    place = {"FRENEMIES_DATA": str(data_folder)}
    program = start("serve", "--port", "0", **place)
    base = ready(program)
    wait_until(lambda: b"frenemies-log/" in get(base, "/v1/log/keys")[1])
    told = json.loads(get(base, "/v1/log/keys")[1])
    assert program.end() == 0
    path = data_folder / FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_uid == os.geteuid()
    key = Signer.parse(path.read_text()).verifier
    assert told["keys"] == [{"key": str(key), "from_size": None}]
    assert VerifierKey.parse(told["keys"][0]["key"]).name == told["origin"]


@pytest.mark.slow
def test_without_a_key_a_service_says_so(start: Callable[..., Program], empty_database_url: str) -> None:
    program = start("serve", "--port", "0", DATABASE_URL=empty_database_url)
    base = ready(program)
    wait_until(lambda: "checkpoints of the log are not signed" in program.log.read_text())
    status, body = get(base, "/v1/log/checkpoint")
    assert status == 404
    assert "FRENEMIES_LOG_KEY" in json.loads(body)["detail"]


def test_a_key_that_is_none_is_told_before_the_database_is_touched(run: Run) -> None:
    nowhere = "postgresql://nobody@/nothing?host=/nonexistent"
    result = run("serve", "--port", "0", DATABASE_URL=nowhere, FRENEMIES_LOG_KEY="abc")
    assert result.exit_code == 2, result.output
    assert "FRENEMIES_LOG_KEY" in result.stderr


def test_a_snapshot_that_is_not_what_its_events_come_to_ends_with_3(
    on_sample: Run, sample_url: str, note: Path
) -> None:
    with connect(sample_url) as superuser:
        superuser.execute(
            "INSERT INTO log.snapshots SELECT stream, version, position, 1, '{}', sha256('{}') FROM log.events"
            " WHERE stream LIKE 'claim-%' LIMIT 1"
        )
    result = on_sample("verify", "--key", KEY)
    assert result.exit_code == 3
    assert "frenemies: the snapshot of claim-" in result.stderr
    assert "at version 1 is not what its events come to" in result.stderr
