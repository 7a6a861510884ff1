"""What counts at a point of the clocks: the claims heard, those silenced or undone, and who opposes whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from events.effects import OPEN, Key, Scope, asserter, due, effect, relations, scope
from events.records import EVER, ClaimVersion, Merge
from events.temporal import BEFORE_ALL, LAST_DAY, Bounds, Span, parse_published, span_of
from events.undoing import Response, Undone, response_of, undone
from events.values import ArticleContent, AssertedBy, ClaimContent, ClaimTime, Participant, Sealed
from events.vocabulary import CLAIM_TYPES, DUE_MODALITIES, OPPOSING, SCOPES, UNDOING, VARIANTS, RelationRule


class Point(NamedTuple):
    """A point of the three clocks, and the perspective: a day, a day or no limit, a log position, an entity or all."""

    as_of: int
    published_by: int | None = None
    recorded_by: int = EVER
    according_to: str | None = None


NOW = Point(LAST_DAY)
"""All that is known; the day does not matter to what is heard."""


class KnownClaim(Protocol):
    """What is known of a claim: `original` as it was first sent, and what it says at a point."""

    @property
    def id(self) -> str: ...

    @property
    def position(self) -> int: ...

    @property
    def original(self) -> ClaimContent: ...

    def versions(self, position: int, is_public: Callable[[str], bool], /) -> ClaimVersion: ...


class KnownArticle(Protocol):
    """What is known of an article."""

    def at(self, position: int, /) -> ArticleContent | None: ...


class KnownEntity(Protocol):
    """What is known of an entity: what it was merged into."""

    @property
    def id(self) -> str: ...

    def merge_at(self, position: int, /) -> Merge | None: ...


class Known(Protocol):
    """Records by id."""

    @property
    def entities(self) -> Mapping[str, KnownEntity]: ...

    @property
    def articles(self) -> Mapping[str, KnownArticle]: ...

    @property
    def claims(self) -> Mapping[str, KnownClaim]: ...


class Heard:
    """A claim that counts at a point, with the ids of merged entities replaced by those that go on."""

    def __init__(self, claim: str, content: ClaimContent, published: Bounds, asserter: str) -> None:
        self.claim = claim
        self.content = content
        self.published = published
        self.asserter = asserter

    @cached_property
    def effect(self) -> str:
        """What it does to its relation."""
        return effect(self.content)

    @cached_property
    def span(self) -> Span:
        """When it was so."""
        return span_of(self.content.time.edtf)

    @cached_property
    def scope(self) -> Scope:
        """Which part of the relation it is about."""
        return scope(self.content)

    @cached_property
    def relations(self) -> frozenset[Key]:
        """The relations that it speaks about."""
        return relations(self.content)

    @cached_property
    def due(self) -> Bounds:
        """The days in which what it plans was to come true."""
        return due(self.content)

    @cached_property
    def planned_since(self) -> int:
        """The day from which its plan was known: published, or said if that is earlier."""
        known, said = self.published.earliest, self.span.start.earliest
        if self.content.modality in DUE_MODALITIES or said == BEFORE_ALL:
            return known
        return min(known, said)

    @cached_property
    def variant(self) -> tuple[str, ...]:
        """The attributes of which a new value changes a state and opens no second one."""
        return tuple(str(self.content.attributes.get(name)) for name in VARIANTS)

    @property
    def rule(self) -> RelationRule | None:
        """The relation that its type speaks about."""
        return CLAIM_TYPES[self.content.type].about


class Opposition(NamedTuple):
    """Two claims of which one denies, disputes or contradicts the other, as a whole or in one aspect."""

    by: str
    target: str
    aspect: str | None
    why: str


@dataclass
class Hearing:
    """All that counts at a point. `live` may hold a claim twice: an acquisition also ends what its seller owned.

    `contents` holds what every known claim says, also of those that no longer count.
    """

    live: list[Heard]
    silenced: list[Heard]
    undone: list[Undone]
    opposed: list[Opposition]
    contents: dict[str, ClaimContent]

    @cached_property
    def everyone(self) -> dict[str, Heard]:
        """Live and silenced claims by id."""
        return {heard.claim: heard for heard in (*reversed(self.live), *self.silenced)}

    @cached_property
    def quiet(self) -> set[str]:
        """The silenced claims."""
        return {heard.claim for heard in self.silenced}

    @cached_property
    def opposed_about(self) -> dict[str, list[Opposition]]:
        """The oppositions in which each claim stands, on either side."""
        about: dict[str, list[Opposition]] = defaultdict(list)
        for opposed in self.opposed:
            for claim in {opposed.by, opposed.target}:
                about[claim].append(opposed)
        return about

    @cached_property
    def undone_of(self) -> dict[str, list[Undone]]:
        """How each claim that was undone was so."""
        about: dict[str, list[Undone]] = defaultdict(list)
        for item in self.undone:
            about[item.claim].append(item)
        return about

    @cached_property
    def about(self) -> dict[Key, list[Heard]]:
        """The live claims about each relation."""
        about: dict[Key, list[Heard]] = defaultdict(list)
        for heard in self.live:
            for key in heard.relations:
                about[key].append(heard)
        return about

    @cached_property
    def touching(self) -> dict[Key, set[str]]:
        """The claims about each relation, also those that no longer count."""
        touching: dict[Key, set[str]] = defaultdict(set)
        for name, content in self.contents.items():
            heard = self.everyone.get(name)
            for key in heard.relations if heard and heard.content is content else relations(content):
                touching[key].add(name)
        for key, claims in self.about.items():
            touching[key].update(heard.claim for heard in claims)
        return touching


def hear(knowledge: Known, point: Point, heard: dict[str, Heard] | None = None) -> Hearing:
    """What counts at this point, for all or for one perspective.

    `heard` are claims by id that were heard before at the same point: they are taken from there, new ones put there.
    """
    return _Hall(knowledge, point, {} if heard is None else heard).hearing()


def survivors(knowledge: Known, position: int) -> dict[str, str]:
    """For each entity merged at a log position, the one that goes on."""
    into = {e.id: merge.into for e in knowledge.entities.values() if (merge := e.merge_at(position))}
    return {name: _follow(name, into) for name in into}


def _follow(name: str, into: dict[str, str]) -> str:
    seen = {name}
    while (following := into.get(name)) is not None and following not in seen:
        seen.add(following)
        name = following
    return name


class _Hall:
    """Works out a hearing, step by step."""

    def __init__(self, knowledge: Known, point: Point, before: dict[str, Heard]) -> None:
        self.before = before
        self.knowledge = knowledge
        self.point = point
        self.merged = survivors(knowledge, point.recorded_by)
        self.perspective = self._survivor(point.according_to) if point.according_to else None
        self.contents: dict[str, ClaimContent] = {}

    def hearing(self) -> Hearing:
        admissible, retracted = self._admissible()
        responses = [r for name, item in admissible.items() if (r := response_of(name, item.content))]
        undoings = [r for r in responses if self._may_undo(r, admissible)]
        gone = [*retracted, *undone(admissible.keys(), {item.claim for item in retracted}, undoings)]
        removed = {item.claim for item in gone}
        heard = {name: item for name, item in admissible.items() if name not in removed}
        opposing = [r for r in responses if {r.claim, r.by} <= heard.keys() and r.kind in OPPOSING]
        silent = _silent_headlines(heard, opposing)
        audible = {name: item for name, item in heard.items() if self._is_voice(item.content.asserted_by)}
        live = [item for name, item in audible.items() if name not in silent]
        denials = [r for r in opposing if self._denies(r, audible) and r.by not in silent and r.target in heard]
        live += [item for r in denials for item in _negated(heard[r.by], heard[r.target])]
        live += [ended for item in live if (ended := _divested(item))]
        silenced = [item for name, item in audible.items() if name in silent]
        gone = [item for item in gone if self._is_voice(self.contents[item.claim].asserted_by)]
        return Hearing(live, silenced, gone, _oppositions(opposing, audible), self.contents)

    def _admissible(self) -> tuple[dict[str, Heard], list[Undone]]:
        """Claims known on both clocks, and those that a recorder withdrew or put right."""
        admissible, retracted = {}, []
        for name, record in sorted(self.knowledge.claims.items()):
            known = self.before.get(name)
            if known is not None:
                admissible[name] = known
                self.contents[name] = known.content
                continue
            if record.position > self.point.recorded_by or not self._is_public(record.original.article):
                continue
            version = record.versions(self.point.recorded_by, self._is_public)
            content = self._canonical(version.content)
            self.contents[record.id] = content
            if version.is_retracted:
                retracted.append(Undone(record.id, "retracted", None))
            else:
                admissible[name] = self.before[name] = self._heard(record, content)
        return admissible, retracted

    def _heard(self, record: KnownClaim, content: ClaimContent) -> Heard:
        return Heard(record.id, content, self._published(content.article), asserter(content, self._authors))

    def _article(self, article: str) -> ArticleContent:
        content = self.knowledge.articles[article].at(self.point.recorded_by)
        if content is None:
            raise LookupError(f"article {article} is younger than its claims")
        return content

    def _published(self, article: str) -> Bounds:
        return parse_published(self._article(article).published)

    def _is_public(self, article: str) -> bool:
        """Whether the latest possible day of publication is within the limit."""
        limit = self.point.published_by
        return limit is None or self._published(article).latest <= limit

    def _authors(self, article: str) -> str:
        authors = self._article(article).authors
        names = sorted(a.reference if isinstance(a, Sealed) else a for a in authors)
        return "author:" + ("+".join(names) or article)

    def _survivor(self, entity: str) -> str:
        return self.merged.get(entity, entity)

    def _canonical(self, content: ClaimContent) -> ClaimContent:
        """The content with merged entities replaced."""
        if not self.merged:
            return content
        by = content.asserted_by
        moves = content.attributes.get("moves")
        attributes = content.attributes
        if moves:
            ends = {name: self._survivor(moves[name]) for name in ("subject", "object")}
            attributes = attributes | {"moves": moves | ends}
        participants = dict.fromkeys(Participant(p.role, self._survivor(p.entity)) for p in content.participants)
        return replace(
            content,
            participants=tuple(participants),
            attributes=attributes,
            asserted_by=replace(
                by,
                agent=tuple(dict.fromkeys(map(self._survivor, by.agent))),
                affiliation=tuple(dict.fromkeys(map(self._survivor, by.affiliation))),
            ),
        )

    def _is_voice(self, by: AssertedBy) -> bool:
        return self.perspective is None or self.perspective in by.voices

    def _may_undo(self, response: Response, admissible: dict[str, Heard]) -> bool:
        """From a perspective only its own undoings count, besides those of the recorder."""
        speaker = admissible.get(response.by) or admissible[response.claim]
        return response.kind in UNDOING and self._is_voice(speaker.content.asserted_by)

    def _denies(self, response: Response, audible: dict[str, Heard]) -> bool:
        """Whether the perspective denies the whole of a claim."""
        is_denial = response.kind == "deny" and response.aspect is None
        return self.perspective is not None and is_denial and response.by in audible


def _silent_headlines(heard: dict[str, Heard], opposing: list[Response]) -> set[str]:
    """Headlines that another claim of their own article opposes."""
    silent = set()
    for pair in ({r.by, r.target} for r in opposing):
        for name in pair & heard.keys():
            content = heard[name].content
            others = (pair - {name}) & heard.keys()
            if content.asserted_by.kind == "headline" and any(
                heard[o].content.article == content.article for o in others
            ):
                silent.add(name)
    return silent


def _oppositions(opposing: list[Response], audible: dict[str, Heard]) -> list[Opposition]:
    """The oppositions between claims of different asserters."""
    between = [r for r in opposing if r.by in audible and r.target in audible]
    joined = [r for r in between if audible[r.by].asserter != audible[r.target].asserter]
    return list(dict.fromkeys(Opposition(r.by, r.target, r.aspect, r.kind) for r in joined))


def _negated(denial: Heard, target: Heard) -> Iterable[Heard]:
    """What a denial says for the one who denies: the opposite; and that a relation goes on that nobody wants to end."""
    content = target.content
    opposite = replace(
        content,
        article=denial.content.article,
        asserted_by=denial.content.asserted_by,
        polarity="positive" if content.is_negated else "negative",
        modality="done" if content.modality == "denied" else content.modality,
    )
    yield Heard(denial.claim, opposite, denial.published, denial.asserter)
    if "change" in dict(target.scope):
        goes_on = replace(
            opposite,
            participants=tuple(p for p in content.participants if p.role not in SCOPES),
            attributes={k: v for k, v in content.attributes.items() if k not in (*SCOPES, "stage", "due")},
            polarity="positive",
            modality="ongoing",
            time=ClaimTime("observed", denial.content.time.edtf),
        )
        yield Heard(denial.claim, goes_on, denial.published, denial.asserter)


def _divested(heard: Heard) -> Heard | None:
    """The end of what the seller owned, for what is bought is no longer its seller's, unless it bought it itself."""
    buyers = heard.content.entities("acquirer")
    sellers = [seller for seller in heard.content.entities("seller") if seller not in buyers]
    if not sellers or heard.effect != OPEN:
        return None
    parts = [Participant("acquirer", s) for s in sellers] + [
        Participant("target", t) for t in heard.content.entities("target")
    ]
    content = replace(heard.content, participants=tuple(parts), attributes={"stage": "divested"})
    return Heard(heard.claim, content, heard.published, heard.asserter)
