"""A client of the feed: reads all of the log as lines, and listens on many streams at once."""

from __future__ import annotations

import json
import re
import selectors
import socket
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

from benchmarks.contestants.task import perform
from benchmarks.figures import percentile
from benchmarks.load import once

BLOCK, EVENTS = 1 << 18, 1 << 14
PATIENCE = 60.0
_LINES = {"Accept": "application/x-ndjson"}
_STREAM = {"Accept": "text/event-stream"}
_LOCATION = re.compile("http://([^:/]+):([0-9]+)(/.*)")


def replay(port: int) -> dict[str, Any]:
    """All events as lines, and the checkpoint at their end, which says how many there are."""
    last = json.loads(_asked(port, "/v1/feed", _LINES).read().splitlines()[-1])
    events = int(last["sequence"])

    def work() -> None:
        answer = _asked(port, "/v1/feed", _LINES)
        lines = 0
        while block := answer.read1(BLOCK):
            lines += block.count(b"\n")
        if lines != events + 1:
            raise ValueError(f"{lines} lines came, not {events} and a checkpoint")

    return once(events, work)


def listen(port: int, streams: int, events: int, pause: float = 1.0) -> dict[str, Any]:
    """Appends an event each so many seconds; times are from the beginning of the append to the end of each stream."""
    listeners = _Listeners(port, streams)
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    times: list[float] = []
    begun = perf_counter()
    for number in range(events):
        sleep(max(begun + number * pause - perf_counter(), 0))
        called = perf_counter()
        _append(connection, number)
        times += [at - called for at in listeners.heard(streams)]
        with connection.getresponse() as answer:
            answer.read()
            if answer.status != 201:
                raise ValueError("an event was not recorded")
    return {
        "rate": events / (perf_counter() - begun),
        "count": len(times),
        "seconds": perf_counter() - begun,
        "p50": percentile(times, 0.50) * 1_000,
        "p99": percentile(times, 0.99) * 1_000,
    }


def idle(port: int, streams: int, worker: int) -> dict[str, Any]:
    """How many MiB a process of the server has for itself while it holds so many streams on which nothing comes."""
    listeners = _Listeners(port, streams)
    return {"streams": len(listeners), "own": _own(worker)}


class _Listeners:
    """Streams from the end of the log, all of them there."""

    def __init__(self, port: int, count: int) -> None:
        self._ready = selectors.DefaultSelector()
        last = _asked(port, "/v1/feed", _LINES).read().splitlines()[-1]
        cursor = json.loads(last)["id"]
        match = _LOCATION.fullmatch(_asked(port, f"/v1/feed?lastEventId={cursor}", _STREAM).headers["Location"])
        if match is None:
            raise ValueError("the API does not send on to the feed process")
        host, feed_port, target = match.groups()
        for _ in range(count):
            link = socket.create_connection((host, int(feed_port)), timeout=PATIENCE)
            link.sendall(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n\r\n".encode())
            self._ready.register(link, selectors.EVENT_READ)
        self.heard(count, b"caught-up")
        self._count = count

    def __len__(self) -> int:
        return self._count

    def heard(self, count: int, sign: bytes = b'"subject"') -> list[float]:
        """When something with a sign in it has come on each of so many streams."""
        times: list[float] = []
        until = perf_counter() + PATIENCE
        while len(times) < count:
            for key, _ in self._ready.select(1.0):
                if sign in key.fileobj.recv(EVENTS):  # type: ignore[union-attr]
                    times.append(perf_counter())
            if perf_counter() > until:
                raise ValueError(f"{count - len(times)} of {count} streams got nothing")
        return times


def _append(connection: HTTPConnection, number: int) -> None:
    body = json.dumps({"kind": "company", "name": f"Company {number}"})
    name = f"company-{perf_counter():.9f}".replace(".", "-")
    connection.request("PUT", f"/v1/entities/{name}", body, {"Content-Type": "application/json"})


def _asked(port: int, address: str, headers: dict[str, str]) -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", address, headers=headers)
    return connection.getresponse()


def _own(process: int) -> float:
    """Without what it shares with the processes beside it: that is there once, with or without it."""
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    return sum(map(int, re.findall(r"^Private_(?:Clean|Dirty): +(\d+) kB$", rollup, re.MULTILINE))) / 1_024


if __name__ == "__main__":
    perform({"replay": replay, "listen": listen, "idle": idle})
