"""The read tables of a history in memory: what the queries of the index find, told by the folded records."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from events.fold import Knowledge
from events.mentions import entities_in, responded_to
from events.records import ClaimRecord
from events.values import ClaimContent
from service.projections.index import Index, Unsettled


class PlainIndex(Index):
    """Finds what the tables would, and nothing more, so that what an answer is not given is missed."""

    def __init__(self, knowledge: Knowledge) -> None:
        records = knowledge.claims.values()
        self._names = {record.id: {e for c in _contents(record) for e in entities_in(c)} for record in records}
        self._articles = {record.id: _articles(record) for record in records}
        self._responses = {
            (record.id, other) for record in records for c in _contents(record)
            for other in responded_to(record.id, c.attributes)
        }  # fmt: skip
        self._merges = {(entity.id, merge.into) for entity in knowledge.entities.values() for merge in entity.merges}
        self._entities = sorted(knowledge.entities)
        self._versions = {record.id: record.version for record in records}
        self._corrected = {article.id for article in knowledge.articles.values() if article.version > 1}

    def merge_class(self, entity: str) -> list[str]:
        """See `Index`."""
        return self.merge_classes((entity,))

    def merge_classes(self, entities: Collection[str]) -> list[str]:
        """See `Index`."""
        return sorted(_reached(entities, {pair for one, two in self._merges for pair in ((one, two), (two, one))}))

    def claims_of(self, first: Collection[str], second: Collection[str], limit: int) -> list[str]:
        """See `Index`."""
        named = (c for c, names in self._names.items() if names & set(first) and names & set(second))
        return self.claims_about(list(named), limit)

    def claims_among(self, entities: Collection[str], limit: int) -> list[str]:
        """See `Index`."""
        return self.claims_about([c for c, names in self._names.items() if len(names & set(entities)) > 1], limit)

    def claims_about(self, claims: Collection[str], limit: int) -> list[str]:
        """See `Index`."""
        joined = {pair for one, two in self._responses for pair in ((one, two), (two, one))}
        return sorted(_reached(claims, joined))[:limit]

    def unsettled(self, entities: Collection[str], limit: int) -> list[Unsettled]:
        """See `Index`."""
        named = [claim for claim, names in self._names.items() if names & set(entities)]
        found = [Unsettled(claim, self._is_answered(claim), self._is_open(claim)) for claim in named]
        return [item for item in found if item.is_answered or item.is_open][:limit]

    def heard_from(self, claims: Collection[str], entities: Collection[str]) -> list[str]:
        """See `Index`."""
        joined: dict[str, set[str]] = {}
        for response, other in self._responses:
            joined.setdefault(response, {response}).add(other)
        heard = [group for group in joined.values() if any(self._names[claim] & set(entities) for claim in group)]
        return sorted({claim for claim in claims for group in heard if claim in group})

    def _is_answered(self, claim: str) -> bool:
        return any(claim in pair for pair in self._responses)

    def _is_open(self, claim: str) -> bool:
        most = 1 if self._is_answered(claim) else 2 if len(self._articles[claim]) > 1 else None
        if most is None:
            return False
        moved = not self._names[claim].isdisjoint(merged for merged, _ in self._merges)
        return self._versions[claim] > most or moved or not self._articles[claim].isdisjoint(self._corrected)

    def articles_of(self, claims: Collection[str]) -> list[str]:
        """See `Index`."""
        return sorted({article for claim in claims for article in self._articles.get(claim, ())})

    def merged_among(self, claims: Collection[str], entities: Collection[str]) -> list[str]:
        """See `Index`."""
        asked = {*entities, *(name for claim in claims for name in self._names.get(claim, ()))}
        merged = {name for name, _ in self._merges}
        begun = asked & merged
        return sorted(_reached(begun, self._merges))

    def entities_from(self, first: str, most: int, limit: int) -> list[tuple[str, int]]:
        """See `Index`."""
        counts = ((e, sum(e in names for names in self._names.values())) for e in self._entities if e >= first)
        return [(entity, min(count, most)) for entity, count in counts][:limit]


def _contents(record: ClaimRecord) -> list[ClaimContent]:
    return [record.versions(at).content for at in (record.position, *(at for at, _ in record.amendments))]


def _articles(record: ClaimRecord) -> set[str]:
    amending = (getattr(amendment, "article", None) for _, amendment in record.amendments)
    return {record.original.article, *(article for article in amending if article is not None)}


def _reached(begun: Iterable[str], joined: Collection[tuple[str, str]]) -> set[str]:
    """All that some are joined with, however indirectly."""
    found = set(begun)
    while fresh := {two for one, two in joined if one in found} - found:
        found |= fresh
    return found
