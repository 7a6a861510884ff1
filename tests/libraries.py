"""A library in memory: what a ledger that begins anew finds of what was recorded before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from events.fold import Knowledge
from events.matters import Matter
from events.mentions import entities_in, responded_to


class Whole:
    """A library of everything that was recorded so far."""

    def __init__(self) -> None:
        self.known = Knowledge()
        self.found: dict[Matter, set[str]] = defaultdict(set)

    def records(self, claims: Collection[str]) -> Knowledge:
        links = {
            pair
            for record in self.known.claims.values()
            for content in record.contents()
            for other in responded_to(record.id, content.attributes)
            for pair in ((record.id, other), (other, record.id))
        }
        named, fresh = set(claims), set(claims)
        while fresh:
            fresh = {other for claim, other in links if claim in fresh} - named
            named |= fresh
        found = {name: record for name, record in self.known.claims.items() if name in named}
        return Knowledge(claims=found)

    def surroundings(self, articles: Collection[str], entities: Collection[str]) -> Knowledge:
        return Knowledge(self.known.entities, {a: r for a, r in self.known.articles.items() if a in articles}, {})

    def claims_on(self, matters: Collection[Matter]) -> Collection[str]:
        return {claim for matter in matters for claim in self.found[matter]}

    def claims_in(self, articles: Collection[str]) -> Collection[str]:
        return {name for name, record in self.known.claims.items() if record.original.article in articles}

    def claims_naming(self, entities: Collection[str]) -> Collection[str]:
        named: set[str] = set()
        fresh = set(entities)
        while fresh:
            named |= fresh
            merged = (e.id for e in self.known.entities.values() if any(merge.into in fresh for merge in e.merges))
            fresh = set(merged) - named
        return [
            name
            for name, record in self.known.claims.items()
            if any(entity in named for content in record.contents() for entity in entities_in(content))
        ]
