"""What exports are made of: parts of an answer as plain data, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from service.errors import QueryTooExpensive

MOST_ENTITIES = 1_000_000
"""So many entities one answer may tell where each is told once: their ids are kept meanwhile."""
Answer = Mapping[str, Any]


class Chapter(NamedTuple):
    """Some relations as they are answered, with the entities at their ends (`id`, `kind`, `name`).

    `articles` by id, and `claims`: the records behind the relations, for forms that tell them.
    """

    nodes: Sequence[Answer]
    relations: Sequence[Answer]
    articles: Mapping[str, Answer] = {}
    claims: Sequence[Answer] = ()


def with_all_ends(nodes: Iterable[Answer], relations: Iterable[Answer]) -> list[Answer]:
    """The entities, and those at the ends of relations of which nothing can be told: their records are held back."""
    found = {node["id"]: node for node in nodes}
    ends = {relation[end] for relation in relations for end in ("subject", "object")}
    return [*found.values(), *({"id": name, "kind": None, "name": None} for name in sorted(ends - found.keys()))]


class Told:
    """The things that were told already, by id."""

    def __init__(self) -> None:
        self._ids: set[str] = set()

    def new(self, items: Iterable[Answer]) -> list[Answer]:
        """Those that were not told before. QueryTooExpensive when they are too many to be kept in mind."""
        found = {item["id"]: item for item in items if item["id"] not in self._ids}
        self._ids.update(found)
        if len(self._ids) > MOST_ENTITIES:
            raise QueryTooExpensive(
                f"In this form an answer tells at most {MOST_ENTITIES} entities. Ask for a smaller part, or for CSV."
            )
        return list(found.values())
