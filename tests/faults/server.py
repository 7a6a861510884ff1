"""The PostgreSQL of a fault run: it waits for the disk as a real one does, and can be killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from service.bootstrap import prepare
from service.db import connect
from service.embedded import EmbeddedServer
from service.errors import ServiceError
from service.settings import Settings
from tests.conftest import ACCOUNT, url_of
from tests.feeding import wait_until
from tests.killing import kill_database

DURABLE: Mapping[str, str] = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
LONGEST_RECOVERY = 120.0


class Server:
    """A server in a folder of its own. All that is done to it is done to processes that it started."""

    def __init__(self, folder: Path, settings: Mapping[str, str] = DURABLE) -> None:
        self.folder = folder
        self._settings = {"max_connections": "200", **settings}
        self._keep = ExitStack()
        self.url = self._attach().url

    def close(self) -> None:
        """Ends it, if it still runs."""
        self._keep.close()

    def database(self, name: str, template: str = "template0") -> str:
        """The URL of a new database."""
        with connect(self.url) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
            if template != "template0":
                connection.execute(f'GRANT CREATE ON DATABASE "{name}" TO frenemies_projector')
        return url_of(self.url, name)

    def template(self, name: str) -> None:
        """Makes a database with the schema of the service, to be copied."""
        prepare(Settings(), self.database(name))

    def kill(self) -> None:
        """All processes at once (SIGKILL), as a machine does that loses its power."""
        kill_database(self.folder / "postgres")

    def kill_backend(self, name: str) -> None:
        """One process that serves an application of this name (SIGKILL): the server then ends all and recovers."""
        with connect(self.url) as connection:
            row = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name = %s LIMIT 1", [name]
            ).fetchone()
        assert row is not None, f"nobody is {name}"
        os.kill(row[0], signal.SIGKILL)
        # Until the server has noticed, it still answers those who ask whether it is back.
        wait_until(lambda: not Path(f"/proc/{row[0]}").exists())

    def start(self) -> None:
        """Starts it again after its end, as an operator would."""
        wait_until(self._is_started, LONGEST_RECOVERY)

    def answers(self) -> bool:
        """Whether it takes connections."""
        try:
            connect(self.url).close()
        except ServiceError:
            return False
        return True

    def _is_started(self) -> bool:
        try:
            self._attach()
        except (ServiceError, OSError):
            return False
        return self.answers()

    def _attach(self) -> EmbeddedServer:
        return self._keep.enter_context(EmbeddedServer(self.folder, account=ACCOUNT, settings=self._settings))


def run(url: str, *statements: str) -> None:
    """Has the owner of everything do something."""
    with connect(url) as connection:
        for statement in statements:
            connection.execute(statement)


def rows(url: str, query: str, *given: Any) -> list[tuple[Any, ...]]:
    """What the owner of everything is told."""
    with connect(url) as connection:
        return connection.execute(query, given or None).fetchall()


def end_sessions(url: str, like: str) -> int:
    """Ends the sessions of applications with such a name, and gives how many there were."""
    return len(
        rows(
            url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE %s"
            " AND datname = current_database() AND pid <> pg_backend_pid()",
            like,
        )
    )
