"""What relations are, as rows with two periods: the days on which a fact counts, and the log positions.

They are made of the versions that `benchmarks.facts` writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

Period = tuple[int, int, str]
"""The first day, the day after the last, the fact."""


class Row(NamedTuple):
    """A fact about a relation of an entity. It counts from a day to the one before another, and so with positions.

    `until_position` is None as long as it stands.
    """

    entity: str
    key: tuple[str, str, str]
    since: int
    until: int
    fact: str
    position: int
    until_position: int | None


def rows(told: Path) -> Iterator[Row]:
    """The rows of all relations in a file, each under both of its ends; what did not change goes on."""
    standing: dict[Period, int] = {}
    last: tuple[str, str, str] = ("", "", "")
    with told.open(encoding="utf-8") as lines:
        for line in lines:
            (relation, subject, other), position, pieces = json.loads(line)
            key = (relation, subject, other)
            if key != last:
                yield from _rows(last, standing, standing, None)
                last, standing = key, {}
            now = {(since, until, fact) for since, until, _, fact in pieces}
            yield from _rows(key, standing, standing.keys() - now, position)
            standing = {period: standing.get(period, position) for period in now}
    yield from _rows(last, standing, standing, None)


def _rows(
    key: tuple[str, str, str], standing: dict[Period, int], periods: Iterable[Period], until_position: int | None
) -> Iterator[Row]:
    for period in periods:
        for entity in key[1:]:
            yield Row(entity, key, *period, standing[period], until_position)
