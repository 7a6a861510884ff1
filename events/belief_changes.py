"""Belief changes: on which days an answer became another one when a record was taken in, and what it was before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from events.beliefs import Belief
from events.changes import ENTITY, Change, Item, Subject, differing, items_of
from events.courses import Course, Piece, course, state_on
from events.grounds import Asserter, Conflict, Disputes, Grounds
from events.lineage import Link
from events.packing import Points
from events.positions import PositionState
from events.profile import Observation, ProfileItem
from events.relationships import RelationState
from events.rounds import Round
from events.stances import StancePoint, concerns
from events.state import EntityState, assembled
from events.temporal import AFTER_ALL, BEFORE_ALL
from events.votes import VoteState

_NEVER: Course[Item | None] = (Piece(BEFORE_ALL, None),)


class Period(NamedTuple):
    """The days from `since` on and before `until`, on all of which one item of an answer changed in the same way."""

    since: int
    until: int
    change: Change

    @property
    def is_evidence(self) -> bool:
        """Whether only who says it, or in which claims, is another: what is believed is the same."""
        before, after = self.change.before, self.change.after
        return before is not None and after is not None and not differing(_bare(before), _bare(after))


def periods(
    kind: str, before: Belief[Any] | None, after: Belief[Any] | None, eyes: Collection[str] | None = None
) -> tuple[Period, ...]:
    """How what is believed about a matter of this kind came to be another, in the order of items and days.

    With `eyes` only as far as the matter is listed under one of these entities. What is not listed, or not kept, is
    told like what was never believed. Applied to the one belief, on each day, the changes give the other.
    """
    old, new = _courses(kind, before, eyes), _courses(kind, after, eyes)
    return tuple(
        period
        for subject in sorted(old.keys() | new.keys())
        for period in _periods(subject, old.get(subject, _NEVER), new.get(subject, _NEVER))
    )


def shown(found: Iterable[Period]) -> tuple[Period, ...]:
    """The periods in which an answer shows the change; neighbours that look the same are one."""
    told: list[Period] = []
    for period in found:
        if period.change.changed:
            if told and _looks_on(told[-1], period):
                told[-1] = told[-1]._replace(until=period.until)
            else:
                told.append(period)
    return tuple(told)


def is_seen(belief: Belief[Any] | None, eyes: Collection[str] | None) -> bool:
    """Whether a matter is listed: at all, or under one of some entities."""
    if belief is None:
        return False
    return bool(belief.entities) if eyes is None else not set(eyes).isdisjoint(belief.entities)


def about(kind: str, *beliefs: Belief[Any] | None) -> dict[str, Any] | None:
    """What these beliefs about one matter are about, in plain words; None where none of them is kept."""
    for belief in beliefs:
        if belief is not None and belief.told is not None:
            for day in belief.told.days():
                told = _about(kind, belief.entities, belief.told.at(day))
                if told is not None:
                    return told
    return None


# the answer as items, each with its course


def _courses(kind: str, belief: Belief[Any] | None, eyes: Collection[str] | None) -> dict[Subject, Course[Item | None]]:
    """Every item that the belief tells of on some day."""
    if belief is None or belief.told is None or not is_seen(belief, eyes):
        return {}
    if isinstance(belief.told, Points):
        return _courses_of_points(belief.told.points, eyes)
    told = {day: _items(assembled("", [(kind, belief.told.at(day))])) for day in belief.told.days()}
    subjects = {subject for items in told.values() for subject in items}
    return {subject: _course_of(subject, told) for subject in subjects}


def _course_of(subject: Subject, told: Mapping[int, Mapping[Subject, Item]]) -> Course[Item | None]:
    return course(told, lambda day: told[day].get(subject))


def _courses_of_points(
    points: Iterable[StancePoint], eyes: Collection[str] | None
) -> dict[Subject, Course[Item | None]]:
    """Each point is there from its first day on."""
    seen = tuple(p for p in points if eyes is None or any(concerns(p, entity) for entity in eyes))
    return {
        subject: (*_NEVER, Piece(point.when.earliest, point)) if point.when.earliest > BEFORE_ALL
        else (Piece(BEFORE_ALL, point),)
        for subject, point in _items(EntityState("", stances=seen)).items()
        if isinstance(point, StancePoint)
    }  # fmt: skip


def _items(state: EntityState) -> dict[Subject, Item]:
    return {subject: item for subject, item in items_of(state).items() if subject.kind != ENTITY}


def _periods(subject: Subject, old: Course[Item | None], new: Course[Item | None]) -> Iterator[Period]:
    days = {piece.since for piece in (*old, *new)} - {AFTER_ALL}
    pairs = course(days, lambda day: (state_on(old, day), state_on(new, day)))
    ends = [*(piece.since for piece in pairs[1:]), AFTER_ALL]
    for (since, (before, after)), until in zip(pairs, ends, strict=True):
        if before != after:
            yield Period(since, until, Change(subject, before, after, differing(before, after)))


def _looks_on(first: Period, second: Period) -> bool:
    """Whether the second goes on with what the first shows."""
    old, new = first.change, second.change
    return (
        (old.subject, first.until) == (new.subject, second.since)
        and _looks_same(old.before, new.before)
        and _looks_same(old.after, new.after)
    )


def _looks_same(one: Item | None, other: Item | None) -> bool:
    return (one is None) == (other is None) and not differing(one, other)


# an answer without its evidence


def _bare(item: Item) -> Item:
    """What is believed, without who says it: of conflicts just between whom and about what they are."""
    match item:
        case RelationState():
            return _bare_relation(item)
        case PositionState():
            titles = tuple(replace(title, grounds=Grounds()) for title in item.titles)
            return PositionState(_bare_relation(item.relation), titles)
        case VoteState():
            return replace(item, disputes=_bare_disputes(item.disputes), grounds=Grounds())
        case Round():
            investors = tuple(replace(investor, grounds=Grounds()) for investor in item.investors)
            return replace(item, investors=investors, grounds=Grounds())
        case ProfileItem() | Observation() | Link() | StancePoint():
            return replace(item, grounds=Grounds())
        case Conflict():
            return _bare_conflict(item)
    return item


def _bare_relation(state: RelationState) -> RelationState:
    parts = tuple(replace(part, grounds=Grounds(), clash=None) for part in state.parts)
    told = replace(state, parts=parts, disputes=_bare_disputes(state.disputes))
    return replace(told, grounds=Grounds(), supported_on=None)


def _bare_disputes(disputes: Disputes) -> Disputes:
    return Disputes(tuple(map(_bare_conflict, disputes.conflicts)), disputes.conflict_count)


def _bare_conflict(conflict: Conflict) -> Conflict:
    sides = tuple(
        side._replace(asserted_by=Asserter(side.asserted_by.asserter, (), (), (), (), 0), claims=(), claim_count=0)
        for side in conflict.sides
    )
    return conflict._replace(sides=sides)


# what a matter is


def _about(kind: str, entities: tuple[str, ...], answer: Any) -> dict[str, Any] | None:
    match answer:
        case RelationState():
            return dict(zip(("relation", "subject", "object"), answer.key, strict=True))
        case PositionState():
            return _about(kind, entities, answer.relation)
        case VoteState():
            body, moves, motion = answer.key
            named = dict(zip(("relation", "subject", "object"), moves, strict=True)) if moves else None
            return {"body": body, "moves": named, "motion": motion}
        case (StancePoint() as point, *_):
            said = point.key
            return {
                "speaker": said.speaker, "speaker_is_entity": said.is_named, "about": said.about,
                "stance": said.stance, "wording": said.wording, "negated": point.is_negated,
            }  # fmt: skip
    if not entities or answer is None:
        return None
    match answer:
        case ProfileItem():
            told = {"name": answer.name, "value": answer.value, "stage": answer.stage, "negated": answer.is_negated}
            return {"entity": entities[0], **told}
        case Observation():
            return {"entity": entities[0], "measure": answer.measure, "claim": next(iter(answer.grounds.claims), None)}
    return None if kind == "stance" else {"entity": entities[0]}
