"""What reading gives: the domain's answers with names, texts and clocks filled in. No dates as text, no JSON yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from events.causes import Cause
from events.changes import Change
from events.courses import Course
from events.knowledge import Point
from events.merges import MergeNotice
from events.network import Frenemies, Step
from events.relationships import RelationState
from events.stances import StancePoint
from events.state import EntityState
from events.temporal import Bounds
from events.values import ClaimContent, Position, Recorder
from events.votes import VoteState
from service.projections.index import Mark, Since

Item = TypeVar("Item")


@dataclass(frozen=True)
class Clocks:
    """A point of the clocks, resolved. `position` is the log position that answers.

    `mark` is that of the index when the point was resolved: what is remembered under it may be used. `since` is
    that of the entity in question; None where none was named.
    """

    as_of: int
    published_by: int | None
    position: int
    recorded_at: datetime | None
    according_to: str | None = None
    mark: Mark | None = field(default=None, compare=False)
    since: Since | None = field(default=None, compare=False)

    @property
    def point(self) -> Point:
        """The same, as the domain takes it."""
        return Point(self.as_of, self.published_by, self.position, self.according_to)

    @property
    def is_plain(self) -> bool:
        """Whether everybody is listened to, about all that was published: what beliefs are about."""
        return self.published_by is None and self.according_to is None

    @property
    def perspective(self) -> tuple[str, ...]:
        """The entity that is listened to, if only one is."""
        return () if self.according_to is None else (self.according_to,)


@dataclass(frozen=True)
class RequestKey:
    """An idempotency key and the hash of method, path and body sent with it."""

    key: str
    body_hash: str


@dataclass(frozen=True)
class Written:
    """What recording one draft did. `position` is that of its last event, or of the one already stored."""

    kind: str
    id: str
    version: int
    position: int
    created: bool
    changed: bool
    ref: str | None = None
    also_moved: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What recording drafts did, in their order. `position` is the last log position that a reader has to have seen."""

    items: tuple[Written, ...]
    position: int
    recorded_at: datetime
    replayed: bool = False


@dataclass(frozen=True)
class EntityView:
    """An entity as of a log position; a name is None once it was erased.

    `erased` are the fields in which something was.
    """

    id: str
    version: int
    position: int
    kind: str
    name: str | None
    aliases: tuple[str, ...]
    identifiers: dict[str, str]
    names: tuple[DatedName, ...]
    merged_into: str | None
    merge: str | None
    possible_duplicates: tuple[str, ...]
    notices: tuple[MergeNotice, ...] = ()
    erased: tuple[str, ...] = ()


@dataclass(frozen=True)
class DatedName:
    """A name that an entity took on a date (EDTF)."""

    name: str | None
    since: str


@dataclass(frozen=True)
class ArticleView:
    """An article as of a log position; authors and text are left out once erased, and `erased` says which of them."""

    id: str
    version: int
    position: int
    title: str
    publisher: str
    authors: tuple[str, ...]
    language: str
    published: str
    published_bounds: Bounds
    url: str | None
    sha256: str | None
    text: str | None
    claims: tuple[str, ...]
    refs: dict[str, str]
    erased: tuple[str, ...] = ()


def fields_with_gaps(**opened: Sequence[str | None]) -> tuple[str, ...]:
    """The fields in which a text is missing."""
    return tuple(field for field, texts in opened.items() if None in texts)


@dataclass(frozen=True)
class QuoteView:
    """A quote; parts are None once erased."""

    exact: str | None
    prefix: str | None
    suffix: str | None


@dataclass(frozen=True)
class EvidenceView:
    """Where an article says it."""

    article: str
    summary: str
    position: Position | None
    quote: QuoteView | None
    recorded_at_position: int


@dataclass(frozen=True)
class ClaimView:
    """A claim at a point of the clocks. `standing` follows from responses; `stands_by` are the claims behind it."""

    id: str
    version: int
    position: int
    recorded_at: datetime
    recorder: Recorder
    refs: tuple[str, ...]
    content: ClaimContent
    bounds: Bounds
    published: Bounds
    standing: str
    stands_by: tuple[str, ...]
    responses: tuple[str, ...]
    evidence: tuple[EvidenceView, ...]


@dataclass(frozen=True)
class EntityStateView:
    """A part of the state of an entity, with the entity itself, the names of all others, and the notices of merges."""

    asked: str
    entity: EntityView
    part: StatePart
    names: dict[str, str | None]
    notices: tuple[MergeNotice, ...] = ()

    @property
    def state(self) -> EntityState:
        """What the part tells."""
        return self.part.state


@dataclass(frozen=True, eq=False)
class StatePart:
    """A part of the state of an entity.

    Until what is believed about it changes, it is the same on all days from the first until before the last of `days`.
    `named` are the entities whose names an answer shows, `matters` counts what it tells of, `weight` is about how many
    bytes it takes in memory with its answer, `after` is the place after which the rest begins (None: there is no more).
    """

    state: EntityState
    refs: dict[str, str]
    named: frozenset[str]
    matters: int
    weight: int
    after: str | None
    days: tuple[int, int]


@dataclass(frozen=True)
class RelationView:
    """The answer for one relation, with the names of both ends.

    `circle` are the entities, from the subject on, that own each other in a circle; empty where there is none.
    """

    state: RelationState
    circle: tuple[str, ...]
    names: dict[str, str | None]
    refs: dict[str, str]
    notices: tuple[MergeNotice, ...] = ()


@dataclass(frozen=True)
class ExplainedChange:
    """A change and what did it, in the order of the log."""

    change: Change
    causes: tuple[Cause, ...]


@dataclass(frozen=True)
class ChangesView:
    """Some of the changes of an entity between two points; the entity and all names are those of the second.

    `after` says how many changes come before the rest (None: there is no more).
    """

    entity: EntityView
    changes: tuple[ExplainedChange, ...]
    names: dict[str, str | None]
    refs: dict[str, str]
    notices: tuple[MergeNotice, ...]
    after: str | None


@dataclass(frozen=True)
class VoteView:
    """The answer for one vote."""

    state: VoteState
    names: dict[str, str | None]
    refs: dict[str, str]
    notices: tuple[MergeNotice, ...] = ()


@dataclass(frozen=True)
class NodeView:
    """An entity in a network; its name is None once it was erased."""

    id: str
    kind: str
    name: str | None


@dataclass(frozen=True)
class NetworkView:
    """Relations, with the entities at their ends. `after` is the key after which the rest begins (None: no more)."""

    nodes: tuple[NodeView, ...]
    relations: tuple[RelationState, ...]
    names: dict[str, str | None]
    refs: dict[str, str]
    notices: tuple[MergeNotice, ...]
    after: str | None = None


class Coursed(NamedTuple):
    """What is told of one matter on all days; no course where it changes too often to be kept."""

    kind: str
    name: str
    course: Course[Any] | None

    @property
    def key(self) -> tuple[str, str, str]:
        """Of a relation or a position: its name and its ends."""
        relation, subject, other = self.name.split(" ")
        return relation, subject, other


@dataclass(frozen=True)
class PeriodsView:
    """Relations and votes on all days, and all stances, with the entities among whom the relations are."""

    nodes: tuple[NodeView, ...]
    relations: tuple[Coursed, ...]
    votes: tuple[Course[VoteState], ...]
    stances: tuple[StancePoint, ...]
    names: dict[str, str | None]
    notices: tuple[MergeNotice, ...]


@dataclass(frozen=True)
class PathView:
    """The steps from one entity to another, under the ids that go on; None where there is no path."""

    start: str
    goal: str
    steps: tuple[Step, ...] | None
    nodes: tuple[NodeView, ...]
    names: dict[str, str | None]
    refs: dict[str, str]
    notices: tuple[MergeNotice, ...]


@dataclass(frozen=True)
class FrenemiesView:
    """Pairs that cooperate and oppose each other. `after` is the key after which the rest begins (None: no more)."""

    pairs: tuple[Frenemies, ...]
    nodes: tuple[NodeView, ...]
    names: dict[str, str | None]
    refs: dict[str, str]
    notices: tuple[MergeNotice, ...]
    after: str | None


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Some of a list, and the key after which the rest begins (None: there is no more); what merges mean for it."""

    items: tuple[Item, ...]
    after: str | None
    notices: tuple[MergeNotice, ...] = ()
