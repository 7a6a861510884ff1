"""Some of many rows, and how many there are in all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from psycopg.rows import tuple_row

from service.db import Reads

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Listed(Generic[Item]):
    """Some things, those first that need looking at, and how many there are in all."""

    total: int
    listed: Sequence[Item]

    def plain(self, tell: Callable[[Item], object]) -> dict[str, object]:
        """As data, each of them as it is told."""
        return {"total": self.total, "listed": [tell(one) for one in self.listed]}


def read_listed(database: Reads, query: str, params: Mapping[str, object], kind: Callable[..., Item]) -> Listed[Item]:
    """What a query finds whose last column is how many rows there are in all, each made of the other columns."""
    rows = database.read(query, params, tuple_row)
    return Listed(rows[0][-1] if rows else 0, [kind(*row[:-1]) for row in rows])
