"""What every record says now, without its history, and what each further event may change.

The read side keeps the beliefs of the present and all that there were before. So it never needs the past of a record: a
ledger holds of each just the newest, and a claim corrected a thousand times costs what any other one does.
"""

from __future__ import annotations

from collections import ChainMap, defaultdict
from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from typing import Any, NamedTuple

from events.beliefs import Belief, belief_in
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
from events.fold import Knowledge
from events.identity import split_stream
from events.knowledge import NOW, Heard, Hearing, hear
from events.library import Library, Nowhere
from events.matters import Matter, bearing_on, bearings, can_tell
from events.mentions import entities_in, responded_to
from events.publicity import UNSURE, Publicity, publicity
from events.records import EVER, ClaimRecord, ClaimVersion, Merge, amended
from events.temporal import parse_published
from events.values import ArticleContent, ClaimContent

_NOTHING: frozenset[str] = frozenset()


class _Claim(NamedTuple):
    """A claim as it is now (see `events.knowledge.KnownClaim`)."""

    id: str
    position: int
    original: ClaimContent
    refs: tuple[str, ...]
    is_retracted: bool = False
    is_backed: bool = False
    """Whether it ever rested on another article than the one that it was sent with."""

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


class Taken(NamedTuple):
    """The matters about which something else may be believed since an event, and what newly bears on which matter.

    `unsure`: of these matters something may be told, as published by some day, that is not believed now or never was.
    """

    matters: set[Matter]
    bearers: set[tuple[Matter, str]]
    unsure: set[Matter]


class Ledger:
    """The newest knowledge, as far as the events and the questions so far needed it."""

    def __init__(self, library: Library | None = None) -> None:
        self._library: Library = library or Nowhere()
        self._merged: dict[str, _Merged] = {}
        self._sources: dict[str, set[str]] = defaultdict(set)
        self._articles: dict[str, _Article] = {}
        self._claims: dict[str, _Claim] = {}
        self._naming: dict[str, set[str]] = defaultdict(set)
        self._resting: dict[str, set[str]] = defaultdict(set)
        self._bound: dict[str, set[str]] = defaultdict(set)
        self._matters: dict[str, frozenset[Matter]] = {}
        self._about: dict[Matter, set[str]] = defaultdict(set)
        self._whole: set[Matter] = set()
        self._met: set[str] = set()
        self._heard: dict[str, Heard] = {}
        self._used: dict[str, None] = {}

    def __len__(self) -> int:
        """How many claims and articles it holds."""
        return len(self._claims) + len(self._articles)

    def use(self, library: Library) -> None:
        """Looks there from now on."""
        self._library = library

    def forget(self, most: int) -> None:
        """Keeps about so many claims: those used last, all that bear on these, and what they rest on."""
        kept = self._bearing(list(islice(reversed(self._used), most)))
        for name in self._claims.keys() - kept:
            del self._claims[name]
            self._heard.pop(name, None)
            self._used.pop(name, None)
            for matter in self._matters.pop(name, ()):
                self._about[matter].discard(name)
                self._whole.discard(matter)
        self._about = defaultdict(set, {matter: claims for matter, claims in self._about.items() if claims})
        self._whole &= self._about.keys()
        articles = {claim.original.article for claim in self._claims.values()}
        self._articles = {name: article for name, article in self._articles.items() if name in articles}
        self._naming, self._resting, self._bound = (
            defaultdict(set, {name: left for name, claims in found.items() if (left := claims & kept)})
            for found in (self._naming, self._resting, self._bound)
        )

    def holds(self, matter: Matter) -> bool:
        """Whether it knows all that bears on a matter, and that something does."""
        return matter in self._whole and matter in self._about

    def prepare(self, events: Iterable[DomainEvent]) -> set[Matter]:
        """Finds at once what these events will need, and gives the matters that they seem to be about."""
        events = list(events)
        self._demand(self._needed_by(events))
        self._meet([event.content for event in events if isinstance(event, Claimed)])
        fresh = {
            split_stream(event.originator_id)[1]: _Article(event.content)
            for event in events
            if isinstance(event, ArticleRegistered)
        }
        articles = ChainMap(fresh, self._articles)
        matters = {matter for event in events for matter in self._foreseen(event, articles)}
        self._complete(matters)
        return matters

    def take(self, event: DomainEvent, position: int) -> Taken:
        """Takes in the next event."""
        self._demand(self._needed_by([event]))
        affected = self._take(event, position)
        before = {(matter, claim) for claim in affected for matter in self._matters.get(claim, ())}
        self._look_up(affected)
        after = {(matter, claim) for claim in affected for matter in self._matters[claim]}
        matters = {matter for matter, _ in before | after}
        is_backed = any(self._claims[claim].is_backed for claim in affected)
        return Taken(matters, after - before, matters if is_backed else {matter for matter, _ in before - after})

    def belief(self, matter: Matter) -> Belief[Any]:
        """What is believed about a matter now."""
        self._complete([matter])
        claims = self._about.get(matter, ())
        self._use(claims)
        if not can_tell(matter, (self._claims[claim].original for claim in claims)):
            claims = ()
        hearing = self._hearing(self._bearing(claims))
        bearing = bearing_on(hearing, matter, claims)
        return belief_in(hearing, matter, bearing, lambda claim: self._claims[claim].refs)

    def publicity(self, matter: Matter, taken: Taken, before: Publicity | None) -> Publicity:
        """When that what bears on a matter was published, since an event was taken in; what is unsure stays so."""
        if before == UNSURE or matter in taken.unsure:
            return UNSURE
        claims = self._bearing(self._about.get(matter, ()))
        articles = {self._claims[claim].original.article for claim in claims}
        return publicity([parse_published(self._articles[article].content.published) for article in articles])

    # what is needed

    def _needed_by(self, events: Iterable[DomainEvent]) -> set[str]:
        """The claims without which events cannot be taken."""
        claims: set[str] = set()
        articles, entities = set(), set()
        for event in events:
            category, name = split_stream(event.originator_id)
            match event:
                case Claimed():
                    claims.update(responded_to(name, event.content.attributes))
                case ArticleCorrected():
                    articles.add(name)
                case EntityMerged() | EntityUnmerged():
                    entities.add(name)
                case _ if category == "claim":
                    claims.add(name)
        if articles:
            claims.update(self._library.claims_in(articles))
        if entities:
            claims.update(self._library.claims_naming(entities))
        return claims

    def _foreseen(self, event: DomainEvent, articles: Mapping[str, _Article]) -> Iterable[Matter]:
        """The matters that an event seems to be about, as far as it can be told without its surroundings."""
        _, name = split_stream(event.originator_id)
        if isinstance(event, Claimed) and event.content.article in articles:
            claim = _Claim(name, 0, event.content, ())
            return bearings(hear(_Part(self._merged_among([claim]), articles, {name: claim}), NOW)).keys()
        return self._matters.get(name, ())

    def _demand(self, claims: Iterable[str]) -> None:
        """Claims that it does not hold are fetched."""
        missing = {claim for claim in claims if claim not in self._claims}
        if not missing:
            return
        found = self._library.records(missing)
        self._surround(found)
        fresh = [record for record in found.claims.values() if record.id not in self._claims]
        known = [_known(record) for record in fresh]
        self._meet([claim.original for claim in known])
        for record, claim in zip(fresh, known, strict=True):
            for content in record.contents():
                self._bind(record.id, content)
            self._enter(claim)
        self._look_up({record.id for record in fresh})

    def _meet(self, contents: Iterable[ClaimContent], also: Iterable[str] = ()) -> None:
        """The articles that contents rest on and the merges of whom they name, and of others, are fetched."""
        contents = list(contents)
        articles = {content.article for content in contents if content.article not in self._articles}
        entities = {*also, *(entity for content in contents for entity in entities_in(content))} - self._met
        if articles or entities:
            self._surround(self._library.surroundings(articles, entities))
            self._met |= entities

    def _surround(self, found: Knowledge) -> None:
        for entity in found.entities.values():
            merge = entity.merge_at(EVER)
            # The library is as it was before the event at hand, which may be about this very merge.
            if merge is not None and entity.id not in self._met:
                self._note_merge(_Merged(entity.id, merge))
        self._met |= found.entities.keys()
        for article in found.articles.values():
            self._articles.setdefault(article.id, _Article(article.contents[-1][1]))

    def _complete(self, matters: Iterable[Matter]) -> None:
        """All claims that bear on matters are fetched."""
        partial = {matter for matter in matters if matter not in self._whole}
        if partial:
            self._demand(self._library.claims_on(partial))
            self._whole |= partial

    # what changes

    def _take(self, event: DomainEvent, position: int) -> Collection[str]:
        """The claims whose standing may be another than before."""
        _, name = split_stream(event.originator_id)
        match event:
            case Claimed():
                self._meet([event.content])
                refs = () if event.ref is None else (event.ref,)
                self._enter(_Claim(name, position, event.content, refs))
                return self._bearing([name])
            case ClaimCorrected() | ClaimRedated() | ClaimRetracted() | ClaimReinstated():
                before = self._bearing([name])
                claim = self._claims[name]
                said = amended(ClaimVersion(claim.original, claim.is_retracted), event)
                is_backed = claim.is_backed or _is_backed_by(event) or said.content.article != claim.original.article
                claim = claim._replace(original=said.content, is_retracted=said.is_retracted, is_backed=is_backed)
                self._meet([claim.original])
                self._demand(responded_to(name, claim.original.attributes))
                self._enter(claim)
                return before | self._bearing([name])
            case ClaimRefAdded():
                claim = self._claims[name]
                self._claims[name] = claim._replace(refs=(*claim.refs, event.ref))
                return self._bearing([name])
            case ArticleRegistered() | ArticleCorrected():
                self._articles[name] = _Article(event.content)
                self._unhear(self._resting.get(name, ()))
                return self._bearing(self._resting.get(name, ()))
            case EntityMerged():
                self._meet((), [name, event.into])
                return self._merge(name, _Merged(name, Merge(event.merge, event.into, position, event.reason)))
            case EntityUnmerged():
                self._meet((), [name])
                return self._merge(name, None)
        return _NOTHING

    def _enter(self, claim: _Claim) -> None:
        content = claim.original
        self._claims[claim.id] = claim
        self._heard.pop(claim.id, None)
        self._resting[content.article].add(claim.id)
        self._bind(claim.id, content)

    def _bind(self, claim: str, content: ClaimContent) -> None:
        """Notes whom a version of a claim names and what it is joined to. What was noted is never taken back."""
        for entity in entities_in(content):
            self._naming[entity].add(claim)
        for other in responded_to(claim, content.attributes):
            self._bound[claim].add(other)
            self._bound[other].add(claim)

    def _merge(self, name: str, merged: _Merged | None) -> set[str]:
        if merged is not None:
            self._note_merge(merged)
        elif (undone := self._merged.pop(name, None)) is not None:
            self._sources[undone.merge.into].discard(name)
        claims = {claim for entity in self._going_by(name) for claim in self._naming.get(entity, ())}
        self._unhear(claims)
        return self._bearing(claims)

    def _note_merge(self, merged: _Merged) -> None:
        self._merged[merged.id] = merged
        self._sources[merged.merge.into].add(merged.id)

    def _going_by(self, name: str) -> set[str]:
        """The entity, and those that were merged into it, however indirectly."""
        found, fresh = {name}, [name]
        while fresh:
            fresh = [source for entity in fresh for source in self._sources.get(entity, ()) if source not in found]
            found.update(fresh)
        return found

    def _unhear(self, claims: Iterable[str]) -> None:
        """What claims say may mean something else now."""
        for claim in claims:
            self._heard.pop(claim, None)

    def _bearing(self, claims: Collection[str]) -> set[str]:
        """The claims, and all that bear on them by responses, however indirectly."""
        found, fresh = set(claims), list(claims)
        while fresh:
            others = [o for claim in fresh for o in self._bound.get(claim, ()) if o not in found and o in self._claims]
            fresh = list(dict.fromkeys(others))
            found.update(fresh)
        return found

    def _look_up(self, claims: Collection[str]) -> None:
        """Notes on which matters the claims bear now."""
        matters: dict[str, list[Matter]] = {claim: [] for claim in claims}
        for matter, bearing in bearings(self._hearing(claims)).items():
            self._about[matter] |= bearing.claims
            for claim in bearing.claims:
                matters[claim].append(matter)
        for claim, found in matters.items():
            now = frozenset(found)
            for matter in self._matters.get(claim, now) - now:
                self._about[matter].discard(claim)
            self._matters[claim] = now

    def _use(self, claims: Iterable[str]) -> None:
        for name in claims:
            self._used.pop(name, None)
            self._used[name] = None

    def _hearing(self, claims: Collection[str]) -> Hearing:
        self._use(claims)
        return hear(self._part(claims), NOW, self._heard)

    def _part(self, claims: Collection[str]) -> _Part:
        held = {name: self._claims[name] for name in claims}
        return _Part(self._merged_among(held.values()), self._articles, held)

    def _merged_among(self, claims: Collection[_Claim]) -> Mapping[str, _Merged]:
        """The merges of whom claims name, and more where those are not many."""
        if len(self._merged) <= len(claims):
            return self._merged
        found: dict[str, _Merged] = {}
        for claim in claims:
            for entity in entities_in(claim.original):
                while entity not in found and entity in self._merged:
                    found[entity] = self._merged[entity]
                    entity = found[entity].merge.into
        return found


def _known(record: ClaimRecord) -> _Claim:
    refs = tuple(ref for _, ref in record.refs)
    said = record.current
    is_backed = any(_is_backed_by(amendment) for _, amendment in record.amendments)
    is_backed = is_backed or said.content.article != record.original.article
    return _Claim(record.id, record.position, said.content, refs, said.is_retracted, is_backed)


def _is_backed_by(amendment: DomainEvent) -> bool:
    """Whether an amendment rests on an article of its own."""
    return getattr(amendment, "article", None) is not None
