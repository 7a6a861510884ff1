"""What every record says now, without its history, and what each further event may change.

The read side keeps the answers of the present and the versions that each of them had. So it never needs the past of a
record: a ledger holds of each just the newest, and a claim corrected a thousand times costs what any other one does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from events.effects import Key
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
    EntityMerged,
    EntityUnmerged,
)
from events.identity import split_stream
from events.knowledge import Hearing, Point, hear, survivors
from events.mentions import entities_in, responded_to
from events.records import ClaimVersion, Merge, corrected, redated
from events.relationships import RelationAccount
from events.temporal import LAST_DAY
from events.values import ArticleContent, ClaimContent

NOW = Point(LAST_DAY)
_NOTHING: frozenset[str] = frozenset()


class _Claim(NamedTuple):
    """A claim as it is now (see `events.knowledge.KnownClaim`)."""

    id: str
    position: int
    original: ClaimContent
    is_retracted: bool = False

    def versions(self, *_: object) -> ClaimVersion:
        return ClaimVersion(self.original, self.is_retracted)


class _Article(NamedTuple):
    """An article as it is now."""

    content: ArticleContent

    def at(self, _: int) -> ArticleContent:
        return self.content


class _Merged(NamedTuple):
    """An entity that is merged now."""

    id: str
    merge: Merge

    def merge_at(self, _: int) -> Merge:
        return self.merge


class _Part(NamedTuple):
    """A part of what is known now (see `events.knowledge.Known`)."""

    entities: Mapping[str, _Merged]
    articles: Mapping[str, _Article]
    claims: Mapping[str, _Claim]


class Ledger:
    """The newest knowledge. It may hold a part of the log: whatever the events to come and the questions need."""

    def __init__(self) -> None:
        self._merged: dict[str, _Merged] = {}
        self._articles: dict[str, _Article] = {}
        self._claims: dict[str, _Claim] = {}
        self._naming: dict[str, set[str]] = defaultdict(set)
        self._resting: dict[str, set[str]] = defaultdict(set)
        self._bound: dict[str, set[str]] = defaultdict(set)
        self._keys: dict[str, frozenset[Key]] = {}
        self._about: dict[Key, set[str]] = defaultdict(set)

    def take(self, event: DomainEvent, position: int) -> set[Key]:
        """Takes in the next event. Gives the relations whose answers may be others than before it."""
        affected = self._take(event, position)
        before = {key for claim in affected for key in self._keys.get(claim, ())}
        self._look_up(affected)
        return before | {key for claim in affected for key in self._keys[claim]}

    def account(self, key: Key) -> RelationAccount:
        """What the claims about a relation say of any day, now."""
        return RelationAccount(self._hearing(self._bearing(self._about.get(key, ()))), key)

    def _take(self, event: DomainEvent, position: int) -> Collection[str]:
        """The claims whose standing may be another than before."""
        _, name = split_stream(event.originator_id)
        match event:
            case Claimed():
                self._enter(_Claim(name, position, event.content))
                return self._bearing([name])
            case ClaimCorrected() | ClaimRedated() | ClaimRetracted() | ClaimReinstated():
                before = self._bearing([name])
                self._enter(_amended(self._claims[name], event))
                return before | self._bearing([name])
            case ClaimRefAdded():
                return {name}
            case ArticleRegistered() | ArticleCorrected():
                self._articles[name] = _Article(event.content)
                return self._bearing(self._resting.get(name, ()))
            case EntityMerged():
                return self._merge(name, _Merged(name, Merge(event.merge, event.into, position, event.reason)))
            case EntityUnmerged():
                return self._merge(name, None)
        return _NOTHING

    def _enter(self, claim: _Claim) -> None:
        content = claim.original
        self._claims[claim.id] = claim
        self._resting[content.article].add(claim.id)
        for entity in entities_in(content):
            self._naming[entity].add(claim.id)
        for other in responded_to(claim.id, content.attributes):
            self._bound[claim.id].add(other)
            self._bound[other].add(claim.id)

    def _merge(self, name: str, merged: _Merged | None) -> set[str]:
        before = survivors(self._part(()), NOW.recorded_by)
        if merged is None:
            self._merged.pop(name, None)
        else:
            self._merged[name] = merged
        after = survivors(self._part(()), NOW.recorded_by)
        moved = {entity for entity in before.keys() | after.keys() if before.get(entity) != after.get(entity)}
        return self._bearing({claim for entity in moved for claim in self._naming.get(entity, ())})

    def _bearing(self, claims: Iterable[str]) -> set[str]:
        """The claims, and all that bear on them by responses, however indirectly."""
        found, fresh = set(claims), list(claims)
        while fresh:
            others = [o for claim in fresh for o in self._bound.get(claim, ()) if o not in found and o in self._claims]
            fresh = list(dict.fromkeys(others))
            found.update(fresh)
        return found

    def _look_up(self, claims: Collection[str]) -> None:
        """Notes which relations the claims touch now."""
        keys: dict[str, set[Key]] = {claim: set() for claim in claims}
        for key, touching in self._hearing(claims).touching.items():
            for claim in touching:
                keys[claim].add(key)
        for claim, found in keys.items():
            for key in self._keys.get(claim, frozenset()) - found:
                self._about[key].discard(claim)
            for key in found:
                self._about[key].add(claim)
            self._keys[claim] = frozenset(found)

    def _hearing(self, claims: Collection[str]) -> Hearing:
        return hear(self._part(claims), NOW)

    def _part(self, claims: Collection[str]) -> _Part:
        return _Part(self._merged, self._articles, {name: self._claims[name] for name in claims})


def _amended(claim: _Claim, event: ClaimCorrected | ClaimRedated | ClaimRetracted | ClaimReinstated) -> _Claim:
    match event:
        case ClaimCorrected():
            return claim._replace(original=corrected(claim.original, event.changes))
        case ClaimRedated():
            return claim._replace(original=redated(claim.original, event))
    return claim._replace(is_retracted=isinstance(event, ClaimRetracted))
