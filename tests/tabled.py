"""The tables of the states of a history in memory: what was listed under whom, believed, and what ever bore on what."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from operator import itemgetter

from events.beliefs import encode_belief
from events.envelope import RecordedEvent
from events.fold import fold
from events.ledger import Ledger, Taken
from events.matters import Matter
from events.publicity import Publicity
from service.projections.beliefs import FIRST, Beliefs, Kept, Place, Placed
from tests.libraries import Whole


class PlainBeliefs(Beliefs):
    """Finds the places, bearers and beliefs that the tables would hold after these events."""

    def __init__(self, events: Iterable[RecordedEvent], anew: bool = False) -> None:
        """`anew`: for each event with a ledger that knows nothing but what it finds of those before."""
        library, ledger, known = Whole(), Ledger(), list[RecordedEvent]()
        self._places: dict[tuple[str, Place], tuple[int, Matter]] = {}
        self._bearers: set[tuple[str, str]] = set()
        self._versions: dict[str, list[tuple[int, bytes, Publicity]]] = defaultdict(list)
        for recorded in events:
            if anew:
                ledger, library.known = Ledger(library), fold(known)
                known.append(recorded)
            taken = ledger.take(recorded.event, recorded.position)
            for matter, claim in taken.bearers:
                self._bearers.add((matter.id, claim))
                library.found[matter].add(claim)
            for matter in taken.matters:
                self._take(ledger, taken, matter, recorded.position)

    def _take(self, ledger: Ledger, taken: Taken, matter: Matter, position: int) -> None:
        believed, versions = ledger.belief(matter), self._versions[matter.id]
        publicity = ledger.publicity(matter, taken, versions[-1][2] if versions else None)
        versions.append((position, encode_belief(believed), publicity))
        for entity in believed.entities:
            self._places.setdefault((entity, Place(matter.rank, matter.name)), (position, matter))

    def placed(self, entity: str, after: Place, ranks: Sequence[int], position: int, limit: int) -> list[Placed]:
        """See `Beliefs`."""
        found = [
            Placed(*place, matter.id, matter.kind, *self._at(matter.id, position)[2])
            for (listed, place), (since, matter) in self._places.items()
            if listed == entity and place > after and place.rank in ranks and since <= position
        ]
        return sorted(found)[:limit]

    def listed(self, entity: str, after: Place, ranks: Sequence[int], position: int, limit: int) -> list[Kept]:
        """See `Beliefs`."""
        found = self.placed(entity, after, ranks, position, limit)
        return [Kept(*row.place, row.kind, self._at(row.matter, position)[1]) for row in found]

    def listed_under(
        self, entities: Collection[str], ranks: Sequence[int], position: int, limit: int, least: int = 1
    ) -> list[Kept]:
        """See `Beliefs`."""
        rows = [row for entity in entities for row in self.placed(entity, FIRST, ranks, position, len(self._places))]
        found = sorted(row for row, count in Counter(rows).items() if count >= least)[:limit]
        return [Kept(*row.place, row.kind, self._at(row.matter, position)[1]) for row in found]

    def bodies(self, matters: Collection[str], position: int) -> dict[str, bytes]:
        """See `Beliefs`."""
        return {matter: self._at(matter, position)[1] for matter in matters}

    def bearers(self, matters: Collection[str], limit: int) -> list[str]:
        """See `Beliefs`."""
        return sorted({claim for matter, claim in self._bearers if matter in matters})[:limit]

    def _at(self, matter: str, position: int) -> tuple[int, bytes, Publicity]:
        versions = self._versions[matter]
        return versions[bisect_right(versions, position, key=itemgetter(0)) - 1]
