"""The event sourcing library looking back: one aggregate per company, loaded up to a version and folded."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from benchmarks.contestants.library import environment
from benchmarks.contestants.task import perform
from benchmarks.load import callers, once
from benchmarks.questions import LIMIT, Question, Told, demand_same, load

BATCH = 500
BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


class Company(Aggregate):
    """What the relations of a company are. Each event tells all that one of them is, on all days."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.relations: dict[tuple[str, ...], list[Any]] = {}

    @event("Told")
    def tell(self, key: list[str], pieces: list[Any]) -> None:
        """A relation is something else from now on."""
        self.relations[tuple(key)] = pieces

    def on(self, day: int) -> Iterator[Told]:
        """What it is on a day, relation by relation."""
        for key in sorted(self.relations):
            for since, until, _, fact in self.relations[key]:
                if since <= day < until:
                    yield (key[0], key[1], key[2], fact)


class Companies(Application[UUID]):
    """Tells what a company was."""

    def as_of(self, name: str, version: int, day: int) -> list[Told]:
        """A page of what was known of a company at a version of it."""
        if version == 0:
            return []
        company: Company = self.repository.get(_id(name), version=version)
        return [row for row, _ in zip(company.on(day), range(LIMIT), strict=False)]


def fill(url: str, asked: str, told: str, most: int) -> dict[str, Any]:
    """The companies asked for, and others until there are so many events."""
    streams = _streams(Path(told), {question.entity for question in load(asked)}, most)
    companies = Companies(environment(url))

    def work() -> None:
        batch: list[Any] = []
        for name, versions in streams.items():
            for domain_event in _events(name, versions):
                batch.append(companies.mapper.to_stored_event(domain_event))
                if len(batch) == BATCH:
                    companies.recorder.insert_events(batch)
                    batch = []
        companies.recorder.insert_events(batch)

    count = sum(len(versions) + 1 for versions in streams.values())
    return once(count, work)


def check(url: str, asked: str, told: str) -> None:
    """ValueError unless each answer is that of ours."""
    companies = Companies(environment(url))
    for name, version, day, question in _wanted(asked, told, None):
        demand_same(question, companies.as_of(name, version, day))


def as_of(url: str, asked: str, told: str, kind: str, seconds: float, warm_up: float) -> dict[str, Any]:
    """One question after the other; which version it is about is known beforehand, for the library has no lookup."""
    companies = Companies(environment(url))
    wanted = _wanted(asked, told, kind)

    def call(index: int) -> object:
        name, version, day, _ = wanted[index % len(wanted)]
        return companies.as_of(name, version, day)

    return callers(1, seconds, warm_up, lambda _: call)


def _wanted(asked: str, told: str, kind: str | None) -> list[tuple[str, int, int, Question]]:
    questions = load(asked, kind)
    streams = _streams(Path(told), {question.entity for question in questions}, 0)
    positions = {name: [position for position, _, _ in versions] for name, versions in streams.items()}
    return [
        (q.entity, found + 1 if (found := bisect_right(positions.get(q.entity, []), q.position)) else 0, q.day, q)
        for q in questions
    ]


Versions = list[tuple[int, list[str], list[Any]]]


def _streams(told: Path, first: set[str], most: int) -> dict[str, Versions]:
    """What is told of each company, in the order of positions: of some, and of others up to so many events."""
    streams: dict[str, Versions] = defaultdict(list)
    count = 0
    with told.open(encoding="utf-8") as lines:
        for line in lines:
            key, position, pieces = json.loads(line)
            for entity in key[1:]:
                if entity in first or count < most:
                    streams[entity].append((position, key, pieces))
                    count += 1
    for versions in streams.values():
        versions.sort(key=lambda version: version[0])
    return streams


def _events(name: str, versions: Versions) -> Iterator[Any]:
    yield Company.Created(  # type: ignore[call-arg]
        originator_id=_id(name), originator_version=1, originator_topic=_TOPIC, timestamp=BEGINNING, name=name
    )
    for number, (position, key, pieces) in enumerate(versions, start=2):
        yield Company.Told(  # type: ignore[attr-defined]
            originator_id=_id(name), originator_version=number, timestamp=_instant(position), key=key, pieces=pieces
        )


def _instant(position: int) -> datetime:
    return BEGINNING + timedelta(milliseconds=position)


def _id(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, name)


_TOPIC = f"{Company.__module__}:{Company.__qualname__}"

if __name__ == "__main__":
    perform({"fill": fill, "check": check, "as_of": as_of})
