"""The beliefs in the tables compared with the fold of the log."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from events.beliefs import belief_in, decode_belief, encode_belief
from events.knowledge import NOW, hear
from events.matters import Bearing, Matter, bearings
from events.state import refs_in
from service.db import Connection
from service.projections.projection import Difference, History
from service.projections.shelves import Shelves
from service.sql import load_queries

_QUERIES = load_queries("states")


class Audit:
    """What the tables of one moment hold, beside what the fold says of the same positions."""

    def __init__(self, connection: Connection, history: History, checkpoint: int) -> None:
        self._connection = connection
        self._history = history
        self._checkpoint = checkpoint

    def of(self, claims: Sequence[str]) -> list[Difference]:
        """Where beliefs about the matters of these claims differ: the newest, and one from the middle of their past."""
        hearing = hear(self._shelves(self._checkpoint).records(claims), NOW)
        matters = [matter for matter, bearing in bearings(hearing).items() if not bearing.claims.isdisjoint(claims)]
        found = self._connection.execute(
            _QUERIES["positions_of"], {"matters": [UUID(matter.id) for matter in matters]}
        ).fetchall()
        since: dict[UUID, list[int]] = dict(found)
        differences: list[Difference] = []
        for matter in matters:
            positions = since.get(UUID(matter.id), [])
            for position in dict.fromkeys((self._checkpoint, *positions[len(positions) // 2 :][:1])):
                differences += self._differing(matter, position)
        return differences

    def _differing(self, matter: Matter, position: int) -> list[Difference]:
        shelves = self._shelves(position)
        knowledge = shelves.records(shelves.claims_on([matter]))
        hearing = hear(knowledge, NOW)
        bearing = bearings(hearing).get(matter) or Bearing()
        told = belief_in(hearing, matter, bearing, refs_in(knowledge, position))
        where: dict[str, object] = {"matter": UUID(matter.id), "position": position}
        row = self._connection.execute(_QUERIES["belief_at"], where).fetchone()
        name = f"{matter.kind} {matter.id} at {position}"
        if row is None:
            return [Difference("beliefs", name, "the log says so and the table does not")]
        if bytes(row[0]) != encode_belief(told):
            kept = decode_belief(matter.kind, bytes(row[0]))
            return [Difference("beliefs", name, f"the log says {told} and the table says {kept}")]
        place = where | {"entities": list(told.entities), "rank": matter.rank, "name": matter.name}
        listed = self._entities("places_of", place)
        missing = [("places", entity) for entity in told.entities if entity not in listed]
        missing += [("entity_beliefs", entity) for entity in self._entities("unnoted", place)]
        return [
            Difference(table, f"{entity} {name}", "the log says so and the table does not") for table, entity in missing
        ]

    def _entities(self, query: str, asked: dict[str, object]) -> set[str]:
        return {entity for (entity,) in self._connection.execute(_QUERIES[query], asked)}

    def _shelves(self, position: int) -> Shelves:
        return Shelves(self._connection, self._history, position)
