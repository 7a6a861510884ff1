"""Belief changes: at which log positions what was believed became something else, and which records did it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from events.belief_changes import Period, about, is_seen, periods, shown
from events.beliefs import Belief, decode_belief
from events.causes import Cause
from events.codec import topic_of
from events.effects import Key
from events.errors import DomainError
from events.event_types import ArticleCorrected, ClaimRedated, EntityMerged, EntityUnmerged
from events.identity import split_stream
from events.knowledge import survivors
from events.matters import KINDS, relation_matter
from events.merges import MergeNotice, merge_notices
from events.temporal import LAST_DAY
from events.text import clean_id
from events.vocabulary import relation_key
from service import budget
from service.errors import NotBuilt, QueryTooExpensive
from service.projections.beliefs import Beliefs, Stretch, Turn, Turned
from service.projections.index import Index
from service.store.protocol import LogEnd, StoredRecord
from service.store.rows import event_of
from service.timeline.clocks import ClockReader
from service.timeline.loading import Loader
from service.timeline.views import Clocks

MOST_LOOKED_AT, MOST_BYTES = 2_000, 8 << 20
"""After so many beliefs, or so many bytes of them, a page ends, however few of them are wanted."""
MOST_PERIODS = 200
"""So many periods of a change are told where changes are not cut into pages."""
MOST_MATTERS = 1_000
"""A relation between entities that were merged may be kept under so many ids."""
_BATCH = 20
_START = UUID(int=0)
LAST_MATTER = UUID(int=2**128 - 1)
"""Behind all matters."""


@dataclass(frozen=True)
class Wanted:
    """Which belief changes: of the matters listed under an entity, of one relation, of one matter, or all.

    `kinds` are the kinds of matters, `with_evidence`: also those by which only the evidence for an answer is another.
    """

    entity: str | None = None
    relation: Key | None = None
    matter: str | None = None
    kinds: Collection[str] = KINDS
    with_evidence: bool = False


class Mark(NamedTuple):
    """Where a page begins: at the beliefs about a matter from a log position on, without its first periods."""

    position: int
    matter: UUID = _START
    periods: int = 0


@dataclass(frozen=True)
class BeliefChange:
    """What changed in the belief about one matter at one log position, or a part of that.

    Where the belief before or after changes on too many days to be kept, it is told like none. `period_count` counts
    all periods, of which the others are on the pages around; `refs` are those of the claims that the beliefs name.
    """

    position: int
    recorded_at: datetime
    matter: str
    kind: str
    about: dict[str, Any] | None
    is_first: bool
    was_kept: bool
    is_kept: bool
    cause: Cause
    periods: tuple[Period, ...]
    period_count: int
    refs: dict[str, str]


@dataclass(frozen=True)
class BeliefPage:
    """Some belief changes in the order of the log. `after` is the mark at which the rest begins (None: no more)."""

    changes: tuple[BeliefChange, ...]
    notices: tuple[MergeNotice, ...]
    after: Mark | None


class Spot(NamedTuple):
    """The place of a belief change in the order of all of them: its log position, and its matter."""

    position: int
    matter: UUID


@dataclass(frozen=True)
class WholeChanges:
    """Belief changes, each with its first periods. Behind `rest` nothing was looked at yet (None: there is no more)."""

    changes: tuple[BeliefChange, ...]
    rest: Spot | None


class _Scope(NamedTuple):
    """Through whose eyes is looked, and the matters that are looked at, where it is not everybody or everything."""

    eyes: tuple[str, ...] | None = None
    matters: tuple[str, ...] | None = None
    notices: tuple[MergeNotice, ...] = ()


class _Part(NamedTuple):
    """A change with those of its periods that are told."""

    turned: Turned
    beliefs: tuple[Belief[Any] | None, Belief[Any] | None]
    periods: tuple[Period, ...]
    period_count: int

    @property
    def is_kept(self) -> tuple[bool, bool]:
        """Whether the belief before and the one after can be told."""
        before, after = (belief is None or belief.told is not None for belief in self.beliefs)
        return before, after


class BeliefChanges:
    """Answers what was believed when. NotBuilt where no beliefs are kept."""

    def __init__(self, load: Loader, index: Index, beliefs: Beliefs | None, reader: ClockReader) -> None:
        self._load = load
        self._index = index
        self._kept = beliefs
        self._reader = reader

    def until(self, text: str | None, min_position: int | None = None) -> Clocks:
        """The log position that a position or an instant means, or else the last one that can be answered for.

        Nothing else about the point counts. Waits for the read side, up to a limit.
        """
        found = self._resolved(text, "until", min_position)
        return Clocks(LAST_DAY, None, found.position, found.recorded_at)

    def after(self, text: str, parameter: str = "after") -> int:
        """The log position that a position or an instant means."""
        return self._resolved(text, parameter).position

    def reached(self) -> int:
        """The last log position that can be answered for."""
        return self._reader.resolve().position

    def end(self) -> LogEnd:
        """The identity of the log and where it ends."""
        return self._reader.end()

    def recorded_at(self, position: int) -> datetime | None:
        """When the event at a position that was reached was recorded."""
        return self._reader.resolve(recorded_by=str(position)).recorded_at

    def page(self, wanted: Wanted, mark: Mark, until: int, limit: int) -> BeliefPage:
        """The belief changes from a mark on, up to a log position: at most so many periods. It may be short."""
        scope = self._scope(wanted, until)
        turns = self._turns(wanted, scope, Stretch(mark.position, mark.matter, until))
        end = _mark(turns[MOST_LOOKED_AT]) if len(turns) > MOST_LOOKED_AT else None
        looked_at = [turn for turn in turns[:MOST_LOOKED_AT] if turn.kind in wanted.kinds]
        parts, rest = self._parts(looked_at, wanted, scope, mark, limit)
        return BeliefPage(tuple(self._told(parts)), scope.notices, rest or end)

    def demand_known(self, wanted: Wanted) -> None:
        """Refuses what names an entity that is not known."""
        self._named(wanted)

    def behind(self, wanted: Wanted, spot: Spot, until: int, limit: int) -> WholeChanges:
        """The next belief changes behind a spot, up to a log position: at most `limit`, and maybe fewer.

        An entity is its id, whatever it was merged with and when: what is told of a position never changes.
        """
        scope = self._named(wanted)
        mark = _following(spot)
        return self._whole(self._turns(wanted, scope, Stretch(mark.position, mark.matter, until)), wanted, scope, limit)

    def before(self, wanted: Wanted, spot: Spot, limit: int) -> WholeChanges:
        """The same from a spot backwards, and with it; the last of them first."""
        scope = self._named(wanted)
        return self._whole(self._turns_back(wanted, scope, spot), wanted, scope, limit)

    # what is looked at

    @property
    def _beliefs(self) -> Beliefs:
        if self._kept is None:
            raise NotBuilt("No beliefs are kept here.")
        return self._kept

    def _resolved(self, text: str | None, parameter: str, min_position: int | None = None) -> Clocks:
        try:
            return self._reader.resolve(recorded_by=text, min_position=min_position)
        except DomainError as error:
            raise type(error)(error.detail, error.pointer.replace("recorded_by", parameter)) from None

    def _scope(self, wanted: Wanted, until: int) -> _Scope:
        if wanted.matter is not None:
            return _Scope(matters=(wanted.matter,))
        if wanted.entity is not None:
            eyes, notices = self._ids_of(wanted.entity, until, "entity")
            return _Scope(eyes=eyes, notices=notices)
        if wanted.relation is None:
            return _Scope()
        relation, subject, other = wanted.relation
        subjects, notices = self._ids_of(subject, until, "relation")
        others, more = self._ids_of(other, until, "relation")
        if len(subjects) * len(others) > MOST_MATTERS:
            raise QueryTooExpensive(f"This relation is kept under more than {MOST_MATTERS} pairs of ids.")
        keys = {relation_key(relation, one, two) for one in subjects for two in others}
        matters = sorted(relation_matter(key).id for key in keys)
        return _Scope(matters=tuple(matters), notices=tuple(dict.fromkeys((*notices, *more))))

    def _named(self, wanted: Wanted) -> _Scope:
        """What is wanted by the ids that it names, without regard to merges."""
        if wanted.matter is not None:
            return _Scope(matters=(wanted.matter,))
        if wanted.entity is not None:
            self._demand_known(wanted.entity, "entity")
            return _Scope(eyes=(wanted.entity,))
        if wanted.relation is None:
            return _Scope()
        relation, *ends = wanted.relation
        for end in ends:
            self._demand_known(end, "relation")
        return _Scope(matters=(relation_matter(relation_key(relation, *ends)).id,))

    def _demand_known(self, name: str, parameter: str) -> None:
        clean_id(name, parameter)
        self._load.entity(name)

    def _ids_of(self, name: str, until: int, parameter: str) -> tuple[tuple[str, ...], tuple[MergeNotice, ...]]:
        """An entity under the id that goes on, and under those that were merged into it; with notices of them."""
        self._demand_known(name, parameter)
        same = self._index.merge_class(name)
        merges = self._load.merges_of(same, until)
        merged = survivors(merges, until)
        goes_on = merged.get(name, name)
        ids = tuple(sorted(one for one in {*same, goes_on} if merged.get(one, one) == goes_on))
        return ids, merge_notices(merges, ids, until)

    def _turns(self, wanted: Wanted, scope: _Scope, stretch: Stretch) -> list[Turn]:
        most = MOST_LOOKED_AT + 1
        if scope.matters is not None:
            return self._beliefs.turns_of(scope.matters, stretch, most)
        if scope.eyes is not None:
            return self._beliefs.turns_under(scope.eyes, wanted.kinds, stretch, most)
        return self._beliefs.turns(stretch, most)

    def _turns_back(self, wanted: Wanted, scope: _Scope, spot: Spot) -> list[Turn]:
        most = MOST_LOOKED_AT + 1
        if scope.matters is not None:
            return self._beliefs.turns_of_back(scope.matters, *spot, most)
        if scope.eyes is not None:
            return self._beliefs.turns_under_back(scope.eyes, wanted.kinds, *spot, most)
        return self._beliefs.turns_back(*spot, most)

    # what is told

    def _whole(self, turns: Sequence[Turn], wanted: Wanted, scope: _Scope, limit: int) -> WholeChanges:
        """What the turns come to, in their order."""
        parts: list[_Part] = []
        read, looked_at = 0, 0
        for start in range(0, min(len(turns), MOST_LOOKED_AT), _BATCH):
            batch = turns[start : min(start + _BATCH, MOST_LOOKED_AT)]
            budget.spend(len(batch))
            rows = self._beliefs.turned([turn for turn in batch if turn.kind in wanted.kinds])
            if batch[0] > batch[-1]:
                rows.reverse()
            for row in rows:
                part = _part(row, wanted, scope)
                if part is not None:
                    parts.append(part._replace(periods=part.periods[:MOST_PERIODS]))
                    if len(parts) == limit:
                        return WholeChanges(tuple(self._told(parts)), Spot(row.since, row.matter))
            read += sum(len(row.after) + len(row.before or b"") for row in rows)
            looked_at = start + len(batch)
            if read > MOST_BYTES:
                break
        rest = turns[looked_at - 1] if looked_at < len(turns) else None
        return WholeChanges(tuple(self._told(parts)), rest and Spot(rest.since, rest.matter))

    def _parts(
        self, turns: Sequence[Turn], wanted: Wanted, scope: _Scope, mark: Mark, limit: int
    ) -> tuple[list[_Part], Mark | None]:
        """What the turns come to, as far as a page holds it, and the mark of what it does not hold."""
        parts: list[_Part] = []
        left, read = limit, 0
        for start in range(0, len(turns), _BATCH):
            if read > MOST_BYTES:
                return parts, _mark(turns[start])
            budget.spend(_BATCH)
            rows = self._beliefs.turned(turns[start : start + _BATCH])
            read += sum(len(row.after) + len(row.before or b"") for row in rows)
            for whole in filter(None, (_part(row, wanted, scope) for row in rows)):
                at = _mark(whole.turned)
                told = mark.periods if at[:2] == mark[:2] else 0
                part = whole._replace(periods=whole.periods[told : told + left])
                if told >= len(whole.periods) > 0:
                    continue
                if left == 0:
                    return parts, at
                parts.append(part)
                left -= min(left, max(1, len(part.periods)))
                if told + len(part.periods) < len(whole.periods):
                    return parts, at._replace(periods=told + len(part.periods))
        return parts, None

    def _told(self, parts: Sequence[_Part]) -> Iterator[BeliefChange]:
        rows = self._beliefs.events_at({part.turned.since for part in parts})
        causes = self._causes(rows.values())
        for part in parts:
            since, matter, kind, *_ = part.turned
            before, after = part.beliefs
            was_kept, is_kept = part.is_kept
            named = about(kind, after, before)
            yield BeliefChange(
                position=since,
                recorded_at=rows[since].recorded_at,
                matter=str(matter),
                kind=kind,
                about=named if was_kept or is_kept else about(kind, self._beliefs.first(part.turned)),
                is_first=part.turned.before is None,
                was_kept=was_kept,
                is_kept=is_kept,
                cause=causes[since],
                periods=part.periods,
                period_count=part.period_count,
                refs=(before.refs if before else {}) | (after.refs if after else {}),
            )

    def _causes(self, rows: Collection[StoredRecord]) -> dict[int, Cause]:
        """What did it at each position. A date that moved was moved by the correction of an article."""
        events = {row.position: event_of(row) for row in rows}
        moved = {at: _version(event.cause) for at, event in events.items() if isinstance(event, ClaimRedated)}
        corrected = self._beliefs.places_in_log(list(moved.values())) if moved else {}
        causes = {}
        for at, event in events.items():
            kind, name = split_stream(event.originator_id)
            if isinstance(event, EntityMerged | EntityUnmerged):
                kind, name = "merge", event.merge
            causes[at] = Cause(kind, name, at, topic_of(type(event)))
            if at in moved and moved[at] in corrected:
                article = split_stream(moved[at][0])[1]
                causes[at] = Cause("article", article, corrected[moved[at]], topic_of(ArticleCorrected))
        return causes


def _following(spot: Spot) -> Mark:
    """Where the beliefs behind a spot begin."""
    if spot.matter == LAST_MATTER:
        return Mark(spot.position + 1)
    return Mark(spot.position, UUID(int=spot.matter.int + 1))


def _mark(turn: Turn | Turned) -> Mark:
    return Mark(turn.since, turn.matter)


def _version(text: str) -> tuple[str, int]:
    """Stream and version, from `stream@version`."""
    stream, _, version = text.rpartition("@")
    return stream, int(version)


def _part(row: Turned, wanted: Wanted, scope: _Scope) -> _Part | None:
    """All that a turn shows of what is wanted; None where that is nothing."""
    bodies = row.before, row.after
    before, after = (None if body is None else decode_belief(row.kind, body) for body in bodies)
    beliefs = before if is_seen(before, scope.eyes) else None, after if is_seen(after, scope.eyes) else None
    found = shown(periods(row.kind, *beliefs, scope.eyes))
    chosen = tuple(period for period in found if wanted.with_evidence or not period.is_evidence)
    part = _Part(row, beliefs, chosen, len(chosen))
    return part if chosen or not all(part.is_kept) else None
