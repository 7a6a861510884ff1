"""Reading: answers of the domain on what was found, with names, refs and texts filled in."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from events.beliefs import claims_named
from events.effects import Key
from events.envelope import RecordedEvent
from events.errors import Unknown
from events.event_types import DomainEvent
from events.facts import IN_FORCE
from events.fold import Knowledge, fold
from events.identity import article_stream, claim_stream, split_stream
from events.knowledge import hear, survivors
from events.matters import RELATION, VOTE, Matter, relation_matter
from events.merges import MergeNotice, merge_notices
from events.network import EVERYTHING, Wanted
from events.positions import PositionState
from events.records import EntityRecord
from events.state import EntityState, assembled
from events.temporal import parse_published, span_of
from events.text import folded
from events.values import ArticleContent
from events.vocabulary import RELATIONS, relation_key
from events.votes import VoteKey, VoteState
from service.projections.beliefs import Beliefs
from service.projections.index import Index
from service.settings import Limits
from service.store.protocol import EventStore
from service.store.rows import readable, recorded
from service.store.texts import Opener
from service.timeline.brought import REF, is_uuid
from service.timeline.claim_views import claim_views
from service.timeline.loading import Loader, refs_of
from service.timeline.naming import Naming
from service.timeline.parts import part, place_of
from service.timeline.perspectives import PagedStates
from service.timeline.remembering import Edition, Editions, Memory
from service.timeline.states import FoldedStates, KeptStates, States
from service.timeline.texts import sealed_in
from service.timeline.views import (
    ArticleView,
    ClaimView,
    Clocks,
    EntityStateView,
    EntityView,
    Page,
    RelationView,
    StatePart,
    VoteView,
    fields_with_gaps,
)

OWNS = "owns"
MOST_OWNED = 50
_PART_BYTES, _ANSWER_BYTES, _TIMES_KEPT = 2_000, 1_000, 8
"""What a part takes in memory: so much itself and for each answer, and so many times the beliefs as they are kept."""
_SCHEME = re.compile("([a-z][a-z0-9_-]{0,31}):(.+)")


class Reader:
    """Answers questions at a point of the clocks.

    Unknown for an entity that nobody registered until now; of one registered later nothing was known at that position.
    """

    def __init__(self, store: EventStore, index: Index, beliefs: Beliefs | None, limits: Limits) -> None:
        """Without `beliefs` every answer is folded from the claims."""
        self._store = store
        self._beliefs = beliefs
        self._index = index
        self._load = Loader(store, index, limits.fold_claims)
        self._memory = Memory()
        self._editions = Editions(limits.remembered)
        self._naming = Naming(store, index, self._load, self._memory)

    # entities

    def entity(self, name: str, clocks: Clocks) -> EntityView:
        """One entity, also where it was merged: then a notice names the one that goes on."""
        record = self._load.entity(name, clocks.position)
        view = self._naming.views([record], clocks)[0]
        if view.merge is None:
            return view
        return replace(view, notices=_notices(self._load.merges_of([name], clocks.position), clocks, name))

    def search(
        self, q: str | None, identifier: str | None, clocks: Clocks, limit: int, after: str | None
    ) -> Page[EntityView]:
        """Entities by name, alias, id, or the start of a name; or by identifier, with or without `scheme:`."""
        scheme, value = _identifier(identifier)
        found = self._index.search(folded(q) if q else None, scheme or None, value or None, after or "", limit + 1)
        records = self._load.entities(found[:limit], clocks.position)
        return Page(tuple(self._naming.views(records, clocks)), found[limit - 1] if len(found) > limit else None)

    def entity_state(
        self, name: str, clocks: Clocks, wanted: Wanted = EVERYTHING, limit: int | None = None, after: str | None = None
    ) -> EntityStateView:
        """Everything about one entity, or the part of it that begins after a place: at most so many items.

        What is disputed, the lineage and the rounds come with the first part. A part may be short, and not the last.
        """
        asked = self._newest(name, clocks)
        merges = self._merges_of([asked], clocks)
        entity = survivors(merges, clocks.position).get(name, name)
        part = self.state_part(entity, clocks, wanted, limit, after)
        return EntityStateView(
            asked=name,
            entity=self._naming.views([self._then(asked, entity, clocks.position)], clocks)[0],
            part=part,
            names=self._naming.names_of({name, *part.named}, clocks),
            notices=_notices(merges, clocks, name),
        )

    def state_part(
        self, entity: str, clocks: Clocks, wanted: Wanted, limit: int | None, after: str | None = None
    ) -> StatePart:
        """What `entity_state` tells of an entity that goes on.

        Where the clocks know since when its beliefs are as they are, what was told once is remembered.
        """
        since = clocks.since
        if since is None or since.entity != entity or not clocks.is_plain:
            return self._told(entity, clocks, wanted, limit, after)
        position = min(since.position, clocks.position)
        edition = Edition(since.epoch, since.tables, position, entity, wanted, limit, after)
        found = self._editions.recall(edition, clocks.as_of)
        if found is None:
            found = self._told(entity, clocks, wanted, limit, after)
            self._editions.keep(edition, found)
        return found

    # relations and votes

    def relation(self, relation: str, subject: str, other: str, clocks: Clocks) -> RelationView:
        """One relation, whatever its status."""
        key, merges = self._relation_asked(relation, subject, other, clocks)
        states = self.states(clocks)
        told = states.of(relation_matter(key))
        state = told.relation if isinstance(told, PositionState) else told
        circle = self._circle(key, states) if key[0] == OWNS and state.status in IN_FORCE else ()
        names = self._naming.names_of({subject, other, *key[1:], *circle}, clocks)
        refs = _named([told], states.refs)
        return RelationView(state, circle, names, refs, _notices(merges, clocks, subject, other))

    def relation_claims(
        self, relation: str, subject: str, other: str, clocks: Clocks, limit: int, after: str | None
    ) -> Page[ClaimView]:
        """The claims about one relation, also those that do not count, in the order of their ids."""
        key, _ = self._relation_asked(relation, subject, other, clocks)
        knowledge = self._load.between(subject, other, clocks.position, clocks.perspective)
        hearing = hear(knowledge, clocks.point)
        page = _page(sorted(hearing.touching.get(key, ())), limit, after)
        views = claim_views(self._store, knowledge, hearing, page.items, clocks.position)
        return Page(views, page.after, _notices(knowledge, clocks, subject, other))

    def vote(
        self, body: str, clocks: Clocks, moves: tuple[str, str, str] | None = None, motion: str | None = None
    ) -> VoteView:
        """One vote, by what it moves or by the text of its motion."""
        ends = () if moves is None else moves[1:]
        merges = self._merges_of([self._newest(name, clocks) for name in (body, *ends)], clocks)
        merged = survivors(merges, clocks.position)
        if moves is not None:
            relation, subject, other = moves
            _demand_relation(relation)
            moves = relation_key(relation, merged.get(subject, subject), merged.get(other, other))
        key = VoteKey(merged.get(body, body), moves, None if moves else motion)
        states = self.states(clocks)
        state: VoteState = states.of(Matter(VOTE, (key,)))
        named = {body, *ends, *(moves or ())[1:], *(voter for voter, _ in state.cast)}
        names = self._naming.names_of(named, clocks)
        refs = _named([state], states.refs)
        return VoteView(state, names, refs, _notices(merges, clocks, body, *ends))

    # claims and articles

    def claims_of(
        self,
        name: str,
        clocks: Clocks,
        type: str | None,
        from_: int | None,
        to: int | None,
        limit: int,
        after: str | None,
    ) -> Page[ClaimView]:
        """The claims of an entity in the order of valid time: of when it was so at the latest, then at the earliest."""
        self._load.entity(name)
        knowledge = self._load.of(name, clocks.position, clocks.perspective)
        hearing = hear(knowledge, clocks.point)
        entity = survivors(knowledge, clocks.position).get(name, name)
        spans = {
            claim: span_of(content.time.edtf).start
            for claim, content in hearing.contents.items()
            if (type is None or content.type == type) and any(p.entity == entity for p in content.participants)
        }
        if clocks.according_to is not None:
            spans = {claim: span for claim, span in spans.items() if claim in hearing.everyone}
        chosen = [
            f"{span.latest:07d}.{span.earliest:07d}.{claim}"
            for claim, span in spans.items()
            if (from_ is None or span.latest >= from_) and (to is None or span.earliest <= to)
        ]
        page = _page(sorted(chosen), limit, after)
        claims = [key.split(".")[2] for key in page.items]
        views = claim_views(self._store, knowledge, hearing, claims, clocks.position)
        return Page(views, page.after, _notices(knowledge, clocks, name))

    def claim(self, given: str, clocks: Clocks) -> ClaimView:
        """One claim, by id or ref."""
        found = self.claims([self.claim_id(given)], clocks)
        if not found:
            raise Unknown(f"there is no claim {given!r} at position {clocks.position}")
        return found[0]

    def claims(self, claims: Collection[str], clocks: Clocks) -> tuple[ClaimView, ...]:
        """Those of some claims that were recorded by then."""
        knowledge = self._load.about(claims, clocks.position, clocks.perspective)
        known = [claim for claim in claims if claim in knowledge.claims]
        return claim_views(self._store, knowledge, hear(knowledge, clocks.point), known, clocks.position)

    def claim_history(self, given: str, limit: int, after: int) -> Page[RecordedEvent]:
        """Every event of a claim, after a version."""
        stream = claim_stream(self.claim_id(given))
        rows = self._store.read_stream(stream, after=after, limit=limit + 1)
        if not rows and not self._store.read_stream(stream, limit=1):
            raise Unknown(f"there is no claim {given!r}")
        events = tuple(recorded(row) for row in rows[:limit])
        return Page(events, str(rows[limit - 1].version) if len(rows) > limit else None)

    def claim_id(self, given: str) -> str:
        """The id of a claim given by id or ref."""
        stream = None if is_uuid(given) else self._store.find_keys(REF, [given]).get(given)
        return split_stream(stream)[1] if stream else given

    def article(self, name: str, clocks: Clocks) -> ArticleView:
        """One article with its claims."""
        rows = self._store.read_stream(article_stream(name), until=clocks.position)
        record = fold(readable(rows)).articles.get(name)
        content = record.at(clocks.position) if record else None
        if record is None or content is None:
            raise Unknown(f"there is no article {name!r} at position {clocks.position}")
        knowledge = self._load.fold([claim_stream(claim) for claim in self._index.claims_in(name)], clocks.position)
        opener = Opener(self._store, sealed_in(content))
        authors = [opener.open(author) for author in content.authors]
        text = opener.open(content.text)
        return ArticleView(
            id=name,
            version=record.version,
            position=rows[-1].position,
            title=content.title,
            publisher=content.publisher,
            authors=tuple(author for author in authors if author is not None),
            language=content.language,
            published=content.published,
            published_bounds=parse_published(content.published),
            url=content.url,
            sha256=content.sha256,
            text=text,
            claims=tuple(sorted(c.id for c in knowledge.claims.values() if c.original.article == name)),
            refs=refs_of(knowledge),
            erased=fields_with_gaps(authors=authors, text=[] if content.text is None else [text]),
        )

    def articles(self, articles: Collection[str], clocks: Clocks) -> dict[str, ArticleContent]:
        """What was known by then about some articles, texts and authors still sealed."""
        found = self._load.fold([article_stream(article) for article in articles], clocks.position).articles
        return {name: record.contents[-1][1] for name, record in found.items()}

    # the log

    def open_texts(self, events: Collection[DomainEvent]) -> dict[str, str | None]:
        """The texts behind the seals of some events, by reference; None where one was erased.

        Where several seals have one reference, it stands for what the first of them sealed.
        """
        seals = list(sealed_in(list(events)))
        opener = Opener(self._store, seals)
        return {seal.reference: opener.open(seal) for seal in reversed(seals)}

    # parts of answers

    def _told(self, entity: str, clocks: Clocks, wanted: Wanted, limit: int | None, after: str | None) -> StatePart:
        states = self.states(clocks)
        told, following, days, size = part(states.listed(entity, place_of(after)), wanted, limit)
        state = assembled(entity, told)
        refs = _named((answer for _, answer in told), states.refs)
        weight = _PART_BYTES + len(told) * _ANSWER_BYTES + size * _TIMES_KEPT
        return StatePart(state, refs, frozenset(named_in(state)), len(told), weight, following, days)

    def states(self, clocks: Clocks) -> States:
        """What is told of matters at a point, for one question."""
        if self._beliefs is None:
            return FoldedStates(self._load, clocks)
        if not clocks.is_plain:
            return PagedStates(self._load, clocks, self._beliefs)
        return KeptStates(self._beliefs, self._load, clocks)

    def _relation_asked(self, relation: str, subject: str, other: str, clocks: Clocks) -> tuple[Key, Knowledge]:
        """The relation between those who go on, and the merges of all who were asked for."""
        _demand_relation(relation)
        merges = self._merges_of([self._newest(name, clocks) for name in (subject, other)], clocks)
        merged = survivors(merges, clocks.position)
        return relation_key(relation, merged.get(subject, subject), merged.get(other, other)), merges

    def _newest(self, name: str, clocks: Clocks) -> EntityRecord:
        """An entity with all that was recorded of it; Unknown where there is none."""

        def find(names: Collection[str]) -> dict[str, EntityRecord]:
            return {name: self._load.entity(name) for name in names}

        return self._memory.recall(clocks.mark, "record", [name], find)[name]

    def _merges_of(self, asked: Sequence[EntityRecord], clocks: Clocks) -> Knowledge:
        """The merges of those who were asked for, and of whom is listened to."""
        merged = [record.id for record in asked if record.merges]
        named = [*merged, *clocks.perspective]
        return self._load.merges_of(named, clocks.position) if named else Knowledge()

    def _circle(self, key: Key, states: States) -> tuple[str, ...]:
        """The owner and all on the way from what it owns back to it, of at most MOST_OWNED entities; else empty."""
        _, owner, owned = key
        ways: list[tuple[str, ...]] = [(owner, owned)]
        seen = {owned}
        while ways and len(seen) <= MOST_OWNED:
            way = ways.pop(0)
            for following in _owned_by(way[-1], states):
                if following == owner:
                    return way
                if following not in seen:
                    seen.add(following)
                    ways.append((*way, following))
        return ()

    def _then(self, asked: EntityRecord, goes_on: str, position: int) -> EntityRecord:
        """The entity that goes on as it was at a position; as it was first registered where that came later."""
        if asked.id == goes_on and asked.position <= position:
            return asked
        return self._entity_then_or_first(goes_on, position)

    def _entity_then_or_first(self, name: str, position: int) -> EntityRecord:
        """An entity as it was at a position; as it was first registered where that came later."""
        then = self._load.entities([name], position)
        return then[0] if then else self._load.entity(name, self._load.entity(name).contents[0][0])


def _named(answers: Iterable[Any], refs: dict[str, str]) -> dict[str, str]:
    """The refs of the claims that answers name."""
    claims = {claim for answer in answers for claim in claims_named(answer)}
    return {claim: refs[claim] for claim in sorted(claims) if claim in refs}


def _owned_by(entity: str, states: States) -> list[str]:
    relations = (told.answer for told in states.listed(entity, kinds=(RELATION,)) if told.answer)
    return [state.key[2] for state in relations if state.key[:2] == (OWNS, entity) and state.status in IN_FORCE]


def _notices(knowledge: Knowledge, clocks: Clocks, *asked: str) -> tuple[MergeNotice, ...]:
    """What merges mean for an answer about some entities, or according to one."""
    return merge_notices(knowledge, (*asked, *clocks.perspective), clocks.position)


def _identifier(text: str | None) -> tuple[str | None, str | None]:
    """Scheme and value of an identifier; what stands before a colon is a scheme if it looks like one."""
    match = _SCHEME.fullmatch(text or "")
    return (match[1], match[2]) if match else (None, text)


def _demand_relation(relation: str) -> None:
    if relation not in RELATIONS:
        raise Unknown(f"there is no relation {relation!r}; the relations are {', '.join(sorted(RELATIONS))}")


def _page(keys: Sequence[str], limit: int, after: str | None) -> Page[str]:
    rest = [key for key in keys if after is None or key > after]
    return Page(tuple(rest[:limit]), rest[limit - 1] if len(rest) > limit else None)


def named_in(state: EntityState) -> set[str]:
    """The entities whose names an answer shows."""
    named = {state.entity, *(end for relation in state.relations for end in relation.key[1:])}
    for vote in state.votes:
        named |= {vote.key.body, *(vote.key.moves or ())[1:], *(voter for voter, _ in vote.cast)}
    for stance in state.stances:
        named |= {stance.key.speaker, stance.key.about, *stance.affiliation}
    named |= {link.entity for link in (*state.lineage.predecessors, *state.lineage.successors)}
    return named | {investor.entity for found in state.rounds for investor in found.investors}
