"""Where data is kept, and how a running service is probed."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

import pytest

from service.bootstrap import build
from service.cli.demo import _listen
from service.errors import EmbeddedServerError
from service.serve.database import has_data, usable_folder
from service.serve.errors import PortTaken
from service.serve.health import is_ready
from service.settings import Settings
from tests.cli.conftest import Run


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
    (tmp_path / "data" / "postgres").mkdir(parents=True)
    assert run("state", "red-hat").stderr == ""
    assert opened == [demo, tmp_path / "data"]


def test_the_demo_takes_the_next_port_where_one_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken):
            _listen("127.0.0.1", port, 1)
        with _listen("127.0.0.1", port, 20) as link:
            assert port < link.getsockname()[1] < port + 20


def test_a_service_is_ready_when_it_says_so(sample_url: str) -> None:
    from threading import Thread

    from werkzeug.serving import make_server

    from service.app import create_app

    services = build(Settings(), sample_url)
    server = make_server("127.0.0.1", 0, create_app(services.timeline, Settings()))
    Thread(target=server.serve_forever, daemon=True).start()
    assert is_ready(f"http://127.0.0.1:{server.port}")
    server.shutdown()
    server.server_close()
    services.close()
    assert not is_ready(f"http://127.0.0.1:{server.port}")
