"""What an entity came from and what became of it: the mergers, splits and renamings that join it to others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from events.effects import OBSERVE, OPEN, PLAN
from events.facts import CONTESTED, NOT_HELD, UNKNOWN, Fact
from events.grounds import Grounds, disputed, grounds
from events.knowledge import Heard, Hearing
from events.relationships import contested
from events.temporal import AFTER_ALL, Bounds, Span, span_of
from events.values import ClaimContent
from events.vocabulary import LINEAGE_STAGES


class Step(NamedTuple):
    """One entity became another, or went into it, or came out of it."""

    predecessor: str
    successor: str
    kind: str


@dataclass(frozen=True)
class Link:
    """The entity at the other end of a step, and how sure the step is on a day. `due` is when it was planned for."""

    entity: str
    kind: str
    status: str
    when: Bounds | None
    due: Bounds | None
    grounds: Grounds


@dataclass(frozen=True)
class Lineage:
    """The steps that lead to an entity and those that lead on from it, in the order of time."""

    predecessors: tuple[Link, ...]
    successors: tuple[Link, ...]


class LineageAccount:
    """The steps that lead to an entity and on from it, asked for any number of days."""

    def __init__(self, hearing: Hearing, entity: str, told: Iterable[Heard]) -> None:
        """`told` are the live claims about its steps."""
        about: dict[Step, list[Heard]] = {}
        for heard in told:
            for step in steps(heard.content):
                if entity in step[:2]:
                    once = _Once(heard.claim, heard.content, heard.published, heard.asserter)
                    about.setdefault(step, []).append(once)
        self._entity = entity
        self._steps = [_StepAccount(hearing, step, claims) for step, claims in about.items()]

    def at(self, day: int) -> Lineage:
        """What happened, may have happened, is contested or planned by a day."""
        links = [(account.step, link) for account in self._steps if (link := account.at(day, self._entity))]
        return Lineage(
            in_order([link for step, link in links if step.successor == self._entity]),
            in_order([link for step, link in links if step.successor != self._entity]),
        )

    def breaks(self) -> set[int]:
        """The days on which it can change."""
        return {day for account in self._steps for day in account.breaks()}


def steps(content: ClaimContent) -> Iterator[Step]:
    """The steps that a claim speaks of: its predecessors become its subject, its subject becomes its successors."""
    kind = content.attributes.get("stage")
    if content.type != "organization" or kind not in LINEAGE_STAGES:
        return
    for subject in content.entities("subject"):
        ends = [(predecessor, subject) for predecessor in content.entities("predecessor")]
        ends += [(subject, successor) for successor in content.entities("successor")]
        yield from (Step(*pair, kind) for pair in ends if pair[0] != pair[1])


class _Once(Heard):
    """A claim about what happened once: where its date ends, what came of it does not."""

    @cached_property
    def span(self) -> Span:
        return Span(span_of(self.content.time.edtf).start, None)


class _StepAccount:
    """One step. Negatives are heard where they contest it."""

    def __init__(self, hearing: Hearing, step: Step, claims: Sequence[Heard]) -> None:
        self.step = step
        self._claims = claims
        opposed = disputed(hearing, {heard.claim for heard in claims})
        self._disputed = [heard for heard in claims if heard.claim in opposed]
        self._fact = Fact(claims)

    def at(self, day: int, entity: str) -> Link | None:
        """The link that it makes on a day from an entity, if it makes one."""
        state = contested(self._fact.at(day), self._disputed)
        if state.status in (NOT_HELD, UNKNOWN):
            return None
        other = self.step.predecessor if entity == self.step.successor else self.step.successor
        told = [h for h in self._claims if state.status == CONTESTED or h.effect in (OPEN, OBSERVE, PLAN)]
        return Link(other, self.step.kind, state.status, state.since, state.due, grounds(told))

    def breaks(self) -> set[int]:
        return self._fact.breaks()


def in_order(links: list[Link]) -> tuple[Link, ...]:
    """Links stand in the order of time."""
    return tuple(sorted(links, key=lambda link: (link.when or link.due or _UNDATED, link.entity, link.kind)))


_UNDATED = Bounds(AFTER_ALL, AFTER_ALL)
