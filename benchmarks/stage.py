"""Where the benchmarks take place: one durable PostgreSQL, databases to order, and processes that are waited for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

from benchmarks.model import NotMeasured, Run
from benchmarks.peers import Peers
from benchmarks.programs import answer, contestant, run
from benchmarks.servers import ACCOUNT, end, free_port, wait_for
from service.bootstrap import prepare
from service.db import connect
from service.embedded import EmbeddedServer, packaged_programs
from service.settings import Settings

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
"""What durability means here. They are the server's defaults, and so is everything else."""
SHOWN = (*DURABLE, "wal_sync_method", "shared_buffers", "max_wal_size", "wal_buffers", "max_connections")
OF_PEERS = ("library", "uma", "sql", "maria", "folding")
"""The programs that run in the environment of the peers."""
BINARIES = Path(sys.executable).parent


class Stage:
    """One PostgreSQL for all who need one, in a folder that is removed at the end.

    Ends after `minutes`; a program may run for `patience` seconds.
    """

    def __init__(
        self, peers: Peers, folder: Path | None, minutes: float, patience: float, say: Callable[[str], None]
    ) -> None:
        self.peers = peers
        self.say = say
        self._patience = patience
        self._deadline = time.monotonic() + minutes * 60
        self._keep = ExitStack()
        self._numbers = iter(range(1, 1_000_000))
        self._templates: dict[str, str] = {}
        self._parent = folder

    def __enter__(self) -> Self:
        with ExitStack() as keep:
            self.folder = Path(tempfile.mkdtemp(prefix="frenemies-bench-", dir=self._parent))
            keep.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self.folder.chmod(0o755)
            server = EmbeddedServer(self.folder / "data", account=ACCOUNT, settings=DURABLE)
            keep.callback(server.close)
            self._server = server.url
            self._keep = keep.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._keep.close()

    def settings(self) -> dict[str, str]:
        """The settings of the server that matter, as it says itself."""
        with connect(self._server) as connection:
            shown = {"server_version": connection.execute("SHOW server_version")}
            shown |= {name: connection.execute(f"SHOW {name}") for name in SHOWN}
            return {name: str(cursor.fetchone()[0]) for name, cursor in shown.items()}  # type: ignore[index]

    @contextmanager
    def database(self, template: str | None = None) -> Iterator[str]:
        """The URL of a new database, a copy of a template where one is named; dropped after the block."""
        name = f"bench_{next(self._numbers)}"
        self._create(name, self._templates[template] if template else "template0")
        try:
            yield self._url(name)
        finally:
            with connect(self._server) as connection:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    @contextmanager
    def our_database(self, template: str | None = None) -> Iterator[str]:
        """The same, ready for the service: a copy of the template with its schema, or of one made from that."""
        with self.database(template or self.ours()) as url:
            _prepare(url)  # what is granted on a database is not copied with it
            yield url

    def template(self, name: str, base: str | None, prepare: Callable[[str], object]) -> str:
        """The URL of a database that others are copies of: itself a copy of `base`, prepared when first asked for."""
        if name not in self._templates:
            database = f"template_{next(self._numbers)}"
            self.say(f"preparing: {name}")
            self._create(database, self._templates[base] if base else "template0")
            prepare(self._url(database))
            self.settle(self._url(database))
            self._templates[name] = database
        return self._url(self._templates[name])

    def settle(self, url: str) -> None:
        """Does for a database that was filled what the server would do by and by."""
        with connect(url) as connection:
            connection.execute("VACUUM (ANALYZE)")

    def prepare(self, url: str) -> None:
        """Makes a database ready for the service, as its start does."""
        _prepare(url)

    def ours(self) -> str:
        """The name of the template with the schema of the service."""
        self.template("ours", None, _prepare)
        return "ours"

    def message_store(self) -> str:
        """The name of the template with message-db, made by its own installer. NotMeasured where it is not there."""
        self.template("message-db", None, self._install_message_db)
        return "message-db"

    def contest(self, program: str, task: str, **parameters: Any) -> Run:
        """Has a contestant's program do a task in a process of its own, and gives what it measured."""
        return Run.of(self.have(program, task, **parameters))

    def have(self, program: str, task: str, **parameters: Any) -> Any:
        """The same for a task that measures nothing: what it says."""
        python = self.peers.python if program in OF_PEERS else Path(sys.executable)
        return answer(self.run(contestant(python, program, task, parameters), {}))

    def frenemies(self, url: str, *arguments: str) -> tuple[str, float]:
        """What the command line of the service writes, and how many seconds the process took."""
        begun = time.perf_counter()
        said = self.run([str(BINARIES / "frenemies"), *arguments], {"DATABASE_URL": url})
        return said, time.perf_counter() - begun

    def run(self, command: list[str], more: Mapping[str, str]) -> str:
        """The output of a program that has to end well and in time, else NotMeasured with its last words."""
        seconds = min(self._patience, self._deadline - time.monotonic())
        if seconds <= 0:
            raise NotMeasured("the time of the whole run was over")
        return run(command, more, seconds)

    @contextmanager
    def umadb(self) -> Iterator[str]:
        """The URL of a new server of UmaDB with an empty file on the same disk."""
        folder = Path(tempfile.mkdtemp(prefix="umadb-", dir=self.folder))
        port = free_port()
        process = subprocess.Popen(
            [self.peers.umadb, "--listen", f"127.0.0.1:{port}", "--db-path", str(folder / "uma.db")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            end(process)
            shutil.rmtree(folder, ignore_errors=True)

    def _install_message_db(self, url: str) -> None:
        if self.peers.message_db is None:
            raise NotMeasured("it is not installed")
        folder = self.folder / "message-db"
        shutil.copytree(self.peers.message_db, folder)
        # The embedded server has no pgcrypto; all that is used of it, gen_random_uuid(), is part of PostgreSQL today.
        (folder / "extensions" / "pgcrypto.sql").write_text("")
        with connect(url) as connection:
            info = connection.info
            environment = {
                "PATH": f"{packaged_programs().folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
                "PGHOST": info.host, "PGUSER": info.user, "DATABASE_NAME": info.dbname, "CREATE_DATABASE": "off",
            }  # fmt: skip
        self.run(["/bin/bash", str(folder / "install.sh")], environment)

    def _create(self, name: str, template: str) -> None:
        """A new database, and a checkpoint, so that each run begins with as little behind it as the others."""
        with connect(self._server) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
            connection.execute("CHECKPOINT")

    def _url(self, database: str) -> str:
        return self._server.replace("/postgres?", f"/{database}?")


def _prepare(url: str) -> None:
    prepare(Settings(database_url=url), url)
