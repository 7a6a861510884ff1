"""Judges what writers were told and what a reader saw against each other."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from eventsourcing.persistence import StoredEvent

from service.errors import ServiceError
from service.store.protocol import Appended, AppendSignal, EventStore, StoredRecord

STATE = b'{"note":"x"}'


@dataclass
class History:
    """What happened: the state of each acknowledged event by its position, failures, and what the reader saw."""

    acknowledged: list[tuple[int, str]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    seen: list[StoredRecord] = field(default_factory=list)

    def violations(self, log: Sequence[StoredRecord]) -> list[str]:
        """Every promise that was not kept, given the whole log afterwards; empty when all were."""
        return [*self._of_writers(), *self._of_log(log), *self._of_reader(log)]

    def _of_writers(self) -> Iterable[str]:
        yield from (f"an append failed: {failure}" for failure in self.failures)
        positions = [position for position, _ in self.acknowledged]
        if len(positions) != len(set(positions)):
            yield "two events were given one position"

    def _of_log(self, log: Sequence[StoredRecord]) -> Iterable[str]:
        if [record.position for record in log] != list(range(1, len(log) + 1)):
            yield "the positions are not dense"
        if any(after.recorded_at <= before.recorded_at for before, after in pairwise(log)):
            yield "recorded_at does not grow with the position"
        missing = set(self.acknowledged) - {(record.position, record.stream) for record in log}
        yield from (f"{stream} was acknowledged at {position} and is not there" for position, stream in missing)

    def _of_reader(self, log: Sequence[StoredRecord]) -> Iterable[str]:
        seen = [record.position for record in self.seen]
        if seen != sorted(set(seen)):
            yield "the reader saw events twice or out of order"
        skipped = {record.position for record in log} - set(seen)
        if skipped:
            yield f"the reader missed {sorted(skipped)[:10]}"


def record_history(
    stores: Sequence[EventStore], reader: EventStore, signal: AppendSignal, *, appends: int, most_events: int, seed: int
) -> History:
    """Lets one writer per store append, each to streams of its own, while a reader follows the log."""
    history = History()
    writing = [
        threading.Thread(target=_write, args=(history, *given))
        for given in _writers(stores, appends, most_events, seed)
    ]
    done = threading.Event()
    reading = threading.Thread(target=_follow, args=(history, reader, signal, done))
    for thread in [reading, *writing]:
        thread.start()
    for thread in writing:
        thread.join()
    done.set()
    reading.join()
    return history


def _writers(
    stores: Sequence[EventStore], appends: int, most_events: int, seed: int
) -> Iterable[tuple[EventStore, str, int, int, random.Random]]:
    for number, store in enumerate(stores):
        yield store, f"writer-{number}", appends, most_events, random.Random(f"{seed}-{number}")


def _write(
    history: History, store: EventStore, name: str, appends: int, most_events: int, chance: random.Random
) -> None:
    for number in range(appends):
        threading.Event().wait(chance.choice([0, 0, 0.001, 0.005]))
        stream = f"{name}-{number}"
        events = [
            StoredEvent(stream, version + 1, "Noted.v1", STATE) for version in range(chance.randint(1, most_events))
        ]
        _note(history, stream, lambda events=events: store.append(events))  # type: ignore[misc]


def _note(history: History, stream: str, append: Callable[[], Appended]) -> None:
    try:
        appended = append()
    except ServiceError as failure:
        history.failures.append(failure)
    else:
        history.acknowledged.extend((position, stream) for position in appended.positions)


def _follow(history: History, store: EventStore, signal: AppendSignal, done: threading.Event) -> None:
    """Reads after the last position it saw, and once more to the end when the writers are done."""
    last = 0
    while True:
        ending = done.is_set()
        page = store.read_log(last, 500)
        history.seen.extend(page)
        if page:
            last = page[-1].position
        elif ending:
            return
        else:
            signal.wait(0.05)
