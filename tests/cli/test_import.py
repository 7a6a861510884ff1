"""`frenemies import`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from service.transfer import running
from service.transfer.lines import Size
from tests.cli.conftest import ROOT, Run, count_events

SAMPLE = str(ROOT / "service/sample/five_articles.ndjson")
LATER = str(ROOT / "service/sample/later_reports.ndjson")


def entity(name: str, **changes: Any) -> dict[str, Any]:
    return {"record": "entity", "id": name, "kind": "company", "name": name.title()} | changes


def lines(*records: dict[str, Any], end: str = "\n") -> str:
    return "".join(json.dumps(record) + end for record in records)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "records.ndjson"


def test_a_file_is_recorded(on_database: Run, database_url: str) -> None:
    result = on_database("import", SAMPLE)
    assert (result.exit_code, result.stdout) == (0, f"{SAMPLE}: 259 recorded, 0 already there\n")
    assert count_events(database_url) == 259


def test_a_file_whose_name_is_no_text_is_recorded(on_database: Run, tmp_path: Path) -> None:
    odd = tmp_path / "records-\udcff.ndjson"
    odd.write_bytes(Path(SAMPLE).read_bytes())
    result = on_database("import", str(odd))
    assert result.exit_code == 0
    assert "records-\\udcff.ndjson: 259 recorded" in result.stdout


def test_the_same_file_twice_appends_nothing(on_database: Run, database_url: str) -> None:
    on_database("import", SAMPLE, LATER)
    before = count_events(database_url)
    result = on_database("import", SAMPLE, LATER)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].endswith("0 recorded, 259 already there")
    assert count_events(database_url) == before


def test_check_appends_nothing_and_says_what_would_happen(on_database: Run, database_url: str) -> None:
    result = on_database("import", "--check", SAMPLE)
    assert (result.exit_code, result.stdout) == (0, f"{SAMPLE}: 259 would be recorded, 0 are already there\n")
    assert count_events(database_url) == 0


def test_check_finds_what_only_the_whole_file_shows(on_database: Run, file: Path, database_url: str) -> None:
    rename = {"record": "rename", "of": "beta", "name": "Gamma", "since": "2014"}
    file.write_text(lines(entity("alpha"), rename))
    result = on_database("import", "--check", str(file))
    assert result.exit_code == 3
    assert result.stderr.startswith(f"frenemies: {file}:2:")
    assert count_events(database_url) == 0


def test_a_refused_record_names_file_line_and_column_and_nothing_is_recorded(
    on_database: Run, file: Path, database_url: str
) -> None:
    bad = lines(entity("beta", kind="compny"))
    file.write_text(lines(entity("alpha")) + bad)
    result = on_database("import", str(file))
    assert result.exit_code == 3
    assert result.stderr.startswith(f"frenemies: {file}:2:{bad.index('compny')}: ")
    assert "(at /kind)" in result.stderr
    assert "Nothing of this file was recorded." in result.stderr
    assert count_events(database_url) == 0


def test_all_malformed_lines_are_named_at_once(on_database: Run, file: Path) -> None:
    file.write_text('{"record": "entity", \n' + lines(entity("alpha", age=3)) + '{"record": "novel"}\n')
    result = on_database("import", str(file))
    assert result.exit_code == 3
    places = [line.split(" ")[1] for line in result.stderr.splitlines()[:3]]
    assert [place.split(":")[-3] for place in places] == ["1", "2", "3"]


def test_complaints_end_at_some_point(on_database: Run, file: Path) -> None:
    file.write_text("no json\n" * 1000)
    result = on_database("import", str(file))
    assert len(result.stderr.splitlines()) == running.MOST_COMPLAINTS + 2


def test_standard_input_is_read(on_database: Run) -> None:
    result = on_database("import", "-", input=lines(entity("alpha")))
    assert (result.exit_code, result.stdout) == (0, "<stdin>: 1 recorded, 0 already there\n")


@pytest.mark.case(number=76)
def test_a_pipe_is_read(on_database: Run, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_text, args=[lines(entity("alpha"))], daemon=True)
    writer.start()
    result = on_database("import", str(pipe))
    writer.join()
    assert (result.exit_code, result.stdout) == (0, f"{pipe}: 1 recorded, 0 already there\n")


@pytest.mark.case(number=12)
def test_one_byte_order_mark_and_windows_line_ends_are_accepted(on_database: Run, file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + lines(entity("alpha"), entity("beta"), end="\r\n").encode())
    assert on_database("import", str(file)).stdout == f"{file}: 2 recorded, 0 already there\n"


@pytest.mark.case(number=12)
def test_a_second_byte_order_mark_is_refused(on_database: Run, file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" * 2 + lines(entity("alpha")).encode())
    result = on_database("import", str(file))
    assert result.exit_code == 3
    assert f"{file}:1:1: " in result.stderr


@pytest.mark.case(number=76)
def test_empty_lines_and_a_missing_last_line_end_do_no_harm(on_database: Run, file: Path) -> None:
    file.write_text("\n" + lines(entity("alpha")) + "  \n" + lines(entity("beta"), end=""))
    assert on_database("import", str(file)).stdout == f"{file}: 2 recorded, 0 already there\n"


@pytest.mark.case(number=76)
def test_line_ends_may_be_mixed_and_a_field_too_many_is_named_with_its_line(on_database: Run, file: Path) -> None:
    good = [lines(entity("alpha"), end="\r\n"), lines(entity("beta")), "\r\n", lines(entity("gamma"), end="\r\n")]
    file.write_bytes("".join(good).encode())
    assert on_database("import", str(file)).stdout == f"{file}: 3 recorded, 0 already there\n"
    file.write_bytes("".join([*good, lines(entity("delta", column="x"))]).encode())
    result = on_database("import", str(file))
    assert result.exit_code == 3
    assert f"{file}:5:" in result.stderr and "column" in result.stderr


@pytest.mark.case(number=76)
def test_half_a_line_is_refused(on_database: Run, file: Path, database_url: str) -> None:
    file.write_text(lines(entity("alpha"), entity("beta"))[:-20])
    result = on_database("import", str(file))
    assert result.exit_code == 3
    assert f"{file}:2:" in result.stderr
    assert count_events(database_url) == 0


@pytest.mark.case(number=10)
def test_bytes_that_are_not_utf_8_are_refused_with_their_place(on_database: Run, file: Path) -> None:
    file.write_bytes(lines(entity("alpha")).encode() + b'{"record": "\xff"}\n')
    result = on_database("import", str(file))
    assert result.exit_code == 3
    assert f"{file}:2:13: " in result.stderr


@pytest.mark.case(number=76)
def test_a_line_of_endless_length_is_refused(on_database: Run, file: Path) -> None:
    file.write_text('{"record": "' + "x" * 10_000_000)
    result = on_database("import", str(file))
    assert result.exit_code == 3
    assert f"{file}:1:" in result.stderr


@pytest.mark.case(number=76)
@pytest.mark.parametrize("name", ["missing.ndjson", "."])
def test_a_missing_file_or_a_folder_is_wrong_usage(on_database: Run, tmp_path: Path, name: str) -> None:
    assert on_database("import", str(tmp_path / name)).exit_code == 2


def test_no_file_is_wrong_usage(on_database: Run) -> None:
    assert on_database("import").exit_code == 2


def test_a_file_beyond_one_append_is_checked_as_a_whole_before_anything_is_recorded(
    on_database: Run, file: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "ONE_APPEND", 10)
    monkeypatch.setattr(running, "USUAL", Size(4, 1_000_000))
    good = [entity(f"e-{number}") for number in range(25)]
    file.write_text(lines(*good, entity("bad", kind="compny")))
    refused = on_database("import", str(file))
    assert (refused.exit_code, count_events(database_url)) == (3, 0)
    assert f"{file}:26:" in refused.stderr

    file.write_text(lines(*good))
    assert on_database("import", "--check", str(file)).stdout.endswith("25 would be recorded, 0 are already there\n")
    assert on_database("import", str(file)).stdout == f"{file}: 25 recorded, 0 already there\n"
    assert on_database("import", str(file)).stdout == f"{file}: 0 recorded, 25 already there\n"


@pytest.mark.slow
def test_a_database_out_of_reach_is_code_4(run: Run, file: Path) -> None:
    file.write_text(lines(entity("alpha")))
    result = run("import", str(file), DATABASE_URL="postgresql:///x?host=/nowhere")
    assert result.exit_code == 4
    assert "Traceback" not in result.output
