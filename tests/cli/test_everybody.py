"""Everybody follows the same log, by every way there is, while everything dies around them: all end with the same."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any

import feedparser
import httpx2
import pytest

from service.db import connect
from service.embedded import EmbeddedServer
from service.errors import ServiceError
from tests.cli.conftest import Program
from tests.cli.test_serve import ready
from tests.conftest import Servers
from tests.integration.store.proxy import Proxy
from tests.killing import kill_database
from tests.readers import BROKEN, ByClient, Lines, Pages, Stream
from tests.sink import Sink, sink

Start = Callable[..., Program]
FROZEN_SECONDS = 5.0
LONGEST = 90.0
WRITERS = 3

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("everybody")]


class Writer:
    """Records companies and puts their names right, each until it is acknowledged."""

    def __init__(self, base: str, name: str) -> None:
        self.acknowledged = 0
        self.refused: list[str] = []
        self._base, self._name = base, name
        self._stopped = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._stopped.set()
        self._thread.join(LONGEST)
        assert not self.refused

    def _run(self) -> None:
        with httpx2.Client(base_url=self._base, timeout=10.0) as http:
            number = 0
            while not self._stopped.is_set():
                entity = f"{self._name}-{number // 2}"
                body = {"kind": "company", "name": f"Company {number}"}
                while not self._write(http, entity, body, f"{self._name}-{number}"):
                    self._stopped.wait(0.1)
                number += 1
                self.acknowledged += 1
                self._stopped.wait(0.02)

    def _write(self, http: httpx2.Client, entity: str, body: dict[str, Any], key: str) -> bool:
        try:
            answer = http.put(f"/v1/entities/{entity}", json=body, headers={"Idempotency-Key": key})
        except BROKEN:
            return False
        if answer.status_code not in (200, 201, 503):
            self.refused.append(answer.text)
        return answer.status_code in (200, 201)


class Stage:
    """A leader behind a link that can be frozen, its server, a follower, and everybody else."""

    def __init__(self, start: Start, servers: Servers, server: EmbeddedServer, again: Callable[[], None]) -> None:
        self._keep = ExitStack()
        self._again = again
        self._data = server
        self.proxy = self._keep.enter_context(Proxy(server.url))
        self.direct = server.url
        self.sink: Sink = self._keep.enter_context(sink())
        self.leader = start(
            "serve",
            "--port",
            "0",
            DATABASE_URL=self.proxy.url,
            FRENEMIES_WEBHOOKS_LOOPBACK="1",
            FRENEMIES_METRICS_PORT="0",
        )
        self.base = ready(self.leader)
        self.copy = servers.empty(18)
        self.follower = start(
            "serve", "--port", "0", "--follow", self.base, DATABASE_URL=self.copy, FRENEMIES_METRICS_PORT="0"
        )
        ready(self.follower)
        asked = {"url": self.sink.url, "after": "start"}
        httpx2.post(f"{self.base}/v1/subscriptions", json=asked, timeout=10.0).raise_for_status()
        self.writers = [Writer(self.base, f"writer-{number}") for number in range(WRITERS)]
        self.readers = {kind.__name__: kind(self.base) for kind in (Pages, Lines, Stream, ByClient)}
        for reader in self.readers.values():
            self._keep.callback(reader.end)

    def close(self) -> None:
        self._keep.close()

    def goes_on(self, after: str) -> None:
        """Waits until each writer has had more acknowledged after something."""
        before = [writer.acknowledged for writer in self.writers]
        _wait(
            lambda: all(w.acknowledged > b + 3 for w, b in zip(self.writers, before, strict=True)),
            f"writers, after {after}",
        )

    def kill(self, program: Program, child: str) -> None:
        os.kill(program.children()[child], signal.SIGKILL)

    def kill_workers(self, child: str) -> None:
        arbiter = self.leader.children()[child]
        for worker in Path(f"/proc/{arbiter}/task/{arbiter}/children").read_text().split():
            with suppress(ProcessLookupError):
                os.kill(int(worker), signal.SIGKILL)

    def end_sessions(self, what: str) -> None:
        with connect(self.direct) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE %s"
                " AND pid <> pg_backend_pid()",
                (what,),
            )

    def freeze(self) -> None:
        self.proxy.freeze()
        Event().wait(FROZEN_SECONDS)
        self.proxy.thaw()

    def kill_server(self) -> None:
        """All processes of PostgreSQL at once, and a new start after their end."""
        kill_database(self._data._cluster)
        self._again()

    def log(self, url: str) -> list[tuple[Any, ...]]:
        with connect(url) as connection:
            return connection.execute(
                "SELECT position, stream, version, topic, state, recorded_at FROM log.events ORDER BY position"
            ).fetchall()


def _wait(is_so: Callable[[], bool], what: str) -> None:
    deadline = monotonic() + LONGEST
    while not is_so():
        assert monotonic() < deadline, f"{what}: it did not come to pass"
        Event().wait(0.05)


@pytest.fixture
def stage(
    start: Start, servers: Servers, data_folder: Path, start_server: Callable[..., EmbeddedServer]
) -> Iterator[Stage]:
    durable = {"fsync": "on"}

    def again() -> None:
        deadline = monotonic() + LONGEST
        while True:
            with suppress(ServiceError, OSError):
                start_server(data_folder, settings=durable)
                return
            assert monotonic() < deadline

    made = Stage(start, servers, start_server(data_folder, settings=durable), again)
    yield made
    made.close()


def test_all_end_with_the_same_events_whatever_dies(stage: Stage) -> None:
    faults: list[tuple[str, Callable[[], None]]] = [
        ("workers of the API", lambda: stage.kill_workers("web")),
        ("the worker that streams", lambda: stage.kill_workers("feed")),
        ("who listens for notices", lambda: stage.end_sessions("frenemies-listen")),
        ("the feed process", lambda: stage.kill(stage.leader, "feed")),
        ("the sender of webhooks", lambda: stage.kill(stage.leader, "webhooks")),
        ("who takes over", lambda: stage.kill(stage.follower, "follower")),
        ("all sessions", lambda: stage.end_sessions("frenemies-%")),
        ("a frozen link", stage.freeze),
        ("the database", stage.kill_server),
        ("the worker that streams, once more", lambda: stage.kill_workers("feed")),
    ]
    stage.goes_on("the start")
    for name, fault in faults:
        fault()
        stage.goes_on(name)
    for writer in stage.writers:
        writer.end()

    log = stage.log(stage.direct)
    head = len(log)
    assert [row[0] for row in log] == list(range(1, head + 1))
    whole = httpx2.get(f"{stage.base}/v1/feed", headers={"Accept": "application/x-ndjson"}, timeout=30.0).content
    lines = whole.splitlines()[:head]
    for name, reader in stage.readers.items():
        _wait(lambda reader=reader: len(reader.events) >= head, name)  # type: ignore[misc]
        assert reader.events == lines, name
    assert stage.readers["Stream"].breaks + stage.readers["Pages"].breaks > 0
    assert _archives(stage.base) == lines
    stage.sink.wait(lambda: len(stage.sink.positions()) >= head, LONGEST)
    bodies = {one.position: one.body for one in stage.sink.taken}
    assert [bodies[position] for position in range(1, head + 1)] == lines
    subjects: dict[str, list[int]] = {}
    for position in stage.sink.positions():
        subjects.setdefault(json.loads(bodies[position])["subject"], []).append(position)
    assert all(positions == sorted(positions) for positions in subjects.values())
    _wait(lambda: len(stage.log(stage.copy)) >= head, "the follower")
    assert stage.log(stage.copy) == log


def _archives(base: str) -> list[bytes]:
    """All events of the documents of Atom, from the newest to the first one."""
    address: str | None = f"{base}/v1/feed.atom"
    found: list[bytes] = []
    while address:
        document = feedparser.parse(httpx2.get(address, timeout=10.0).content)
        assert not document.bozo
        found += [entry.content[0].value.encode() for entry in document.entries]
        links = {link.rel: link.href for link in document.feed.links}
        address = str(httpx2.URL(base).join(links["prev-archive"])) if "prev-archive" in links else None
    return found[::-1]
