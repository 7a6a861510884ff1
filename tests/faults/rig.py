"""The whole product as its users run it, everybody who writes to it and reads from it, and a link that can fail."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import httpx2
from standardwebhooks import Webhook

from service.projections.catalog import named
from service.projections.projection import schema_of
from service.tree.keys import new_signer
from tests.cli.conftest import Program
from tests.cli.test_serve import ready
from tests.faults.checkers import Delivery, Row, Sight
from tests.faults.followers import Atom, Probe, Slow, sight
from tests.faults.history import History
from tests.faults.link import Link
from tests.faults.load import Load, number_in
from tests.faults.server import rows
from tests.feeding import wait_until
from tests.readers import Lines, Pages, Reader, Stream
from tests.sink import Received, sink

LOG = "SELECT position, stream, version, state FROM log.events ORDER BY position"
SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'frenemies%%'"
LONGEST = 120.0
TOLERANCE = 300.0
"""Seconds by which a delivery may have been signed before it came (Standard Webhooks 1.0)."""
PROJECTORS = ("projector-index", "projector-states")
QUICK = ("Pages", "Lines", "Stream", "Atom")
"""Readers that have to follow; the slow one only has to skip nothing."""


class Rig:
    """A running service on a database, its clients, and what they were told. Open it for the time of a block."""

    def __init__(
        self,
        url: str,
        folder: Path,
        *,
        rate: float,
        environment: Mapping[str, str] | None = None,
        has_keys: bool = True,
    ) -> None:
        self.url = url
        self._keep = ExitStack()
        self.link = self._keep.enter_context(Link(url))
        self.sink = self._keep.enter_context(sink())
        self.program = Program(("serve", "--port", "0"), self._environment(environment or {}), folder / "serve.log")
        self._keep.callback(self._end_program)
        self.base = ready(self.program)
        self.history = History(folder / "history.jsonl")
        self._keep.callback(self.history.close)
        self.load = Load(self.base, self.history, rate, has_keys=has_keys)
        self.load.prepare()
        self.secret, self.subscription = self._subscribe()
        self.readers: dict[str, Reader] = {
            kind.__name__: kind(self.base, sight, self.history.answered) for kind in (Pages, Lines, Stream, Atom, Slow)
        }
        self.probe = Probe(self.base, self.history.answered)
        self._deliveries: list[Delivery] = []
        self._killed_at: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """The service ends first, and with it what readers wait for."""
        clients: list[Reader | Probe] = [*self.readers.values(), self.probe]
        for client in clients:
            client.ask_to_end()
        self._keep.close()
        for client in clients:
            client.end()

    # what is done to it

    def kill(self, child: str) -> None:
        """One process of the supervisor's (SIGKILL)."""
        process = self.program.children()[child]
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        if child in PROJECTORS:
            self._killed_at[child] = self._position_of(child)

    def is_at_work(self, projector: str) -> bool:
        """Whether a projector has handled anything since it was killed."""
        return self._position_of(projector) > self._killed_at.get(projector, -1)

    def workers(self, child: str) -> list[int]:
        """The processes that answer, below a child."""
        arbiter = self.program.children()[child]
        with suppress(FileNotFoundError):
            return list(map(int, Path(f"/proc/{arbiter}/task/{arbiter}/children").read_text().split()))
        return []

    def kill_worker(self, child: str, which: int = 0) -> None:
        """One of the processes that answer (SIGKILL)."""
        workers = wait_until(lambda: self.workers(child))
        with suppress(ProcessLookupError):
            os.kill(workers[which % len(workers)], signal.SIGKILL)

    def replay(self) -> int:
        """Has every delivery that failed tried now, and gives how many."""
        answer = httpx2.post(f"{self.base}/v1/subscriptions/{self.subscription}/replay", timeout=10.0)
        return int(answer.json()["replayed"]) if answer.status_code == 200 else 0

    # what there is to see

    def get(self, path: str, **query: str) -> httpx2.Response:
        """An answer of the service."""
        answer = httpx2.get(f"{self.base}{path}", params=query, timeout=15.0)
        self.history.answered(answer)
        return answer

    def head(self) -> int:
        """The last position of the log, whatever the service says."""
        ((head,),) = rows(self.url, "SELECT coalesce(max(position), 0) FROM log.events")
        return int(head)

    def read_position(self) -> int:
        """How far questions are answered; -1 while they are not."""
        with suppress(httpx2.HTTPError, OSError, ValueError):
            answer = self.get("/readyz")
            if answer.status_code == 200:
                return int(answer.json()["position"])
        return -1

    def has_seen(self, reader: str, position: int) -> bool:
        """Whether a reader has come to a position."""
        return any(sight.position >= position for sight in self.readers[reader].events[-1:])

    def log(self) -> list[Row]:
        """The log as PostgreSQL has it. All of it each time: what appeared below its end is to be seen."""
        return [
            Row(position, stream, version, number_in(bytes(state)))
            for position, stream, version, state in rows(self.url, LOG)
        ]

    def feed(self) -> Mapping[int, bytes]:
        """The feed as it is told to somebody who asks for all of it: a hash of the bytes of each event."""
        headers = {"Accept": "application/x-ndjson"}
        answer = httpx2.get(f"{self.base}/v1/feed", headers=headers, timeout=60.0).raise_for_status()
        return dict(sight(line) for line in answer.content.splitlines() if b'"data":' in line)

    def deliveries(self) -> list[Delivery]:
        """What came to the sink, whether it was taken or not, each judged by the library of Standard Webhooks."""
        for received in self.sink.seen[len(self._deliveries) :]:
            self._deliveries.append(Delivery(sight(received.body), received.id, self._is_signed(received)))
        return self._deliveries

    def taken(self) -> int:
        """How many events the sink took, each counted once."""
        return len(self.sink.positions())

    def sights(self, reader: str) -> list[Sight]:
        """What a reader saw, in its order."""
        return list(self.readers[reader].events)

    def resources(self) -> dict[str, float]:
        """What the processes of the service use, and its sessions in the database."""
        processes = _with_descendants(self.program.process.pid)
        ((sessions,),) = rows(self.url, SESSIONS)
        return {
            "processes": len(processes),
            "file descriptors": sum(_descriptors(one) for one in processes),
            "threads": sum(_figure(one, "Threads") for one in processes),
            "memory, MiB": round(sum(_figure(one, "VmRSS") for one in processes) / 1024),
            "sessions": float(sessions),
        }

    def _position_of(self, projector: str) -> int:
        chosen = named(projector.removeprefix("projector-"))
        ((position,),) = rows(self.url, f"SELECT position FROM {schema_of(chosen)}.checkpoint")
        return int(position)

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        return {
            "DATABASE_URL": self.link.url,
            "FRENEMIES_WEBHOOKS_LOOPBACK": "1",
            "FRENEMIES_METRICS_PORT": "0",
            "FRENEMIES_ALLOW_LOSS": "",
            "FRENEMIES_LOG_KEY": new_signer("faults").secret(),
            **more,
        }

    def _subscribe(self) -> tuple[str, str]:
        asked = {"url": self.sink.url, "after": "start"}
        told: dict[str, Any] = (
            httpx2.post(f"{self.base}/v1/subscriptions", json=asked, timeout=10.0).raise_for_status().json()
        )
        return told["secret"], told["id"]

    def _is_signed(self, received: Received) -> bool:
        """As of the moment when it came: the library's own check would be as of now, when that may be long ago."""
        told = received.headers.get("webhook-timestamp", "")
        if not told.isdigit() or abs(received.at - int(told)) > TOLERANCE:
            return False
        moment = datetime.fromtimestamp(int(told), UTC)
        meant = Webhook(self.secret).sign(received.id, moment, received.body.decode())
        return meant in received.headers.get("webhook-signature", "").split()

    def _end_program(self) -> None:
        """With all that it started: also where it was stopped, or had been killed itself."""
        with suppress(OSError):
            self.program.process.send_signal(signal.SIGTERM)
        try:
            self.program.process.wait(LONGEST)
        finally:
            if self.program.process.poll() is None:
                self.program.process.kill()
                self.program.process.wait()
            if self.program.process.stdout is not None:
                self.program.process.stdout.close()


def _with_descendants(process: int) -> list[int]:
    found = [process]
    for one in found:
        for thread in Path(f"/proc/{one}/task").glob("*"):
            with suppress(OSError):
                found += map(int, (thread / "children").read_text().split())
    return found


def _descriptors(process: int) -> int:
    with suppress(OSError):
        return len(list(Path(f"/proc/{process}/fd").iterdir()))
    return 0


def _figure(process: int, name: str) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
    return 0
