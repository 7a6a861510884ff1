"""A whole service as an operator runs it: a PostgreSQL of its own, and `frenemies serve` with all its processes."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks.capacity import usage
from benchmarks.capacity.model import POSTGRES
from benchmarks.peers import ROOT
from benchmarks.programs import kept_to
from benchmarks.servers import ACCOUNT, end, free_port, wait
from benchmarks.stage import BINARIES, DURABLE
from service.bootstrap import prepare
from service.db import connect
from service.embedded import NO_SETTINGS, EmbeddedServer
from service.serve.health import is_ready
from service.settings import Settings

HOST = "127.0.0.1"
PATIENCE = 180.0
"""Seconds that tables may take to be built, and a follower to come to the end of the log."""
END_SECONDS = 20.0
LOOK_SECONDS = 0.25
"""How often it is asked how far it is: rarely, for that is work, too."""
ENVIRONMENT = {
    "FRENEMIES_LOG_REQUESTS": "false",
    "FRENEMIES_REMEMBERED_MIB": "0",
}
"""Each question is answered anew. Nothing is written for a request that is answered."""


@dataclass(frozen=True)
class Site:
    """A running service."""

    port: int
    url: str
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def base(self) -> str:
        """Its address."""
        return f"http://{HOST}:{self.port}"

    def roots(self) -> dict[str, int]:
        """Its processes by kind: the children of the supervisor, and PostgreSQL."""
        lines = (self.folder / "log").read_text().splitlines()
        started = [json.loads(line) for line in lines if '"started"' in line]
        postmaster = int((self.folder / "data" / "postgres" / "postmaster.pid").read_text().split()[0])
        return {**{line["child"]: line["pid"] for line in started}, POSTGRES: postmaster}

    def used(self) -> dict[str, float]:
        """Seconds of a core that they have used so far."""
        return usage.by_kind(self.roots())

    def head(self) -> int:
        """The last position of its log."""
        with connect(self.url) as connection:
            row = connection.execute("SELECT coalesce(max(position), 0) FROM log.events").fetchone()
        return int(row[0]) if row else 0

    def reach(self, position: int) -> None:
        """Returns when its tables hold everything up to a position."""
        self._wait(lambda: self.projected() >= position, f"its tables did not reach position {position}")

    def projected(self) -> int:
        """The position that all its tables have reached."""
        return min(int(one["position"]) for one in self._ask("/v1/projections")["projections"])

    def _ask(self, address: str) -> Any:
        connection = HTTPConnection(HOST, self.port, timeout=PATIENCE)
        try:
            connection.request("GET", address)
            return json.load(connection.getresponse())
        finally:
            connection.close()

    def _wait(self, is_so: Callable[[], bool], otherwise: str) -> None:
        wait(self.process, is_so, PATIENCE, otherwise, LOOK_SECONDS)


@contextmanager
def site(
    folder: Path,
    options: Sequence[str] = (),
    environment: Mapping[str, str] = NO_SETTINGS,
    *,
    cores: Collection[int] | None = None,
    fill: Callable[[str], object] | None = None,
) -> Iterator[Site]:
    """A service with its data in a new folder, ready, for the time of the block; on these cores only, if any are named.

    `fill` gets the URL of the prepared database before the service begins.
    """
    folder.mkdir()
    folder.chmod(0o755)
    chosen = cores or os.sched_getaffinity(0)
    with kept_to(chosen):
        server = EmbeddedServer(folder / "data", account=ACCOUNT, settings=DURABLE)
    with server:
        if fill is not None:
            prepare(Settings(database_url=server.url), server.url)
            fill(server.url)
        port = free_port()
        with kept_to(chosen):
            process = _start(server.url, folder, port, options, environment)
        found = Site(port, server.url, folder, process)
        try:
            wait(process, lambda: is_ready(found.base), PATIENCE)
            yield found
        finally:
            _end(process)


def _start(
    url: str, folder: Path, port: int, options: Sequence[str], environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    command = [
        str(BINARIES / "frenemies"), "serve", "--host", HOST, "--port", str(port), "--metrics-port", "0",
        "--workers", "1", *options,
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **ENVIRONMENT, **environment, "DATABASE_URL": url},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, start_new_session=True,
        )  # fmt: skip


def _end(process: subprocess.Popen[bytes]) -> None:
    """Asks it to end, as its children are in groups of their own, and ends what does not."""
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        end(process)
