"""`frenemies import --rejects`, and what an import tells of itself."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

from service.db import connect
from service.transfer.refusals import MOST_FAULTS
from tests.cli.conftest import ROOT, Run, count_events
from tests.transferred import article, claim, entity, many, write


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "records.ndjson"


@pytest.fixture
def rejects(tmp_path: Path) -> Path:
    return tmp_path / "rejects.ndjson"


def program_run(*arguments: str, stdin: IO[str] | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the program to its end."""
    return subprocess.run(
        [sys.executable, "-c", "from service.cli import main; main()", *arguments],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdin=stdin, capture_output=True, text=True, check=False,
    )  # fmt: skip


def told(rejects: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in rejects.read_text().splitlines()]


def test_what_is_good_is_recorded_and_the_rest_written_with_its_reasons(
    on_database: Run, database_url: str, file: Path, rejects: Path
) -> None:
    bad = entity("beta", kind="compny")
    write(file, [entity("alpha"), bad, entity("gamma")])
    with file.open("a") as more:
        more.write('{"record": \n[1]\n')
    result = on_database("import", str(file), "--rejects", str(rejects))
    assert (result.exit_code, result.stdout) == (3, f"{file}: 2 recorded, 0 already there, 3 refused\n")
    assert f"3 lines were refused; {rejects} holds them" in result.stderr
    first, second, third = told(rejects)
    assert (first["line"], first["pointer"], first["code"], first["record"]) == (2, "/kind", "invalid", bad)
    assert first["place"] == f"{file}:2:44"
    assert (second["line"], second["code"], second["record"]) == (4, "malformed-json", '{"record": ')
    assert (third["code"], third["record"]) == ("misshapen", "[1]")
    assert count_events(database_url) == 2


def test_a_line_that_depends_on_a_refused_one_is_refused_and_says_on_which(
    on_database: Run, file: Path, rejects: Path
) -> None:
    bad_article = article(1, published="2014-02-30")
    response = {"record": "response", "response": "deny", "target": "c-1", "by": "c-1"}
    write(file, [entity("a"), entity("b"), bad_article, claim(1, 1, "a", "b"), response, article(2)])
    result = on_database("import", str(file), "--rejects", str(rejects))
    assert "3 recorded, 0 already there, 3 refused" in result.stdout
    found = told(rejects)
    assert [(one["line"], one["code"], one["pointer"]) for one in found] == [
        (3, "invalid-date", "/published"),
        (4, "unknown-reference", "/article"),
        (5, "unknown-reference", "/target"),
    ]
    assert found[1]["detail"].endswith("line 3, which brings it, is refused")
    assert found[2]["detail"].endswith("line 4, which brings it, is refused")


def test_a_line_with_many_errors_is_told_once_with_the_first_of_them(
    on_database: Run, file: Path, rejects: Path
) -> None:
    bad = entity("alpha") | {f"field-{number}": 0 for number in range(2_000)}
    write(file, [bad, entity("beta", kind="compny")])
    result = on_database("import", str(file), "--rejects", str(rejects))
    assert result.stdout == f"{file}: 0 recorded, 0 already there, 2 refused\n"
    first, second = told(rejects)
    assert (first["record"], len(first["further"]), first["more"]) == (bad, MOST_FAULTS - 1, 2_000 - MOST_FAULTS)
    pointers = {one["pointer"] for one in (first, *first["further"])}
    assert len(pointers) == MOST_FAULTS and all(pointer.startswith("/field-") for pointer in pointers)
    assert set(first["further"][0]) == {"place", "pointer", "code", "detail"}
    assert (second["pointer"], second["further"], second["more"]) == ("/kind", [], 0)


@pytest.mark.parametrize("link", [None, Path.symlink_to, Path.hardlink_to])
def test_the_file_for_rejects_is_not_the_one_that_is_read(
    on_database: Run, file: Path, rejects: Path, link: Callable[[Path, Path], None] | None
) -> None:
    write(file, [entity("alpha"), entity("beta", kind="compny")])
    before = file.read_text()
    if link is not None:
        link(rejects, file)
    result = on_database("import", str(file), "--rejects", str(rejects if link else file))
    assert (result.exit_code, "is the file that is read" in result.stderr) == (2, True)
    assert file.read_text() == before


def test_the_file_for_rejects_is_not_standard_input(database_url: str, file: Path) -> None:
    write(file, [entity("alpha"), entity("beta", kind="compny")])
    before = file.read_text()
    with file.open() as lines:
        result = program_run("import", "-", "--rejects", str(file), stdin=lines, DATABASE_URL=database_url)
    assert (result.returncode, "is the file that is read" in result.stderr) == (2, True)
    assert file.read_text() == before


def test_a_refused_correction_leaves_nothing_behind(
    on_database: Run, database_url: str, file: Path, rejects: Path
) -> None:
    swap = [{"role": "partner", "entity": "a"}, {"role": "partner", "entity": "nobody"}]
    bad = {"record": "correction", "of": "c-1", "changes": {"participants": swap}, "reason": "read"}
    good = {"record": "correction", "of": "c-1", "changes": {"modality": "announced"}, "reason": "read"}
    write(file, [entity("a"), entity("b"), article(1), claim(1, 1, "a", "b"), bad, good])
    assert on_database("import", str(file), "--rejects", str(rejects)).exit_code == 3
    assert [one["pointer"] for one in told(rejects)] == ["/changes/participants/1/entity"]
    with connect(database_url) as connection:
        rows = connection.execute("SELECT state FROM log.readable WHERE topic = 'ClaimCorrected.v1'").fetchall()
    assert [json.loads(state)["changes"] for (state,) in rows] == [{"modality": "announced"}]


def test_without_anything_refused_it_ends_with_0_and_an_empty_file(on_database: Run, file: Path, rejects: Path) -> None:
    rejects.write_text("from an earlier import\n")
    write(file, [entity("alpha")])
    result = on_database("import", str(file), "--rejects", str(rejects))
    assert (result.exit_code, rejects.read_text()) == (0, "")


def test_refused_lines_are_tried_again_when_the_file_is(on_database: Run, file: Path, rejects: Path) -> None:
    write(file, [article(1), claim(1, 1, "a", "b")])
    assert on_database("import", str(file), "--rejects", str(rejects)).exit_code == 3
    other = file.with_name("entities.ndjson")
    write(other, [entity("a"), entity("b")])
    on_database("import", str(other))
    result = on_database("import", str(file), "--rejects", str(rejects))
    assert (result.exit_code, result.stdout) == (0, f"{file}: 1 recorded, 1 already there\n")


@pytest.mark.parametrize("more", [["--check"], ["other.ndjson"]])
def test_rejects_go_with_one_file_and_not_with_check(on_database: Run, file: Path, more: list[str]) -> None:
    write(file, [entity("alpha")])
    assert on_database("import", str(file), *more, "--rejects", "r.ndjson").exit_code == 2


def test_a_line_longer_than_the_service_takes_is_refused_and_the_next_is_read(
    on_database: Run, file: Path, rejects: Path
) -> None:
    file.write_text('{"record": "' + "x" * 5_000_000 + '"}\n' + json.dumps(entity("alpha")) + "\n")
    result = on_database("import", str(file), "--rejects", str(rejects))
    assert "1 recorded, 0 already there, 1 refused" in result.stdout
    assert [(one["line"], one["code"]) for one in told(rejects)] == [(1, "too-large")]


@pytest.mark.case(number=9)
def test_a_compressed_file_is_refused_as_no_json(on_database: Run, file: Path, database_url: str) -> None:
    file.write_bytes(gzip.compress(json.dumps(entity("alpha")).encode()))
    result = on_database("import", str(file))
    assert result.exit_code == 3 and "is not UTF-8" in result.stderr
    assert count_events(database_url) == 0


def test_imports_are_listed_with_what_came_of_them(on_database: Run, file: Path, rejects: Path) -> None:
    write(file, [entity("alpha"), entity("beta", kind="compny")])
    assert on_database("import", str(file)).exit_code == 3
    on_database("import", str(file), "--rejects", str(rejects))
    second, first = [json.loads(line) for line in on_database("imports", "--json").stdout.splitlines()]
    assert (first["mode"], first["state"], first["recorded"]) == ("all", "refused", 0)
    assert (second["mode"], second["state"], second["recorded"], second["refused"]) == ("rejects", "finished", 1, 1)
    assert (second["first_position"], second["last_position"], second["lines"]) == (1, 1, 2)
    table = on_database("imports").stdout
    assert second["id"] in table and "finished" in table


def test_no_imports_are_no_rows(on_database: Run) -> None:
    result = on_database("imports")
    assert (result.exit_code, result.stdout) == (0, "")


def test_ctrl_c_says_what_is_recorded_and_what_to_do(database_url: str, file: Path, start: Callable[..., Any]) -> None:
    lines = write(file, many(12_000))
    program = start("import", lines.name, DATABASE_URL=database_url)
    with connect(database_url) as connection:
        while connection.execute("SELECT count(*) FROM log.import_batches").fetchone() == (0,):
            assert program.process.poll() is None
    os.killpg(program.process.pid, signal.SIGINT)
    assert program.process.wait(30) == 130
    said = program.log.read_text()
    assert "Traceback" not in said and "returned connection" not in said
    assert "are recorded. The same command continues behind them; `frenemies retract --import" in said
    again = program_run("import", lines.name, DATABASE_URL=database_url)
    assert again.returncode == 0
    assert "continuing import" in again.stderr
    assert again.stdout.endswith(", 0 already there\n")


def test_ctrl_c_before_anything_is_recorded_leaves_nothing(
    database_url: str, file: Path, start: Callable[..., Any]
) -> None:
    lines = write(file, many(12_000))
    program = start("import", lines.name, DATABASE_URL=database_url)
    with connect(database_url) as connection:
        while connection.execute("SELECT count(*) FROM log.imports").fetchone() == (0,):
            assert program.process.poll() is None
    os.killpg(program.process.pid, signal.SIGINT)
    assert program.process.wait(30) == 130
    said = program.log.read_text()
    assert "Traceback" not in said and "returned connection" not in said
    assert "Interrupted: nothing was recorded." in said
    assert count_events(database_url) == 0


def test_the_same_import_does_not_run_twice_at_once(
    on_database: Run, database_url: str, file: Path, start: Callable[..., Any]
) -> None:
    lines = write(file, many(12_000))
    program = start("import", lines.name, DATABASE_URL=database_url)
    with connect(database_url) as connection:
        while connection.execute("SELECT count(*) FROM log.imports").fetchone() == (0,):
            assert program.process.poll() is None
    result = on_database("import", lines.name)
    assert result.exit_code == 3 and "is being imported at this moment" in result.stderr
    assert program.process.wait(60) == 0


# taking back


def retract(run: Run, name: str, reason: str = "wrong file") -> Any:
    return run("retract", "--import", name, "--reason", reason)


def newest(run: Run) -> str:
    return str(json.loads(run("imports", "--json").stdout.splitlines()[0])["id"])


def test_an_import_is_taken_back_and_a_second_time_changes_nothing(
    on_database: Run, database_url: str, file: Path
) -> None:
    write(file, [entity("a"), entity("b"), entity("c"), article(1), claim(1, 1, "a", "b"), claim(2, 1, "a", "c")])
    on_database("import", str(file))
    third = [
        claim(1, 1, "a", "b"),
        claim(3, 1, "b", "c"),
        claim(4, 1, "c", "b", time={"kind": "instant", "edtf": "2012"}),
        {"record": "retraction", "of": "c-2", "reason": "a slip"},
        {"record": "retraction", "of": "c-4", "reason": "a slip"},
        {"record": "merge", "of": "b", "into": "a", "reason": "one"},
        {"record": "rename", "of": "c", "name": "Sea", "since": "2015"},
    ]
    write(file, third)
    on_database("import", str(file))
    name = newest(on_database)
    result = retract(on_database, name)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "1 claims retracted, 1 reinstated, 1 entities unmerged",
        "2 were taken back before, or changed by others since",
        "not taken back: 1 renames (c)",
    ]
    assert json.loads(on_database("imports", "--json").stdout.splitlines()[0])["state"] == "retracted"
    before = count_events(database_url)
    again = retract(on_database, name, "another reason")
    assert again.stdout.startswith("0 claims retracted, 0 reinstated, 0 entities unmerged\n")
    assert count_events(database_url) == before


def test_what_others_reinstated_after_a_taking_back_stays(on_database: Run, database_url: str, file: Path) -> None:
    write(
        file,
        [
            entity("a"),
            entity("b"),
            article(1),
            claim(1, 1, "a", "b"),
            claim(2, 1, "b", "a", time={"kind": "instant", "edtf": "2012"}),
        ],
    )
    on_database("import", str(file))
    name = newest(on_database)
    assert retract(on_database, name).stdout.startswith("2 claims retracted")
    write(file, [{"record": "reinstatement", "of": "c-1", "reason": "it was right"}])
    on_database("import", str(file))
    before = count_events(database_url)
    assert retract(on_database, name).stdout.startswith("0 claims retracted")
    assert count_events(database_url) == before


def test_an_import_that_recorded_nothing_is_not_taken_back_and_the_one_that_did_is_named(
    on_database: Run, database_url: str, file: Path
) -> None:
    write(file, [entity("a"), entity("b"), article(1), claim(1, 1, "a", "b")])
    on_database("import", str(file))
    first = newest(on_database)
    on_database("import", str(file))
    second = newest(on_database)
    before = count_events(database_url)
    result = retract(on_database, second)
    assert (result.exit_code, count_events(database_url)) == (0, before)
    assert f"import {second} was not the first to record anything" in result.stdout
    assert result.stdout.endswith(f"the same lines were recorded by import {first}\n")
    states = [json.loads(line)["state"] for line in on_database("imports", "--json").stdout.splitlines()]
    assert states == ["finished", "finished"]


@pytest.mark.parametrize("check", [(), ("--check",)])
def test_the_same_file_after_its_import_was_taken_back_says_that_it_stays_retracted(
    on_database: Run, file: Path, check: tuple[str, ...]
) -> None:
    write(file, [entity("a"), entity("b"), article(1), claim(1, 1, "a", "b")])
    assert "taken back" not in on_database("import", str(file)).stderr
    name = newest(on_database)
    retract(on_database, name)
    result = on_database("import", *check, str(file))
    assert result.exit_code == 0
    assert f"import {name} of the same lines was taken back" in result.stderr
    assert "its claims are there and stay retracted" in result.stderr


def test_what_is_no_import_or_no_reason_is_refused(on_database: Run, file: Path) -> None:
    unknown = retract(on_database, "00000000-0000-0000-0000-000000000001")
    assert (unknown.exit_code, "There is no such import." in unknown.stderr) == (3, True)
    write(file, [entity("a")])
    on_database("import", str(file))
    assert retract(on_database, newest(on_database), " ").exit_code == 3
    assert retract(on_database, "no-id").exit_code == 2


def test_a_whole_import_of_many_batches_is_taken_back(on_database: Run, database_url: str, file: Path) -> None:
    write(file, many(1_200))
    on_database("import", str(file))
    assert retract(on_database, newest(on_database)).exit_code == 0
    with connect(database_url) as connection:
        rows = connection.execute("SELECT stream, topic FROM log.events ORDER BY position").fetchall()
    last = {stream: topic for stream, topic in rows if stream.startswith("claim-")}
    assert (len(last), set(last.values())) == (1_200, {"ClaimRetracted.v1"})
