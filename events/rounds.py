"""The rounds in which an entity took money."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from events.effects import CLOSE, NEGATIVE, NONE, effect, scope
from events.facts import HOLDS, UNKNOWN, Fact
from events.grounds import Grounds, grounds
from events.knowledge import Heard, Hearing
from events.profile import narrowest
from events.relationships import RelationAccount, attributes, breaks_of_attributes, telling
from events.temporal import Bounds
from events.values import ClaimContent
from events.votes import OCCURRED

INVESTOR_OF = "investor_of"
_ROUND = "round"
Refs = Callable[[str], tuple[str, ...]]
"""The refs of a claim, in the order in which they were recorded."""


@dataclass(frozen=True)
class RoundInvestor:
    """Who took part in a round, or did not."""

    entity: str
    status: str
    grounds: Grounds


@dataclass(frozen=True)
class Round:
    """A round in which an entity took money."""

    round: str
    status: str
    when: Bounds | None
    due: Bounds | None
    attributes: dict[str, Any]
    investors: tuple[RoundInvestor, ...]
    grounds: Grounds


class RoundsAccount:
    """The rounds of an entity, with what is known of each investor."""

    def __init__(self, hearing: Hearing, entity: str, told: Iterable[Heard], refs: Refs) -> None:
        """`told` are the live claims about money that it took from investors whom they do not name."""
        grouped: dict[str, list[Heard]] = {}
        for heard in told:
            grouped.setdefault(_label(heard, refs), []).append(heard)
        # A hot company has thousands of investors and mostly no such round.
        investors = _investors(hearing, entity) if grouped else {}
        self._rounds = [_RoundAccount(label, claims, refs, investors) for label, claims in grouped.items()]
        self._investors = investors

    def at(self, day: int) -> tuple[Round, ...]:
        """The rounds on one day, in the order of time."""
        found = (account.at(day) for account in self._rounds)
        return tuple(sorted((r for r in found if r.status != UNKNOWN), key=round_order))

    def breaks(self) -> set[int]:
        """The days on which they can change."""
        days = {day for account in self._rounds for day in account.breaks()}
        return days.union(*(account.breaks() for account in self._investors.values()))


class _RoundAccount:
    def __init__(self, label: str, claims: list[Heard], refs: Refs, investors: dict[str, RelationAccount]) -> None:
        self._label = label
        self._labels = {label, *(name for h in claims for name in (h.claim, *refs(h.claim)))}
        self._claims = claims
        self._fact = Fact(claims)
        self._telling = telling(claims)
        self._grounds = grounds(claims)
        self._investors = investors

    def at(self, day: int) -> Round:
        state = self._fact.at(day)
        status = OCCURRED if state.status == HOLDS else state.status
        when = state.since or (narrowest(self._claims) if status == OCCURRED else None)
        told = attributes(self._telling, state, day)
        return Round(self._label, status, when, state.due, told, self._took_part(day), self._grounds)

    def breaks(self) -> set[int]:
        return self._fact.breaks() | breaks_of_attributes(self._telling)

    def _took_part(self, day: int) -> tuple[RoundInvestor, ...]:
        return tuple(
            RoundInvestor(investor, part.state.status, part.grounds)
            for investor, account in sorted(self._investors.items())
            for part in account.at(day).parts
            if part.scope.get(_ROUND) in self._labels
        )


def took_money(heard: Heard) -> list[str]:
    """The entities that took money, as a claim says, from investors that it does not name."""
    is_told = is_round(heard.content) and heard.effect != NONE
    return heard.content.entities("investee", "issuer") if is_told else []


def is_round(content: ClaimContent) -> bool:
    """Whether a claim says that money was taken from investors whom it does not name."""
    return content.type == "investment" and not content.entities("investor", "lead")


def tells_of_part(content: ClaimContent) -> bool:
    """Whether a claim about an investor tells that it took part in a round, or that it is none any more."""
    told = dict(scope(content))
    return _ROUND in told or (not told and effect(content) in (CLOSE, NEGATIVE))


def round_order(item: Round) -> tuple[Bounds, str]:
    """Rounds stand in the order of time."""
    return item.when or Bounds(0, 0), item.round


def _investors(hearing: Hearing, entity: str) -> dict[str, RelationAccount]:
    """Those who are said to have invested in a round of an entity."""
    return {
        key[1]: RelationAccount(hearing, key)
        for key, about in sorted(hearing.about.items())
        if key[0] == INVESTOR_OF and key[2] == entity and any(_ROUND in dict(heard.scope) for heard in about)
    }


def _label(heard: Heard, refs: Refs) -> str:
    named = heard.content.attributes.get(_ROUND)
    return str(named) if named else min(refs(heard.claim), default=heard.claim)
