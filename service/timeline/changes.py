"""Differences: what is not the same in the state of an entity at two points of one clock, and which records did it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from events.causes import Causes
from events.changes import changes, state_of
from events.errors import DomainError
from events.fold import Knowledge
from events.merges import MergeNotice, merge_notices
from events.state import EntityState, entity_state
from events.temporal import parse_day
from service.timeline.clocks import ClockReader
from service.timeline.loading import Loader, refs_of
from service.timeline.views import Clocks, ExplainedChange

AS_OF, PUBLISHED_BY, RECORDED_BY = "as_of", "published_by", "recorded_by"
AXES = (AS_OF, PUBLISHED_BY, RECORDED_BY)


@dataclass(frozen=True)
class Differences:
    """Some of the changes of an entity between two points. `entity` is the one that goes on at the second.

    `shown` is the part of both states that the changes tell of. `after` says how many changes come before the rest
    (None: there is no more).
    """

    entity: str
    changes: tuple[ExplainedChange, ...]
    shown: tuple[EntityState, EntityState]
    refs: dict[str, str]
    notices: tuple[MergeNotice, ...]
    after: str | None


def two_points(reader: ClockReader, clocks: Clocks, axis: str, first: str, last: str) -> tuple[Clocks, Clocks]:
    """The points that differ in one clock only: days, or positions and instants. A refusal names `from` or `to`."""
    return _moved(reader, clocks, axis, first, "from"), _moved(reader, clocks, axis, last, "to")


def differences(load: Loader, name: str, before: Clocks, after: Clocks, limit: int, skipped: int) -> Differences:
    """The changes of an entity between two points, without the first few, at most so many."""
    load.entity(name)
    old = _knowledge(load, name, before)
    new = old if after.position == before.position else _knowledge(load, name, after)
    states = entity_state(old, name, before.point), entity_state(new, name, after.point)
    found = [change for change in changes(*states) if change.changed]
    page, end = found[skipped : skipped + limit], skipped + limit
    known = _both(old, new) if before.position <= after.position else _both(new, old)
    causes = Causes(known, name, before.point, after.point)
    asked = (name, *after.perspective)
    return Differences(
        entity=states[1].entity,
        changes=tuple(ExplainedChange(change, causes.of(change)) for change in page),
        shown=(
            state_of({change.subject: change.before for change in page if change.before is not None}),
            state_of({change.subject: change.after for change in page if change.after is not None}),
        ),
        refs=refs_of(known),
        notices=merge_notices(new, asked, after.position),
        after=str(end) if len(found) > end else None,
    )


def _moved(reader: ClockReader, clocks: Clocks, axis: str, text: str, parameter: str) -> Clocks:
    try:
        if axis == AS_OF:
            return replace(clocks, as_of=parse_day(text))
        if axis == PUBLISHED_BY:
            return replace(clocks, published_by=parse_day(text))
        found = reader.resolve(recorded_by=text)
        return replace(clocks, position=found.position, recorded_at=found.recorded_at)
    except DomainError as error:
        raise type(error)(error.detail, parameter) from None


def _knowledge(load: Loader, name: str, clocks: Clocks) -> Knowledge:
    return load.of(name, clocks.position, clocks.perspective)


def _both(older: Knowledge, newer: Knowledge) -> Knowledge:
    """All that is in either; what is in both as the newer one has it."""
    return Knowledge(older.entities | newer.entities, older.articles | newer.articles, older.claims | newer.claims)
