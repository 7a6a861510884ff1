"""What an entity came from and what became of it: the mergers, splits and renamings that join it to others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from events.effects import OBSERVE, OPEN, PLAN
from events.facts import CONTESTED, NOT_HELD, UNKNOWN, Fact
from events.knowledge import Heard, Hearing
from events.relationships import Asserter, asserters, contested, disputed, newest_first
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
    asserted_by: tuple[Asserter, ...]
    claims: tuple[str, ...]


@dataclass(frozen=True)
class Lineage:
    """The steps that lead to an entity and those that lead on from it, in the order of time."""

    predecessors: tuple[Link, ...]
    successors: tuple[Link, ...]


def lineage(hearing: Hearing, entity: str, day: int) -> Lineage:
    """The lineage of an entity on a day: what happened, may have happened, is contested or planned by then."""
    about: dict[Step, list[Heard]] = {}
    for heard in hearing.live:
        for step in steps(heard.content):
            if entity in step[:2]:
                about.setdefault(step, []).append(_Once(heard.claim, heard.content, heard.published, heard.asserter))
    predecessors: list[Link] = []
    successors: list[Link] = []
    for step, claims in about.items():
        if step.successor == entity:
            predecessors += _links(hearing, step.predecessor, step.kind, claims, day)
        else:
            successors += _links(hearing, step.successor, step.kind, claims, day)
    return Lineage(in_order(predecessors), in_order(successors))


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


def _links(hearing: Hearing, entity: str, kind: str, claims: Sequence[Heard], day: int) -> Iterator[Link]:
    """The link that these claims make on a day, if they make one. Negatives are heard where they contest it."""
    opposed = disputed(hearing, {heard.claim for heard in claims})
    state = contested(Fact(claims).at(day), [heard for heard in claims if heard.claim in opposed])
    if state.status not in (NOT_HELD, UNKNOWN):
        told = [h for h in claims if state.status == CONTESTED or h.effect in (OPEN, OBSERVE, PLAN)]
        yield Link(entity, kind, state.status, state.since, state.due, asserters(told), newest_first(told))


def in_order(links: list[Link]) -> tuple[Link, ...]:
    """Links stand in the order of time."""
    return tuple(sorted(links, key=lambda link: (link.when or link.due or _UNDATED, link.entity, link.kind)))


_UNDATED = Bounds(AFTER_ALL, AFTER_ALL)
