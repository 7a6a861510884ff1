"""The entities of a network: who is asked for, and what those in an answer are called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from events.errors import Unknown
from events.knowledge import survivors
from events.merges import MergeNotice, merge_notices
from events.records import EVER, EntityRecord
from events.text import clean_id
from service.errors import QueryTooExpensive
from service.timeline.loading import Loader
from service.timeline.naming import Naming
from service.timeline.views import Clocks, NodeView


class Nodes:
    """Finds and names entities; an answer holds so many of them at most."""

    def __init__(self, load: Loader, naming: Naming, most: int) -> None:
        self._load = load
        self._naming = naming
        self.most = most

    def asked(
        self, entities: Sequence[str], parameter: str, clocks: Clocks
    ) -> tuple[list[str], tuple[MergeNotice, ...]]:
        """The entities that go on for those asked for, each once by id, and what merges mean for the answer.

        Unknown for one that nobody registered, named by its parameter.
        """
        given = [clean_id(entity, parameter) for entity in entities]
        known = {record.id for record in self._load.entities(given, EVER)}
        for entity in given:
            if entity not in known:
                raise Unknown(f"there is no entity {entity!r}", parameter)
        named = [*given, *clocks.perspective]
        knowledge = self._load.merges_of(named, clocks.position)
        merged = survivors(knowledge, clocks.position)
        goes_on = sorted({merged.get(entity, entity) for entity in given})
        return goes_on, merge_notices(knowledge, named, clocks.position)

    def called(
        self, entities: Iterable[str], clocks: Clocks, also: Iterable[str] = ()
    ) -> tuple[tuple[NodeView, ...], dict[str, str | None]]:
        """The entities by id, and the names of these and of others.

        They are as they were at the position; one that was registered later is as it was first.
        """
        ids = sorted(entities)
        names = self._naming.names_of({*ids, *also}, clocks)
        records = self._load.entities(ids, EVER)
        return tuple(NodeView(r.id, _kind(r, clocks.position), names.get(r.id)) for r in records), names

    def too_wide(self, cheaper: str) -> QueryTooExpensive:
        """The refusal of an answer with more entities, and what to ask for instead."""
        return QueryTooExpensive(f"An answer holds at most {self.most} entities. Ask for {cheaper}.")


def _kind(record: EntityRecord, position: int) -> str:
    return (record.at(position) or record.contents[0][1]).kind
