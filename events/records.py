"""One stream, folded: what was recorded about one entity, article or claim, each item with its log position."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

import msgspec

from events.event_types import (
    ArticleCorrected,
    ArticleRegistered,
    ClaimCorrected,
    Claimed,
    ClaimRedated,
    ClaimRefAdded,
    ClaimReinstated,
    ClaimRetracted,
    DomainEvent,
    EntityCorrected,
    EntityMerged,
    EntityRegistered,
    EntityRenamed,
    EntityUnmerged,
    EvidenceAdded,
)
from events.identity import split_stream
from events.temporal import parse_published
from events.values import ArticleContent, ClaimContent, EntityContent, Evidence, Text

Content = TypeVar("Content")
Amendment = ClaimCorrected | ClaimRedated | ClaimRetracted | ClaimReinstated
EVER = 1 << 62
"""A position after all others: no limit on the recorded clock."""


class Merge(NamedTuple):
    """A merge and, where it was taken back, the position at which."""

    merge: str
    into: str
    position: int
    reason: str
    undone: int | None = None

    def holds_at(self, position: int) -> bool:
        """Whether it counted for the service at a log position."""
        return self.position <= position and (self.undone is None or position < self.undone)


class Name(NamedTuple):
    """A name that an entity took on a date."""

    position: int
    name: Text
    since: str
    article: str | None


class EntityRecord(NamedTuple):
    """An entity: contents by position, dated names, merges."""

    id: str
    version: int
    contents: tuple[tuple[int, EntityContent], ...]
    names: tuple[Name, ...] = ()
    merges: tuple[Merge, ...] = ()

    @property
    def positions(self) -> set[int]:
        """The log positions of its events."""
        merges = {at for merge in self.merges for at in (merge.position, merge.undone) if at is not None}
        return {at for at, _ in self.contents} | {name.position for name in self.names} | merges

    @property
    def position(self) -> int:
        """The log position of its last event."""
        return max(self.positions)

    def at(self, position: int = EVER) -> EntityContent | None:
        """What was known about it at a log position; None before it was registered."""
        return _latest(self.contents, position)

    def name_on(self, day: int, position: int = EVER, is_public: Callable[[str], bool] = lambda _: True) -> Text | None:
        """What it was called on a day, as known at a log position; None before it was registered.

        A dated name holds from the last day that its date can mean, and one that an article tells once that is public;
        of two for one day the later recorded one. Before all of them the registered name holds.
        """
        registered = self.at(position)
        dated = [
            (parse_published(name.since).latest, order, name.name)
            for order, name in enumerate(self.names)
            if name.position <= position and (name.article is None or is_public(name.article))
        ]
        begun = [item for item in dated if item[0] <= day]
        if begun:
            return max(begun)[2]
        return registered.name if registered else None

    def merge_at(self, position: int = EVER) -> Merge | None:
        """The merge that counted at a log position."""
        return next((merge for merge in self.merges if merge.holds_at(position)), None)


class ArticleRecord(NamedTuple):
    """An article: contents by position, and its corrections."""

    id: str
    version: int
    contents: tuple[tuple[int, ArticleContent], ...]
    corrections: tuple[ArticleCorrected, ...] = ()

    def at(self, position: int = EVER) -> ArticleContent | None:
        """What was known about it at a log position; None before it was registered."""
        return _latest(self.contents, position)


class ClaimRecord(NamedTuple):
    """A claim as first sent, its evidence and refs, and all that was done to it, by position.

    What a decision rests on may hold the last amendments only, and the others as its `past`.
    """

    id: str
    version: int
    position: int
    original: ClaimContent
    evidence: tuple[tuple[int, Evidence], ...]
    refs: tuple[tuple[int, str], ...] = ()
    amendments: tuple[tuple[int, Amendment], ...] = ()
    past: Past | None = None

    def versions(self, position: int = EVER, is_public: Callable[[str], bool] = lambda _: True) -> ClaimVersion:
        """What the claim says at a log position, taking in only what public articles changed."""
        self.demand_whole()
        version = ClaimVersion(self.original, False)
        for at, amendment in self.amendments:
            article = None if isinstance(amendment, ClaimRedated) else amendment.article
            if at <= position and (article is None or is_public(article)):
                version = amended(version, amendment)
        return version

    def contents(self) -> Iterator[ClaimContent]:
        """All that it ever said, in order."""
        self.demand_whole()
        version = ClaimVersion(self.original, False)
        yield version.content
        for _, amendment in self.amendments:
            version = amended(version, amendment)
            yield version.content

    @property
    def current(self) -> ClaimVersion:
        """What the claim says now."""
        version = ClaimVersion(self.original, False) if self.past is None else self.past.said
        for _, amendment in self.amendments:
            version = amended(version, amendment)
        return version

    def demand_whole(self) -> None:
        """LookupError where it does not hold all that was done to the claim."""
        if self.past is not None:
            raise LookupError(f"what the claim {self.id} said before version {self.past.version} is not at hand")


class ClaimVersion(NamedTuple):
    """What a claim says at one point of the clocks."""

    content: ClaimContent
    is_retracted: bool


class Past(NamedTuple):
    """The amendments of a claim that its record no longer holds: up to which version, and what it said after them."""

    version: int
    said: ClaimVersion


Record = EntityRecord | ArticleRecord | ClaimRecord


def amended(version: ClaimVersion, amendment: Amendment) -> ClaimVersion:
    """What a claim says after one more amendment."""
    match amendment:
        case ClaimCorrected():
            return version._replace(content=corrected(version.content, amendment.changes))
        case ClaimRedated():
            return version._replace(content=redated(version.content, amendment))
    return version._replace(is_retracted=isinstance(amendment, ClaimRetracted))


def corrected(content: ClaimContent, changes: dict[str, Any]) -> ClaimContent:
    """The content with the changed fields replaced."""
    plain: dict[str, Any] = msgspec.to_builtins(content)
    return msgspec.convert(plain | changes, ClaimContent)


def redated(content: ClaimContent, event: ClaimRedated) -> ClaimContent:
    """The content with its date moved, where it still is the date that was moved."""
    after = next((moved.after for moved in event.moved if moved.before == content.time), None)
    return content if after is None else msgspec.structs.replace(content, time=after)


def evolve(record: Record | None, event: DomainEvent, position: int = 0) -> Record:
    """A record after one more event of its stream."""
    _, name = split_stream(event.originator_id)
    version = event.originator_version
    match event:
        case EntityRegistered():
            return EntityRecord(name, version, ((position, event.content),))
        case ArticleRegistered():
            return ArticleRecord(name, version, ((position, event.content),))
        case Claimed():
            refs = () if event.ref is None else ((position, event.ref),)
            return ClaimRecord(name, version, position, event.content, ((position, event.evidence),), refs)
    match record:
        case EntityRecord():
            return _evolve_entity(record._replace(version=version), event, position)
        case ArticleRecord() if isinstance(event, ArticleCorrected):
            contents = (*record.contents, (position, event.content))
            return record._replace(version=version, contents=contents, corrections=(*record.corrections, event))
        case ClaimRecord():
            return _evolve_claim(record, (Placed(position, event),))
    raise TypeError(f"{type(event).__name__} cannot follow {type(record).__name__}")


class Placed(NamedTuple):
    """An event and its log position."""

    position: int
    event: DomainEvent


def fold_stream(events: Iterable[DomainEvent]) -> Record | None:
    """A whole stream, folded without positions: what a decision needs."""
    return fold_placed(Placed(0, event) for event in events)


def fold_on(record: ClaimRecord, events: Iterable[Placed]) -> ClaimRecord:
    """The claim after more events of its stream."""
    return _evolve_claim(record, events)


def fold_placed(events: Iterable[Placed]) -> Record | None:
    """A whole stream, folded, in time proportional to its length; None without events."""
    record: Record | None = None
    rest = iter(events)
    for position, event in rest:
        record = evolve(record, event, position)
        if isinstance(record, ClaimRecord):
            return _evolve_claim(record, rest)
    return record


def _evolve_entity(record: EntityRecord, event: DomainEvent, position: int) -> EntityRecord:
    match event:
        case EntityCorrected():
            return record._replace(contents=(*record.contents, (position, event.content)))
        case EntityRenamed():
            return record._replace(names=(*record.names, Name(position, event.name, event.since, event.article)))
        case EntityMerged():
            return record._replace(merges=(*record.merges, Merge(event.merge, event.into, position, event.reason)))
        case EntityUnmerged():
            merges = tuple(m._replace(undone=position) if m.merge == event.merge else m for m in record.merges)
            return record._replace(merges=merges)
    raise TypeError(f"{type(event).__name__} is no event of an entity")


def _evolve_claim(record: ClaimRecord, events: Iterable[Placed]) -> ClaimRecord:
    """The claim after more events: a claim can have very many, so that they are gathered first."""
    version, evidence, refs, amendments = record.version, [*record.evidence], [*record.refs], [*record.amendments]
    for position, event in events:
        version = event.originator_version
        match event:
            case EvidenceAdded():
                evidence.append((position, event.evidence))
            case ClaimRefAdded():
                refs.append((position, event.ref))
            case ClaimCorrected() | ClaimRedated() | ClaimRetracted() | ClaimReinstated():
                amendments.append((position, event))
            case _:
                raise TypeError(f"{type(event).__name__} is no event of a claim")
    return record._replace(version=version, evidence=tuple(evidence), refs=tuple(refs), amendments=tuple(amendments))


def _latest(contents: tuple[tuple[int, Content], ...], position: int) -> Content | None:
    return next((content for at, content in reversed(contents) if at <= position), None)
