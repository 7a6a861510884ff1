"""Where a ledger finds what it does not hold."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from events.fold import Knowledge
from events.matters import Matter


class Library(Protocol):
    """The log and what leads into it, as they are at the position of the ledger.

    More than is asked for may be named; what is younger than that position has no records.
    """

    def records(self, claims: Collection[str], /) -> Knowledge:
        """These claims with all that bear on them by responses, their articles, and the merges of whom they name."""

    def surroundings(self, articles: Collection[str], entities: Collection[str], /) -> Knowledge:
        """These articles, and the merges of these entities and of those that they went into."""

    def claims_on(self, matters: Collection[Matter], /) -> Collection[str]:
        """The claims that bear on matters."""

    def claims_in(self, articles: Collection[str], /) -> Collection[str]:
        """The claims that rest on articles."""

    def claims_naming(self, entities: Collection[str], /) -> Collection[str]:
        """The claims that name one of the entities, or what was ever merged into one, however indirectly."""


class Nowhere:
    """The library of a ledger that holds everything."""

    def records(self, claims: Collection[str]) -> Knowledge:
        return Knowledge()

    def surroundings(self, articles: Collection[str], entities: Collection[str]) -> Knowledge:
        return Knowledge()

    def claims_on(self, matters: Collection[Matter]) -> Collection[str]:
        return ()

    def claims_in(self, articles: Collection[str]) -> Collection[str]:
        return ()

    def claims_naming(self, entities: Collection[str]) -> Collection[str]:
        return ()
