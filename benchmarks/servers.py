"""Servers that a benchmark starts for itself: each in a process group of its own, and gone at the end of the block."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.model import NotMeasured
from benchmarks.peers import ROOT

# An account that every system has: database servers do not run as root.
ACCOUNT = "nobody"
START_SECONDS = 30.0
MARIADB, MARIADB_INSTALL = "mariadbd", "mariadb-install-db"
NATS = "nats-server"
MEMORY = "2G"
"""The buffers of MariaDB, which does not use those of the system."""
_FEED = """
import os, sys
from functools import partial
from service.serve.address import listen
from service.serve.fork import Fork
from service.serve.server import serve_feed
link = listen("127.0.0.1", int(sys.argv[1]))
Fork("feed", partial(serve_feed, link), os.environ, [link.fileno()]).wait(float("inf"))
"""
"""The feed process as the supervisor has it."""
_RELAY = "import sys; from service.serve.relay import main; sys.exit(main())"
_PLACES = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))


def has_mariadb() -> bool:
    """Whether there is a MariaDB on this machine."""
    return all(map(_program, (MARIADB, MARIADB_INSTALL)))


@contextmanager
def mariadb(parent: Path) -> Iterator[tuple[str, str]]:
    """The socket and the version of a new MariaDB with its data below a folder. NotMeasured where there is none."""
    server, install = _program(MARIADB), _program(MARIADB_INSTALL)
    if server is None or install is None:
        raise NotMeasured("MariaDB is not installed (Debian: mariadb-server)")
    folder = Path(tempfile.mkdtemp(prefix="mariadb-", dir=parent))
    account = [f"--user={ACCOUNT}"] if os.geteuid() == 0 else []
    if account:
        shutil.chown(folder, ACCOUNT)
    common = ["--no-defaults", f"--datadir={folder / 'data'}", *account]
    done = subprocess.run(
        [install, *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise NotMeasured(f"MariaDB could not be set up: {(done.stderr.strip() or done.stdout.strip())[-200:]}")
    path = folder / "socket"
    options = [
        f"--socket={path}", "--skip-networking", "--local-infile=1", f"--innodb-buffer-pool-size={MEMORY}",
        f"--log-error={folder / 'log'}", f"--pid-file={folder / 'pid'}", f"--tmpdir={folder}",
    ]  # fmt: skip
    try:
        with _started([server, *common, *options], {}) as process:
            wait(process, lambda: _answers(path))
            yield str(path), _version(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def nats(parent: Path) -> Iterator[str]:
    """The address of a new server of NATS with JetStream. NotMeasured where there is none."""
    server = shutil.which(NATS, path=os.pathsep.join((str(Path(sys.executable).parent), _PLACES)))
    if server is None or find_spec("nats") is None:
        raise NotMeasured(f"{NATS} and its client are not installed (make test installs them)")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="nats-", dir=parent) as folder:
        command = [server, "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", folder]
        with _started(command, {}) as process:
            wait(process, lambda: _listens(port))
            yield f"nats://127.0.0.1:{port}"


@contextmanager
def relay(environment: Mapping[str, str]) -> Iterator[None]:
    """The relay as the supervisor has it."""
    with _started([sys.executable, "-c", _RELAY], environment):
        yield


@contextmanager
def web(app: str, threads: int, environment: Mapping[str, str]) -> Iterator[int]:
    """The port of one gunicorn worker that serves an application, with the settings that ours has."""
    port = free_port()
    command = [
        sys.executable, "-m", "gunicorn", "--config", "python:service.serve.gunicorn_config",
        "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", str(threads), app,
    ]  # fmt: skip
    with _started(command, environment) as process:
        wait(process, lambda: _listens(port))
        yield port


@contextmanager
def feed(port: int, environment: Mapping[str, str]) -> Iterator[int]:
    """The process id of the worker that streams on a port, with the settings that ours has."""
    with _started([sys.executable, "-c", _FEED, str(port)], environment) as process:
        wait(process, lambda: _is_healthy(port))
        (server,) = _children(process.pid)
        (worker,) = _children(server)
        yield worker


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def wait_for(port: int) -> None:
    """Returns when somebody listens on the port."""
    wait(None, lambda: _listens(port))


def wait(
    process: subprocess.Popen[bytes] | None,
    is_there: Callable[[], bool],
    seconds: float = START_SECONDS,
    otherwise: str = "its server did not start",
    pause: float = 0.02,
) -> None:
    """Returns when something is there. NotMeasured when the process has ended, or the seconds are over, before."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and (process is None or process.poll() is None):
        if is_there():
            return
        time.sleep(pause)
    raise NotMeasured(otherwise)


def end(process: subprocess.Popen[Any]) -> None:
    """Ends a process that we started and that still runs, with what it started, and waits until it is gone."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def _started(command: list[str], more: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **more}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        end(process)


def _program(name: str) -> str | None:
    return shutil.which(name, path=_PLACES)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _is_healthy(port: int) -> bool:
    with suppress(OSError, HTTPException):
        connection = HTTPConnection("127.0.0.1", port, timeout=1)
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    return False


def _children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _answers(path: Path) -> bool:
    """Whether a server greets whoever connects to its socket."""
    with suppress(OSError), socket.socket(socket.AF_UNIX) as link:
        link.settimeout(1)
        link.connect(str(path))
        return bool(link.recv(1))
    return False


def _version(server: str) -> str:
    said = subprocess.run([server, "--version"], capture_output=True, text=True, check=False).stdout
    return said.partition("Ver ")[2].partition(" ")[0]
