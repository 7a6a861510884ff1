"""A NATS server with JetStream beside a test, and a plain consumer of a stream: one that knows nothing of ours."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

import nats
from nats.errors import Error
from nats.js import api
from nats.js.client import JetStreamContext
from nats.js.errors import Error as JetStreamError

from tests.feeding import wait_until
from tests.loops import run_in_loop
from tests.ports import free_port

SERVER = Path(sys.executable).with_name("nats-server")


class NatsServer:
    """A server at a port of its own, which it keeps when it is started again."""

    def __init__(self, folder: Path, *options: str, user: str = "") -> None:
        """`user`: who may come in by its configuration, with a password."""
        self.port = free_port()
        self.url = f"nats://{user}{'@' if user else ''}127.0.0.1:{self.port}"
        self.data = folder / "jetstream"
        self._log = folder / "log"
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it, and waits until it has JetStream."""
        self.launch()
        wait_until(self._answers, why=f"no NATS: {self._log.read_text()}")

    def launch(self) -> None:
        """Starts it; one of a cluster has no JetStream before the others are there."""
        address = ["-a", "127.0.0.1", "-p", str(self.port)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(SERVER), *address, "-js", "-sd", str(self.data), *self._options], stdout=log, stderr=log
            )

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """SIGKILL, and waits for the end."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def lose_all(self) -> None:
        """What a server finds that comes back with another disk."""
        self.kill()
        shutil.rmtree(self.data)
        self.start()

    def stream(self, name: str = "frenemies") -> Any:
        """What the server tells of a stream; None where it has none, or does not answer."""

        async def ask(stream: JetStreamContext) -> Any:
            with suppress(JetStreamError, Error):
                return await stream.stream_info(name)

        return self.do(ask)

    def make_stream(self, **settings: Any) -> None:
        """A stream that others than the relay have made."""
        made = api.StreamConfig(name="frenemies", subjects=["frenemies.events.>"], **settings)
        self.do(lambda stream: stream.add_stream(made))

    def messages(self, name: str = "frenemies") -> list[tuple[int, str, str, bytes]]:
        """All of a stream: sequence, subject, id and body."""

        async def read(stream: JetStreamContext) -> list[tuple[int, str, str, bytes]]:
            count = (await stream.stream_info(name)).state.messages
            found: list[tuple[int, str, str, bytes]] = []
            taken = await stream.pull_subscribe(
                f"{name}.events.>", stream=name, config=api.ConsumerConfig(ack_policy=api.AckPolicy.NONE)
            )
            while len(found) < count:
                for one in await taken.fetch(min(500, count - len(found)), 5):
                    headers = one.headers or {}
                    found.append((one.metadata.sequence.stream, one.subject, headers["Nats-Msg-Id"], one.data))
            return found

        return list(self.do(read))

    def do(self, act: Any) -> Any:
        """Something that the client of NATS does."""

        async def run() -> Any:
            client = await nats.connect(self.url, allow_reconnect=False, error_cb=_quiet)
            try:
                return await act(client.jetstream())
            finally:
                await client.close()

        return run_in_loop(run())

    def _answers(self) -> bool:
        try:
            self.do(lambda stream: stream.account_info())
        except (Error, JetStreamError, OSError):
            return False
        return True


class Consumer:
    """Reads a stream as a program would that knows NATS only: a consumer with a name, which the server remembers; it
    keeps what it got by sequence. What comes again has to be the same.
    """

    def __init__(self, url: str, stream: str = "frenemies") -> None:
        self.got: dict[int, bytes] = {}
        self.differing: list[int] = []
        self._url = url
        self._stream = stream
        self._stopped = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(30)

    def bodies(self) -> list[bytes]:
        """What it got, by sequence from 1."""
        return [self.got[sequence] for sequence in sorted(self.got)]

    def _run(self) -> None:
        while not self._stopped.is_set():
            with suppress(Error, JetStreamError, OSError, asyncio.TimeoutError):
                asyncio.run(self._read())
            self._stopped.wait(0.1)

    async def _read(self) -> None:
        client = await nats.connect(self._url, allow_reconnect=False, error_cb=_quiet, connect_timeout=1)
        try:
            stream = client.jetstream()
            after = max(self.got, default=0)
            config = api.ConsumerConfig(
                ack_policy=api.AckPolicy.NONE,
                deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=after + 1,
            )
            taken = await stream.pull_subscribe(f"{self._stream}.events.>", stream=self._stream, config=config)
            while not self._stopped.is_set() and client.is_connected:
                for one in await taken.fetch(100, 0.5):
                    sequence = one.metadata.sequence.stream
                    if self.got.setdefault(sequence, one.data) != one.data:
                        self.differing.append(sequence)
        finally:
            await client.close()


async def _quiet(error: Exception) -> None:
    """A link that breaks is what these tests are about."""


@contextmanager
def nats_server(folder: Path, *options: str, user: str = "") -> Iterator[NatsServer]:
    server = NatsServer(folder, *options, user=user)
    try:
        server.start()
        yield server
    finally:
        server.kill()
