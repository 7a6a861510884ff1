"""Which records did it: the causes of a difference between two points that differ in one clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from functools import cached_property
from typing import NamedTuple

from events.beliefs import claims_named
from events.changes import ROUND, Change
from events.codec import topic_of
from events.effects import PLAN
from events.event_types import (
    CLAIMED,
    ArticleCorrected,
    ClaimRedated,
    ClaimRefAdded,
    DomainEvent,
    EntityMerged,
    EntityUnmerged,
)
from events.fold import Knowledge
from events.identity import split_stream
from events.knowledge import Heard, Point, hear
from events.matters import Matter, bearings
from events.mentions import entities_in
from events.records import ArticleRecord, ClaimRecord
from events.telling import is_cut, matter_of, telling
from events.temporal import AFTER_ALL, next_day, parse_published
from events.undoing import Response, response_of
from events.vocabulary import OPPOSING, UNDOING
from events.votes import VoteKey, VoteState, vote_key

_CLAIM, _ARTICLE, _MERGE = "claim", "article", "merge"
_MEANT = {"published", "authors"}


class Cause(NamedTuple):
    """A record that did it: a claim, an article or a merge, and the event by which it did: its position and type."""

    kind: str
    id: str
    position: int
    type: str


class Causes:
    """Names what made the differences in the state of an entity between two points.

    `knowledge` holds all that both states came from.
    """

    def __init__(self, knowledge: Knowledge, entity: str, before: Point, after: Point) -> None:
        self._knowledge = knowledge
        self._entity = entity
        self._before = before
        self._after = after

    def of(self, change: Change) -> tuple[Cause, ...]:
        """The causes of one change, in the order of the log: never none where the item has claims.

        Along `recorded_by` what was recorded between the two points; along `published_by` what became public between
        them; along `as_of` the claims whose days lie between them. Where that names nothing: the claims that are new
        or gone, else all claims of the item.
        """
        before, after = set(claims_named(change.before)), set(claims_named(change.after))
        claims = before | after | self._unnamed(change) or self._silent(change)
        found = self._found(change, claims) or self._claimed(before ^ after)
        return tuple(sorted(set(found or self._claimed(claims)), key=lambda cause: (cause.position, cause)))

    def _found(self, change: Change, claims: Set[str]) -> list[Cause]:
        """What lies between the points: of the claims and the responses to them, else of all that bears on these."""
        if self._is_along_days:
            told = telling(change.before) | telling(change.after) | self._unnamed(change)
            return self._claimed(told & self._dated_between)
        answers = {response.claim for claim in claims for response in self._responses.get(claim, ())}
        return self._done(change, claims | answers) or self._done(change, self._bearing(claims))

    def _done(self, change: Change, claims: Set[str]) -> list[Cause]:
        """What was recorded, or became public, of these claims between the points."""
        if self._before.recorded_by != self._after.recorded_by:
            return list(self._recorded(change, claims))
        return list(self._published(claims))

    @property
    def _is_along_days(self) -> bool:
        return self._before[1:3] == self._after[1:3]

    def _claimed(self, claims: Iterable[str]) -> list[Cause]:
        """The claims themselves."""
        return [_claimed(self._knowledge.claims[claim]) for claim in claims]

    def _silent(self, change: Change) -> set[str]:
        """The claims about a vote of which nothing that counts is said."""
        keys = {item.key for item in (change.before, change.after) if isinstance(item, VoteState)}
        return {claim for key in keys for claim in self._about_votes[key]}

    def _unnamed(self, change: Change) -> set[str]:
        """The claims behind an item that names only some of them."""
        matters = {matter_of(item, self._entity) for item in (change.before, change.after) if item and is_cut(item)}
        return {claim for matter in matters for claim in self._claims_on.get(matter, ())}

    @cached_property
    def _claims_on(self) -> dict[Matter, set[str]]:
        """All claims that bear on each matter at one of the points."""
        found: dict[Matter, set[str]] = defaultdict(set)
        for point in (self._before, self._after):
            for matter, bearing in bearings(hear(self._knowledge, point)).items():
                found[matter] |= bearing.claims
        return found

    @cached_property
    def _about_votes(self) -> dict[VoteKey, set[str]]:
        """The claims about each vote, also those that do not count."""
        found: dict[VoteKey, set[str]] = defaultdict(set)
        for point in (self._before, self._after):
            for name, content in hear(self._knowledge, point).contents.items():
                if (key := vote_key(content)) is not None:
                    found[key].add(name)
        return found

    # along the recorded clock

    def _recorded(self, change: Change, claims: Set[str]) -> Iterator[Cause]:
        between = _between(self._before.recorded_by, self._after.recorded_by)
        records = [self._knowledge.claims[claim] for claim in claims]
        for record in records:
            yield from (cause for at, cause in self._events_of(record) if at in between)
            if change.subject.kind == ROUND:
                # A round without a name is called by the ref of its claim.
                named = (Cause(_CLAIM, record.id, at, topic_of(ClaimRefAdded)) for at, _ in record.refs)
                yield from (c for c in named if c.position in between and c.position != record.position)
        articles = (self._knowledge.articles[name] for name in {record.original.article for record in records})
        for article in articles:
            yield from (cause for cause in _corrections(article) if cause.position in between)
        entities = {self._entity}.union(*map(_names, records))
        yield from (cause for cause in self._merges(entities) if cause.position in between)

    def _events_of(self, record: ClaimRecord) -> Iterator[tuple[int, Cause]]:
        """What was done to a claim, and when; a date that moved was moved by the correction of an article."""
        yield record.position, _claimed(record)
        for at, amendment in record.amendments:
            if isinstance(amendment, ClaimRedated):
                yield at, self._root(record, at, amendment)
            else:
                yield at, Cause(_CLAIM, record.id, at, topic_of(type(amendment)))

    def _root(self, record: ClaimRecord, at: int, moved: ClaimRedated) -> Cause:
        stream, _, version = moved.cause.rpartition("@")
        article = self._knowledge.articles.get(split_stream(stream)[1])
        for (position, _), event in zip(article.contents[1:], article.corrections, strict=True) if article else ():
            if event.originator_version == int(version):
                return Cause(_ARTICLE, split_stream(stream)[1], position, topic_of(ArticleCorrected))
        return Cause(_CLAIM, record.id, at, topic_of(ClaimRedated))

    def _merges(self, names: Set[str]) -> Iterator[Cause]:
        """The merges, and their ends, of the entities named and of those into which they were merged."""
        names = names | ({self._after.according_to} if self._after.according_to else set())
        seen: set[str] = set()
        while fresh := {name for name in names if name in self._knowledge.entities} - seen:
            seen |= fresh
            merges = [merge for name in fresh for merge in self._knowledge.entities[name].merges]
            names = {merge.into for merge in merges}
            for merge in merges:
                yield Cause(_MERGE, merge.merge, merge.position, topic_of(EntityMerged))
                if merge.undone is not None:
                    yield Cause(_MERGE, merge.merge, merge.undone, topic_of(EntityUnmerged))

    # along the clock of publication

    def _published(self, claims: Set[str]) -> Iterator[Cause]:
        between = _between(
            *(AFTER_ALL if d is None else d for d in (self._before.published_by, self._after.published_by))
        )
        for claim in claims:
            record = self._knowledge.claims[claim]
            if self._public(record.original.article) in between:
                yield _claimed(record)
            for at, amendment in record.amendments:
                article = None if isinstance(amendment, ClaimRedated) else amendment.article
                if article is not None and at <= self._after.recorded_by and self._public(article) in between:
                    yield Cause(_CLAIM, claim, at, topic_of(type(amendment)))

    def _public(self, article: str) -> int | None:
        """The latest possible day of publication."""
        content = self._knowledge.articles[article].at(self._after.recorded_by)
        return parse_published(content.published).latest if content else None

    # along the days

    @cached_property
    def _dated_between(self) -> set[str]:
        """The claims with a day between the two: of their beginning, their end, or what they plan."""
        between = _between(self._before.as_of, self._after.as_of)
        hearing = hear(self._knowledge, self._after)
        heard = (*hearing.live, *hearing.silenced)
        return {item.claim for item in heard if any(day in between for day in _days(item))}

    # what bears on what

    @cached_property
    def _responses(self) -> dict[str, list[Response]]:
        """The responses to each claim that can change what is told of it."""
        found: dict[str, list[Response]] = defaultdict(list)
        for record in self._knowledge.claims.values():
            response = response_of(record.id, record.current.content)
            if response is not None and response.kind in (*OPPOSING, *UNDOING):
                found[response.target].append(response)
        return found

    def _bearing(self, claims: Set[str]) -> set[str]:
        """The claims, the responses to them and the claims in whose name these speak, and so on."""
        found: set[str] = set()
        fresh = set(claims)
        while fresh:
            found |= fresh
            answers = [response for claim in fresh for response in self._responses.get(claim, ())]
            fresh = {name for answer in answers for name in (answer.claim, answer.by)} - found
        return found & self._knowledge.claims.keys()


def _claimed(record: ClaimRecord) -> Cause:
    event: type[DomainEvent] = CLAIMED[record.original.type]
    return Cause(_CLAIM, record.id, record.position, topic_of(event))


def _corrections(article: ArticleRecord) -> Iterator[Cause]:
    """The corrections of an article that can change what follows from its claims."""
    for (at, _), event in zip(article.contents[1:], article.corrections, strict=True):
        if _MEANT & set(event.changed):
            yield Cause(_ARTICLE, article.id, at, topic_of(ArticleCorrected))


def _names(record: ClaimRecord) -> set[str]:
    """The entities that a claim names, as first sent or now."""
    return {*entities_in(record.original), *entities_in(record.current.content)}


def _days(heard: Heard) -> Iterator[int]:
    """The days on which what a claim says can begin to count, or end."""
    yield from _with_next(*heard.span.start)
    yield from _with_next(*(heard.span.until or ()))
    if heard.effect == PLAN:
        yield from (heard.planned_since, *heard.published, *_with_next(*heard.due))


def _with_next(*days: int) -> Iterator[int]:
    yield from days
    yield from map(next_day, days)


def _between(first: int, second: int) -> range:
    """All after the smaller up to the larger."""
    return range(min(first, second) + 1, max(first, second) + 1)
