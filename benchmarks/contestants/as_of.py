"""How ours answers for a point of the clocks: what the depth benchmark measures, in one place."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from events.matters import POSITION, RELATION
from events.network import Wanted
from service.bootstrap import Services
from service.http.render import relation
from service.http.rendered import rendered
from service.projections.index import Index
from service.timeline.parts import part
from service.timeline.views import Clocks

_WANTED = Wanted()


class Perspective(NamedTuple):
    """The two other clocks: published by a day, and according to an entity."""

    published_by: int | None = None
    according_to: str | None = None


EVERYTHING = Perspective()


class AsOf:
    """Answers of one timeline."""

    def __init__(self, services: Services) -> None:
        self._timeline = services.timeline
        self._index = Index(services.database, has_beliefs=True)

    def rows(
        self, entity: str, day: int, position: int, limit: int, perspective: Perspective = EVERYTHING
    ) -> list[bytes]:
        """The relations of an entity that tell something, as JSON, in the order of their keys."""
        states = self._timeline.states(_clocks(day, position, perspective))
        found = part(states.listed(entity, kinds=(RELATION, POSITION)), _WANTED, limit).told
        return [msgspec.json.encode(relation(getattr(state, "relation", state))) for _, state in found]

    def again(self, entity: str, day: int, position: int, limit: int) -> bytes:
        """The relations of an entity as a JSON array, as the service sends them: remembered, once they were told."""
        reached = self._index.reached(entity)
        clocks = Clocks(day, None, position, None, None, reached.mark, reached.since)
        return rendered(self._timeline.state_part(entity, clocks, _WANTED, limit), ended=False).relations

    def relation(self, key: tuple[str, str, str], day: int, position: int) -> bytes:
        """One relation, as JSON."""
        return msgspec.json.encode(relation(self._timeline.relation(*key, _clocks(day, position, EVERYTHING)).state))


def _clocks(day: int, position: int, perspective: Perspective) -> Clocks:
    return Clocks(day, perspective.published_by, position, None, perspective.according_to)
