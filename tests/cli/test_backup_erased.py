"""What was erased after a backup was made does not come back with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.db import connect
from tests.cli.conftest import Run

PERSON = "Zacharias Quillfeather"


@pytest.mark.slow
def test_a_restore_erases_again_what_the_ledger_tells_of(
    run: Run, on_database: Run, empty_database_url: str, tmp_path: Path
) -> None:
    lines, backup, ledger = tmp_path / "a.ndjson", tmp_path / "a.zip", tmp_path / "erasures.ndjson"
    lines.write_text(f'{{"record": "entity", "id": "zq", "kind": "person", "name": "{PERSON}"}}\n')
    assert on_database("import", str(lines)).exit_code == 0
    assert on_database("backup", str(backup)).exit_code == 0
    erased = on_database("erase", "--entity", "zq", "--reason", "asked for", "--ledger", str(ledger), "--yes")
    assert erased.exit_code == 0, erased.output
    assert PERSON.encode() not in on_database("backup", "-").stdout_bytes

    restored = run("restore", str(backup), "--erasures", str(ledger), DATABASE_URL=empty_database_url)
    assert restored.exit_code == 0, restored.output
    assert "1 of 1 erasures were due" in restored.stdout
    with connect(empty_database_url) as connection:
        assert connection.execute("SELECT count(*) FROM log.texts").fetchone() == (0,)
    assert run("verify", DATABASE_URL=empty_database_url).exit_code == 0


def test_a_ledger_that_is_none_stops_it_before_anything_is_done(
    run: Run, on_database: Run, empty_database_url: str, tmp_path: Path
) -> None:
    backup, ledger = tmp_path / "a.zip", tmp_path / "erasures.ndjson"
    assert on_database("backup", str(backup)).exit_code == 0
    ledger.write_text("{}\n{}\n")
    restored = run("restore", str(backup), "--erasures", str(ledger), DATABASE_URL=empty_database_url)
    assert restored.exit_code == 3
    assert run("verify", DATABASE_URL=empty_database_url).exit_code == 4
