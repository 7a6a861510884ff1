"""`frenemies migrate`."""

from __future__ import annotations

from service.sql import migrations
from tests.cli.conftest import Run


def test_it_says_what_it_applied_and_a_second_time_does_nothing(run: Run, empty_database_url: str) -> None:
    first = run("migrate", DATABASE_URL=empty_database_url)
    assert first.exit_code == 0, first.output
    assert first.stdout.splitlines() == [f"applied {name}" for name, _ in migrations()]
    assert run("migrate", DATABASE_URL=empty_database_url).stdout == "nothing to do\n"


def test_the_migrating_login_is_the_one_that_is_used(run: Run, empty_database_url: str) -> None:
    result = run("migrate", DATABASE_URL=empty_database_url, MIGRATE_URL="postgresql:///x?host=/nowhere")
    assert result.exit_code == 4
