"""What clients wished and what they were told, as it happened: one line of JSON each (a history as Jepsen keeps it).

An operation begins with `invoke` and ends with `ok` (acknowledged), `fail` (refused: nothing was stored) or `info`
(nobody knows: no answer came, or one that says so). A fail and an info are different things, and stay apart.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import httpx2

OK, FAIL, INFO = "ok", "fail", "info"


@dataclass
class Try:
    """One request: when it was sent, how many seconds it took, and its status (0: no answer)."""

    at: float
    took: float
    status: int


@dataclass
class Operation:
    """The wish to append a number to a company, under one key, with every request that was made for it."""

    number: int
    writer: int
    company: str
    what: str
    begun: float
    tries: list[Try] = field(default_factory=list)
    outcome: str = INFO
    position: int | None = None
    ended: float = 0.0

    @property
    def key(self) -> str:
        """The key that every request for it carries."""
        return f"op-{self.number}"


class History:
    """Keeps operations in memory, and writes down each of their steps at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.operations: list[Operation] = []
        self.statuses: Counter[int] = Counter()
        self.unannounced: Counter[str] = Counter()
        """Where a 503 did not say when to come back."""
        self._lock = Lock()
        self._file = path.open("a", buffering=1)

    def begin(self, operation: Operation) -> None:
        """It is about to be asked for."""
        with self._lock:
            self.operations.append(operation)
            self._write("invoke", operation, at=operation.begun)

    def tried(self, operation: Operation, one: Try) -> None:
        """One request of it was answered, or was not."""
        with self._lock:
            operation.tries.append(one)
            self._write("try", operation, at=one.at, took=round(one.took, 4), status=one.status)

    def end(self, operation: Operation, outcome: str, at: float, position: int | None = None) -> None:
        """What came of it."""
        with self._lock:
            operation.outcome, operation.ended, operation.position = outcome, at, position
            self._write(outcome, operation, at=at, position=position)

    def answered(self, answer: httpx2.Response) -> None:
        """Somebody got an answer."""
        with self._lock:
            self.statuses[answer.status_code] += 1
            if answer.status_code == 503 and "retry-after" not in answer.headers:
                self.unannounced[answer.url.path] += 1

    def since(self, moment: float) -> list[Operation]:
        """The operations that began at that moment or later."""
        with self._lock:
            return [one for one in self.operations if one.begun >= moment]

    def close(self) -> None:
        self._file.close()

    def _write(self, kind: str, operation: Operation, **more: Any) -> None:
        value = [operation.company, operation.number]
        line = {"type": kind, "process": operation.writer, "f": "append", "value": value, "key": operation.key, **more}
        self._file.write(json.dumps(line) + "\n")


def latencies(operations: Iterable[Operation]) -> list[float]:
    """How many seconds each request took that was acknowledged, the longest last."""
    return sorted(one.took for operation in operations for one in operation.tries if 200 <= one.status < 300)


def share(ordered: list[float], part: float) -> float:
    """The value below which that part of them lies; 0 where there are none."""
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else 0.0
