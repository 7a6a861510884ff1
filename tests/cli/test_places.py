"""Where data is kept, and how a running service is probed."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from service.bootstrap import build
from service.cli.demo import _listen
from service.errors import EmbeddedServerError
from service.serve.database import has_data, is_prepared, mark_prepared, usable_folder
from service.serve.errors import PortTaken
from service.serve.health import is_ready
from service.settings import Settings
from tests.cli.conftest import Program, Run


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system where nothing can be made in the usual places."""
    monkeypatch.setattr("service.serve.database._can_make", lambda _: False)


def test_the_usual_data_folder_is_taken_where_it_can_be_made(tmp_path: Path) -> None:
    assert usable_folder(tmp_path / "deep" / "below" / "frenemies") == tmp_path / "deep" / "below" / "frenemies"


@pytest.mark.usefixtures("closed")
def test_a_folder_for_temporary_files_stands_in_where_it_cannot(tmp_path: Path, temporary: Path) -> None:
    folder = usable_folder(tmp_path / "frenemies")
    assert folder == temporary / f"frenemies-{os.geteuid()}"
    folder.mkdir()
    assert usable_folder(tmp_path / "frenemies") == folder


@pytest.mark.usefixtures("closed")
def test_a_folder_that_somebody_else_put_there_is_not_taken(tmp_path: Path, temporary: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (temporary / f"frenemies-{os.geteuid()}").symlink_to(elsewhere)
    with pytest.raises(EmbeddedServerError, match="FRENEMIES_DATA"):
        usable_folder(tmp_path / "frenemies")


def test_a_folder_has_data_once_a_server_was_in_it(tmp_path: Path) -> None:
    assert not has_data(tmp_path)
    (tmp_path / "postgres").mkdir()
    assert has_data(tmp_path)


def test_without_data_of_ones_own_the_demo_is_read_and_it_says_so(
    run: Run, sample_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = tmp_path / "frenemies-demo"
    (demo / "postgres").mkdir(parents=True)
    opened: list[Path] = []

    class Embedded:
        url = sample_url

        def __init__(self, data: Path) -> None:
            opened.append(data)

        def __enter__(self) -> Embedded:
            return self

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr("service.serve.database.EmbeddedServer", Embedded)
    result = run("state", "red-hat", "--as-of", "2014-11-04")
    assert result.exit_code == 0, result.output
    assert result.stderr == f"frenemies: reading the demo's data in {demo}\n"
    own = tmp_path / "data"
    (own / "postgres").mkdir(parents=True)
    assert run("state", "red-hat").stderr == f"frenemies: reading the demo's data in {demo}\n"
    mark_prepared(own)
    assert run("state", "red-hat").stderr == ""
    assert opened == [demo, demo, own]


READING = [
    ("verify",),
    ("imports",),
    ("export",),
    ("retract", "--import", str(UUID(int=0)), "--reason", "x"),
    ("project", "status"),
    ("project", "verify"),
    ("project", "parked"),
    ("project", "rebuild"),
    ("state", "red-hat"),
    ("relation", "member_of", "a", "b"),
    ("timeline", "a"),
    ("changes", "a", "--from", "2014-01-01", "--to", "2015-01-01"),
    ("subscriptions", "list"),
    ("network",),
    ("path", "a", "b"),
    ("frenemies",),
]


@pytest.mark.parametrize("arguments", READING, ids=lambda arguments: "-".join(arguments[:2]))
def test_a_command_that_reads_makes_no_folder_and_says_where_it_looked(
    run: Run, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    before = list(tmp_path.rglob("*"))
    by_option = run(*arguments, "--data", str(tmp_path / "typo"))
    by_environment = run(*arguments, FRENEMIES_DATA=str(tmp_path / "typo"))
    usual = run(*arguments)
    assert [result.exit_code for result in (by_option, by_environment, usual)] == [4, 4, 4]
    assert f"There is no data in {tmp_path / 'typo'}," in by_option.stderr
    assert by_environment.stderr == by_option.stderr
    assert f"There is no data in {tmp_path / 'data'}," in usual.stderr
    assert list(tmp_path.rglob("*")) == before


def test_where_a_folder_holds_nothing_the_data_of_the_demo_is_named(run: Run, tmp_path: Path) -> None:
    demo = tmp_path / "frenemies-demo"
    (demo / "postgres").mkdir(parents=True)
    said = run("verify", "--data", str(tmp_path / "typo")).stderr
    assert f"--data {demo} reads it." in said


@pytest.mark.parametrize("arguments", [("verify",), ("imports",), ("export",), ("state", "red-hat")])
def test_a_database_that_was_never_prepared_is_named_without_its_password(
    run: Run, empty_database_url: str, arguments: tuple[str, ...]
) -> None:
    result = run(*arguments, DATABASE_URL=f"{empty_database_url}&password=secret")
    assert result.exit_code == 4
    assert result.stderr.count("\n") == 1
    assert "is not prepared: run `frenemies migrate`" in result.stderr
    assert "secret" not in result.stderr and "log." not in result.stderr


@pytest.mark.slow
def test_a_command_that_records_marks_its_folder_as_prepared(start: Callable[..., Program], data_folder: Path) -> None:
    program = start("migrate", "--data", str(data_folder))
    assert program.process.wait(60) == 0
    assert is_prepared(data_folder)


def test_the_demo_takes_the_next_port_where_one_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken):
            _listen("127.0.0.1", port, 1)
        with _listen("127.0.0.1", port, 20) as link:
            assert port < link.getsockname()[1] < port + 20


def test_a_service_is_ready_when_it_says_so(sample_url: str) -> None:
    from service.app import create_app
    from tests.serving import serving

    services = build(Settings(), sample_url)
    with serving(create_app(services.timeline, Settings())) as base:
        assert is_ready(base)
    services.close()
    assert not is_ready(base)
