"""The drill of a point-in-time recovery: a base backup and the archived WAL, up to a moment before the end."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from pathlib import Path

import pytest

from service.app import create_app
from service.backup.identity import Proof
from service.backup.restoring import recovered
from service.bootstrap import build, prepare, projections
from service.db import connect
from service.embedded import EmbeddedServer
from service.feeds.cursor import format_cursor
from service.settings import Settings
from tests.conftest import ACCOUNT, FAST
from tests.feeding import wait_until
from tests.integration.backup.conftest import ME, keep_tree, quiet
from tests.recorded import ME as RECORDER
from tests.recorded import draft_of

Start = Callable[..., EmbeddedServer]


def private(folder: Path) -> Path:
    """A folder of the server's account."""
    folder.mkdir(mode=0o700, parents=True)
    if os.geteuid() == 0:
        account = pwd.getpwnam(ACCOUNT)
        os.chown(folder, account.pw_uid, account.pw_gid)
    return folder


def record(url: str, *names: str) -> int:
    """Registers companies; the head of the log after them."""
    services = build(Settings(database_url=url), url)
    try:
        drafts = [{"record": "entity", "id": name, "kind": "company", "name": name} for name in names]
        services.timeline.record([draft_of(draft) for draft in drafts], recorder=RECORDER)
        return services.timeline.head()
    finally:
        services.close()


def ask(url: str, statement: str) -> str:
    with connect(url) as connection:
        row = connection.execute(statement.encode()).fetchone()
    return str(row[0]) if row else ""


@pytest.mark.slow
def test_a_log_recovered_to_a_moment_of_its_past_says_what_it_has_lost(data_folder: Path, start_server: Start) -> None:
    archive, first, second = (private(data_folder / name) for name in ("archive", "first", "second"))
    archiving = {"archive_mode": "on", "archive_command": f"cp %p {archive}/%f"}
    server = start_server(first, settings=FAST | archiving)
    prepare(Settings(), server.url)
    record(server.url, "a", "b")
    keep_tree(server.url)
    socket = str(server._socket_folder)
    server._run("pg_basebackup", "-h", socket, "-U", "postgres", "-D", str(second / "postgres"), "--checkpoint=fast")
    kept = record(server.url, "c")
    moment = ask(server.url, "SELECT clock_timestamp()")
    keep_tree(server.url)
    lost = record(server.url, "d", "e")
    note = ask(server.url, "SELECT note FROM log.checkpoints ORDER BY number DESC LIMIT 1")
    epoch = ask(server.url, "SELECT epoch FROM log.epoch")
    segment = ask(server.url, "SELECT pg_walfile_name(pg_switch_wal())")
    wait_until(lambda: (archive / segment).exists())
    server.close()

    target = {
        "restore_command": f"cp {archive}/%f %p",
        "recovery_target_time": moment,
        "recovery_target_action": "promote",
    }
    # The socket of the embedded server lies among its data.
    (second / "postgres" / ".s.PGSQL.5432.lock").unlink()
    (second / "postgres" / "recovery.signal").touch()
    found = start_server(second, settings=FAST | target)
    wait_until(lambda: ask(found.url, "SELECT pg_is_in_recovery()") == "False")
    settled = recovered(found.url, found.url, Proof(note), ME, quiet)
    assert settled.position == kept < lost
    assert settled.is_lost
    assert str(settled.from_epoch) == epoch != str(settled.epoch)

    prepare(Settings(), found.url)
    with projections(Settings(), found.url) as projectors:
        projectors.catch_up()
    services = build(Settings(database_url=found.url), found.url)
    try:
        client = create_app(services.timeline, services.settings).test_client()
        assert client.get("/v1/entities/c").status_code == 200
        assert client.get("/v1/entities/d").status_code == 404
        assert client.get(f"/v1/feed?lastEventId={format_cursor(settled.from_epoch, lost)}").status_code == 410
        assert client.get("/v1/log/restores").json["restores"][0]["checkpoint_size"] == settled.vouched
    finally:
        services.close()
    assert record(found.url, "f") == kept + 1
