"""The tables of the states of a history in memory: what was listed under whom, and what ever bore on what."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from events.envelope import RecordedEvent
from events.ledger import Ledger
from service.projections.beliefs import Beliefs, Place, Placed


class PlainBeliefs(Beliefs):
    """Finds the places and bearers that the tables would hold after these events."""

    def __init__(self, events: Iterable[RecordedEvent]) -> None:
        ledger = Ledger()
        self._places: dict[tuple[str, Place], tuple[int, str]] = {}
        self._bearers: set[tuple[str, str]] = set()
        for recorded in events:
            taken = ledger.take(recorded.event, recorded.position)
            self._bearers |= {(matter.id, claim) for matter, claim in taken.bearers}
            for matter in taken.matters:
                for entity in ledger.belief(matter).entities:
                    where = entity, Place(matter.rank, matter.name)
                    self._places.setdefault(where, (recorded.position, matter.id))

    def placed(self, entity: str, after: Place, ranks: Sequence[int], position: int, limit: int) -> list[Placed]:
        """See `Beliefs`."""
        found = [
            Placed(*place, matter)
            for (listed, place), (since, matter) in self._places.items()
            if listed == entity and place > after and place.rank in ranks and since <= position
        ]
        return sorted(found)[:limit]

    def bearers(self, matters: Collection[str], limit: int) -> list[str]:
        """See `Beliefs`."""
        return sorted({claim for matter, claim in self._bearers if matter in matters})[:limit]
