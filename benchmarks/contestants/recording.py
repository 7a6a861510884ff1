"""Clients that record claims over HTTP, each claim in a request of its own."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from time import perf_counter, sleep
from typing import Any

from benchmarks import samples
from benchmarks.contestants.task import perform
from benchmarks.load import once

PATIENCE = 60.0


def at_once(port: int, first: int, count: int, connections: int) -> dict[str, Any]:
    """So many claims from a number on, as fast as they are answered on so many connections."""

    def work() -> None:
        with ThreadPoolExecutor(connections) as callers:
            for done in [
                callers.submit(_record, port, first + one, first + count, connections) for one in range(connections)
            ]:
                done.result()

    return once(count, work)


def steadily(port: int, first: int, count: int, rate: float) -> dict[str, Any]:
    """So many claims from a number on, one after the other at a steady rate."""

    def work() -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        begun = perf_counter()
        for number in range(count):
            sleep(max(begun + number / rate - perf_counter(), 0))
            _send(connection, first + number)
        sleep(max(begun + count / rate - perf_counter(), 0))

    return once(count, work)


def _record(port: int, first: int, end: int, step: int) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    for number in range(first, end, step):
        _send(connection, number)


def _send(connection: HTTPConnection, number: int) -> None:
    connection.request("POST", "/v1/claims", json.dumps(samples.payload(number)), {"Content-Type": "application/json"})
    with connection.getresponse() as answer:
        said = answer.read()
        if answer.status != 201:
            raise ValueError(f"a claim was answered with {answer.status}: {said[:200]!r}")


if __name__ == "__main__":
    perform({"at_once": at_once, "steadily": steadily})
