"""A PostgreSQL and a streaming replica of it, on one machine."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from service.bootstrap import prepare
from service.db import connect
from service.embedded import EmbeddedServer, _account, _make_private, _run_as, packaged_programs
from service.settings import Settings
from tests.conftest import ACCOUNT, FAST, open_folder, url_of
from tests.feeding import wait_until
from tests.killing import postmaster_of

_AT_ONCE = {
    "max_standby_streaming_delay": "0",
    "wal_receiver_status_interval": "1",
    "wal_retrieve_retry_interval": "100",
}
"""A replica that waits for nobody: what is replayed breaks off the questions that are in its way."""
_TEMPLATE = "migrated"


class Pair:
    """A primary, and a replica that can be stopped and started."""

    def __init__(self, keep: ExitStack) -> None:
        self._keep = keep
        self._numbers = count(1)
        primary, self._folder = (keep.enter_context(open_folder()) for _ in range(2))
        settings = FAST | {"wal_keep_size": "256MB", "synchronous_commit": "on"}
        self.primary = keep.enter_context(EmbeddedServer(primary, account=ACCOUNT, settings=settings)).url
        with connect(self.primary) as connection:
            connection.execute(f'CREATE DATABASE "{_TEMPLATE}"')
        prepare(Settings(), url_of(self.primary, _TEMPLATE))
        _copy(self.primary, self._folder / "postgres")
        self.replica = ""
        self.start()

    def start(self) -> None:
        """Starts the replica, unless it runs."""
        server = EmbeddedServer(self._folder, account=ACCOUNT, settings=FAST | _AT_ONCE)
        self._keep.callback(server.close)
        self.replica = server.url

    def stop(self) -> None:
        """Ends the replica at once, as a crash would."""
        pid = self.processes()[0]
        os.kill(pid, signal.SIGQUIT)
        wait_until(lambda: not Path(f"/proc/{pid}").exists())

    def freeze(self) -> None:
        """Stops all processes of the replica where they are."""
        for pid in self.processes():
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        for pid in self.processes():
            os.kill(pid, signal.SIGCONT)

    def processes(self) -> list[int]:
        """Those of the replica, the first of which is the parent of the others."""
        pid = postmaster_of(self._folder / "postgres")
        return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]

    def database(self) -> tuple[str, str]:
        """A new database with the schema of the service: there, and in the replica."""
        name = f"test_{next(self._numbers)}"
        with connect(self.primary) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{_TEMPLATE}"')
            connection.execute(f'GRANT CREATE ON DATABASE "{name}" TO frenemies_projector')
        self.catch_up()
        return url_of(self.primary, name), url_of(self.replica, name)

    def catch_up(self) -> None:
        """Waits until the replica has all that the primary has."""
        # Projectors do not wait for the disk. This does, and all that was written before is there then, too.
        self.ask(self.primary, "SELECT pg_logical_emit_message(true, 'test', '')")
        (written,) = self.ask(self.primary, "SELECT pg_current_wal_flush_lsn()")
        wait_until(lambda: self.ask(self.replica, f"SELECT pg_last_wal_replay_lsn() >= '{written}'") == (True,))

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The replica replays nothing during the block."""
        self.pause()
        try:
            yield
        finally:
            self.resume()

    def pause(self) -> None:
        self.ask(self.replica, "SELECT pg_wal_replay_pause()")
        wait_until(lambda: self.ask(self.replica, "SELECT pg_get_wal_replay_pause_state()") == ("paused",))

    def resume(self) -> None:
        self.ask(self.replica, "SELECT pg_wal_replay_resume()")

    def ask(self, url: str, query: str) -> Any:
        """The first row of what a server answers to its superuser."""
        with connect(url) as connection:
            return connection.execute(query.encode()).fetchone()


@contextmanager
def replicating() -> Iterator[Pair]:
    """A primary and its replica, for the time of the block."""
    with ExitStack() as keep:
        yield Pair(keep)


def _copy(url: str, target: Path) -> None:
    """A copy of the server that goes on as its replica."""
    account, found = _account(ACCOUNT), re.search("host=(.*)", url)
    assert found is not None
    _make_private(target, account)
    subprocess.run(
        [
            packaged_programs().path("pg_basebackup"), "--host", unquote(found[1]), "--username", "postgres",
            "--pgdata", str(target), "--write-recovery-conf", "--checkpoint", "fast", "--no-sync",
        ],
        check=True, capture_output=True, cwd="/", env={"PATH": os.defpath, "LC_ALL": "C"}, **_run_as(account),
    )  # fmt: skip
    (target / ".s.PGSQL.5432.lock").unlink()  # of the socket of the primary, which is in its data folder
