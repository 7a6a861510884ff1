"""Judges what writers were told and what readers saw against the log.

A piece of work is one append of a few events. Its number is in its events, so that it is known wherever it is stored.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from eventsourcing.persistence import StoredEvent

from service.store.protocol import EventStore, StoredRecord

_PAGE = 10_000
_WRITER = 10**9
_EXAMPLES = 5


def work_events(work: int, count: int, stream: str | None = None) -> list[StoredEvent]:
    """The events of a piece of work, by default in a stream of its own."""
    state = b'{"work":%d}' % work
    return [StoredEvent(stream or f"work-{work}", version, "Noted.v1", state) for version in range(1, count + 1)]


def work_number(writer: int, number: int) -> int:
    """The name of a writer's piece of work."""
    return writer * _WRITER + number


@dataclass
class Told:
    """What writers were told: at which position each event of their work was stored, and what failed."""

    positions: array[int] = field(default_factory=lambda: array("q"))
    works: array[int] = field(default_factory=lambda: array("q"))
    failures: list[str] = field(default_factory=list)

    def note(self, work: int, positions: Iterable[int]) -> None:
        """The work was acknowledged."""
        for position in positions:
            self.positions.append(position)
            self.works.append(work)


@dataclass
class Seen:
    """What a reader saw: the positions in the order of seeing, and the sum of the hashes of all the events."""

    positions: array[int] = field(default_factory=lambda: array("q"))
    digest: int = 0

    def take(self, records: Iterable[StoredRecord]) -> None:
        """The reader got these."""
        for record in records:
            self.positions.append(record.position)
            self.digest += _hash(record)


def violations(store: EventStore, told: Sequence[Told], seen: Sequence[Seen]) -> list[str]:
    """Every promise that was not kept; empty when all were."""
    log = Seen()
    works = array("q", [0])  # by position
    wrong = list(_of_log(store, log, works))
    for writer in told:
        wrong += [f"an append failed: {failure}" for failure in writer.failures[:_EXAMPLES]]
    wrong += _of_acknowledgements(told, works)
    for reader in seen:
        wrong += _of_reader(reader, log)
    return wrong


def _of_log(store: EventStore, log: Seen, works: array[int]) -> Iterator[str]:
    done: set[tuple[int, int]] = set()
    before = datetime.min.replace(tzinfo=UTC)
    while page := store.read_log(log.positions[-1] if log.positions else 0, _PAGE):
        for record in page:
            work = int(record.state[8:-1])
            if record.position != len(works):
                yield f"position {record.position} follows {len(works) - 1}"
            if record.recorded_at <= before:
                yield f"recorded_at does not grow at position {record.position}"
            if (work, record.version) in done:
                yield f"work {work} was done twice, again at position {record.position}"
            done.add((work, record.version))
            before = record.recorded_at
            works.append(work)
        log.take(page)


def _of_acknowledgements(told: Sequence[Told], works: array[int]) -> Iterator[str]:
    given: set[int] = set()
    for writer in told:
        for position, work in zip(writer.positions, writer.works, strict=True):
            if position in given:
                yield f"position {position} was given twice"
            given.add(position)
            if position >= len(works) or works[position] != work:
                yield f"work {work} was acknowledged at {position} and is not there"


def _of_reader(reader: Seen, log: Seen) -> Iterator[str]:
    missed = sorted(set(log.positions) - set(reader.positions))
    if missed:
        yield f"a reader missed {len(missed)} events: {missed[:_EXAMPLES]}"
    twice = len(reader.positions) - len(set(reader.positions))
    if twice:
        yield f"a reader saw {twice} events again"
    if any(after <= before for before, after in zip(reader.positions, reader.positions[1:], strict=False)):
        yield "a reader saw events out of order"
    if reader.positions == log.positions and reader.digest != log.digest:
        yield "a reader saw other events than are in the log"


def _hash(record: StoredRecord) -> int:
    text = b"%d %s %d %s" % (record.position, record.stream.encode(), record.version, record.state)
    return int.from_bytes(hashlib.blake2b(text, digest_size=16).digest())
