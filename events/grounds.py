"""Why an answer is what it is: who says so in which claims, who opposes it, and what does not count.

Every list is bounded, with the number of all beside it: an answer about 20,000 claims is as short as one about 20.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from events.effects import OBSERVE, OPEN, PLAN
from events.knowledge import Heard, Hearing
from events.values import ClaimContent

MOST = 20
"""How many of each list an answer names."""


class Asserter(NamedTuple):
    """Somebody who says it: the key under which asserters are told apart, and the voices it was heard in."""

    asserter: str
    kinds: tuple[str, ...]
    agent: tuple[str, ...]
    affiliation: tuple[str, ...]
    articles: tuple[str, ...]
    article_count: int


class Grounds(NamedTuple):
    """The asserters whose claims are the newest, in the order of their keys, and the newest claims, newest first."""

    asserted_by: tuple[Asserter, ...] = ()
    asserter_count: int = 0
    claims: tuple[str, ...] = ()
    claim_count: int = 0


class Side(NamedTuple):
    """One side of a conflict: who says what, in which claims."""

    asserted_by: Asserter
    claims: tuple[str, ...]
    claim_count: int
    value: str | None


class Conflict(NamedTuple):
    """Claims of different asserters that oppose each other, in one aspect or as a whole (no aspect)."""

    aspect: str | None
    why: str
    sides: tuple[Side, ...]


class Excluded(NamedTuple):
    """A claim that does not count: corrected, superseded, retracted, or a headline that its article contradicts."""

    claim: str
    why: str
    by: str | None


class Disputes(NamedTuple):
    """The first of the conflicts and of the claims that do not count, in a fixed order."""

    conflicts: tuple[Conflict, ...] = ()
    conflict_count: int = 0
    excluded: tuple[Excluded, ...] = ()
    excluded_count: int = 0

    def with_more(self, more: Iterable[Conflict]) -> Disputes:
        """The same with some more conflicts."""
        fresh = set(more) - set(self.conflicts)
        if not fresh:
            return self
        found = _in_order({*self.conflicts, *fresh})
        return self._replace(conflicts=found[:MOST], conflict_count=self.conflict_count + len(fresh))


def grounds(claims: Iterable[Heard]) -> Grounds:
    """Who asserts these claims, and the claims themselves; each once."""
    newest = sorted({heard.claim: heard for heard in claims}.values(), key=_newest_first)
    by_asserter: dict[str, list[Heard]] = {}
    for heard in newest:
        by_asserter.setdefault(heard.asserter, []).append(heard)
    return Grounds(
        tuple(_asserter(name, by_asserter[name]) for name in sorted(list(by_asserter)[:MOST])),
        len(by_asserter),
        tuple(heard.claim for heard in newest[:MOST]),
        len(newest),
    )


def disputes(hearing: Hearing, touching: set[str]) -> Disputes:
    """Every opposition that touches these claims, one for each aspect and pair of sides; what does not count."""
    opposed, gone = _conflicts(hearing, touching), _excluded(hearing, touching)
    return Disputes(opposed[:MOST], len(opposed), gone[:MOST], len(gone))


def sides(claims: Iterable[Heard]) -> tuple[Side, ...]:
    """What each asserter of some claims says."""
    by_asserter: dict[str, list[Heard]] = {}
    for heard in sorted(claims, key=lambda heard: heard.claim):
        by_asserter.setdefault(heard.asserter, []).append(heard)
    return tuple(
        Side(
            _asserter(name, said),
            tuple(heard.claim for heard in said[:MOST]),
            len(said),
            _value(said),
        )
        for name, said in sorted(by_asserter.items())[:MOST]
    )


def disputed(hearing: Hearing, touching: set[str]) -> set[str]:
    """Who opposes a claim among these or is opposed, as a whole and heard."""
    opposed = {o for claim in touching for o in hearing.opposed_about.get(claim, ()) if o.aspect is None}
    quiet = hearing.quiet
    return {claim for o in opposed if not {o.by, o.target} & quiet for claim in (o.by, o.target)}


def supported_on(claims: Iterable[Heard]) -> int | None:
    """The day of the latest article that supports what is so, or what is planned."""
    return max((h.published.latest for h in claims if h.effect in (OPEN, OBSERVE, PLAN)), default=None)


def _newest_first(heard: Heard) -> tuple[int, int, str]:
    return -heard.published.latest, -heard.published.earliest, heard.claim


def _asserter(name: str, claims: list[Heard]) -> Asserter:
    contents: list[ClaimContent] = [heard.content for heard in claims]
    articles = sorted({content.article for content in contents})
    return Asserter(
        name,
        tuple(sorted({c.asserted_by.kind for c in contents})),
        tuple(sorted({agent for c in contents for agent in c.asserted_by.agent})),
        tuple(sorted({affiliation for c in contents for affiliation in c.asserted_by.affiliation})),
        tuple(articles[:MOST]),
        len(articles),
    )


def _conflicts(hearing: Hearing, touching: set[str]) -> tuple[Conflict, ...]:
    everyone = hearing.everyone
    grouped: dict[tuple[str | None, frozenset[str]], tuple[set[str], set[str]]] = {}
    for opposed in {o for claim in touching for o in hearing.opposed_about.get(claim, ())}:
        between = frozenset(everyone[name].asserter for name in (opposed.by, opposed.target))
        kinds, claims = grouped.setdefault((opposed.aspect, between), (set(), set()))
        kinds.add(opposed.why)
        claims.update((opposed.by, opposed.target))
    return _in_order(
        Conflict(aspect, "+".join(sorted(kinds)), sides(everyone[name] for name in claims))
        for (aspect, _), (kinds, claims) in grouped.items()
    )


def _in_order(found: Iterable[Conflict]) -> tuple[Conflict, ...]:
    return tuple(sorted(found, key=str))


def _value(side: list[Heard]) -> str | None:
    """What the side says, where its claims carry a value."""
    values = sorted({str(h.content.attributes["value"]) for h in side if "value" in h.content.attributes})
    return "; ".join(values) or None


def _excluded(hearing: Hearing, touching: set[str]) -> tuple[Excluded, ...]:
    undone = [Excluded(*item) for claim in touching for item in hearing.undone_of.get(claim, ())]
    headlines = [_headline(hearing, claim) for claim in touching & hearing.quiet]
    return tuple(sorted({*undone, *headlines}, key=str))


def _headline(hearing: Hearing, claim: str) -> Excluded:
    others = [o.by if o.target == claim else o.target for o in hearing.opposed_about.get(claim, ())]
    return Excluded(claim, "headline", min(others, default=None))
