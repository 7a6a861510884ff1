"""Reading: what an answer needs is found by the index, read from the log up to a position, and folded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from events.codec import decode
from events.effects import Key
from events.envelope import RecordedEvent
from events.errors import Unknown
from events.event_types import DomainEvent
from events.fold import Knowledge, fold
from events.identity import article_stream, claim_stream, entity_stream, split_stream
from events.knowledge import Hearing, Point, hear, survivors
from events.records import EVER, ClaimRecord, EntityRecord
from events.relationships import relation_state
from events.state import entity_state
from events.temporal import parse_published, span_of
from events.text import clean_id
from events.values import Quote
from events.vocabulary import RELATIONS, relation_key
from events.votes import VoteKey, vote_state
from service.errors import QueryTooExpensive
from service.projections.index import Index
from service.store.protocol import EventStore, StoredRecord
from service.timeline.texts import Opener, sealed_in
from service.timeline.views import (
    ArticleView,
    ClaimView,
    Clocks,
    DatedName,
    EntityStateView,
    EntityView,
    EvidenceView,
    FeedPage,
    Page,
    QuoteView,
    RelationView,
    VoteView,
)
from service.timeline.workspace import REF


class Reader:
    """Answers questions at a point of the clocks.

    Unknown for an entity that nobody registered until now; of one registered later nothing was known at that position.
    """

    def __init__(self, store: EventStore, index: Index, most_claims: int) -> None:
        self._store = store
        self._index = index
        self._most_claims = most_claims

    # entities

    def entity(self, name: str, clocks: Clocks) -> EntityView:
        """One entity."""
        record = self._entity(name, clocks.position)
        return self._entity_views([record], clocks.position)[0]

    def search(self, q: str | None, identifier: str | None, limit: int, after: str | None) -> Page[EntityView]:
        """Entities by name, alias, id, or the start of a name; or by identifier, with or without `scheme:`."""
        scheme, _, value = (identifier or "").rpartition(":")
        position = self._index.position()
        found = self._index.search(
            q.casefold().strip() if q else None, scheme or None, value or None, after or "", limit + 1
        )
        records = self._read_entities(found[:limit], position)
        return Page(tuple(self._entity_views(records, position)), found[limit - 1] if len(found) > limit else None)

    def entity_state(self, name: str, clocks: Clocks) -> EntityStateView:
        """Everything about one entity."""
        self._entity(name)
        same = self._index.merge_class(name)
        knowledge = self._knowledge(self._index.claims_of(same, same, self._most_claims + 1), same, clocks.position)
        state = entity_state(knowledge, name, _point(clocks))
        others = {end for relation in state.relations for end in relation.key[1:]}
        others |= {
            e for vote in state.votes for e in (vote.key.body, *(vote.key.moves or ())[1:], *(v for v, _ in vote.cast))
        }
        others |= {e for s in state.stances for e in (s.key.speaker, s.key.about, *s.affiliation)}
        others |= {investor.entity for r in state.rounds for investor in r.investors}
        return EntityStateView(
            asked=name,
            entity=self._entity_views([self._entity(state.entity)], clocks.position)[0],
            state=state,
            names=self._index.names_of({name, state.entity, *others}),
            refs=_refs(knowledge, clocks.position),
        )

    # relations and votes

    def relation(self, relation: str, subject: str, other: str, clocks: Clocks) -> RelationView:
        """One relation, whatever its status."""
        knowledge, key = self._about_relation(relation, subject, other, clocks)
        state = relation_state(hear(knowledge, _point(clocks)), key, clocks.as_of)
        names = self._index.names_of({subject, other, *key[1:]})
        return RelationView(state, names, _refs(knowledge, clocks.position))

    def relation_claims(
        self, relation: str, subject: str, other: str, clocks: Clocks, limit: int, after: str | None
    ) -> Page[ClaimView]:
        """The claims about one relation, also those that do not count, in the order of their ids."""
        knowledge, key = self._about_relation(relation, subject, other, clocks)
        hearing = hear(knowledge, _point(clocks))
        return self._claim_page(knowledge, hearing, sorted(hearing.touching.get(key, ())), clocks, limit, after)

    def vote(
        self, body: str, clocks: Clocks, moves: tuple[str, str, str] | None = None, motion: str | None = None
    ) -> VoteView:
        """One vote, by what it moves or by the text of its motion."""
        self._entity(body)
        same = self._index.merge_class(body)
        knowledge = self._knowledge(self._index.claims_of(same, same, self._most_claims + 1), same, clocks.position)
        merged = survivors(knowledge, clocks.position)
        if moves is not None:
            relation, subject, other = moves
            _demand_relation(relation)
            moves = relation_key(relation, merged.get(subject, subject), merged.get(other, other))
        key = VoteKey(merged.get(body, body), moves, None if moves else motion)
        state = vote_state(hear(knowledge, _point(clocks)), key, clocks.as_of)
        names = self._index.names_of({body, *(moves or ())[1:], *(voter for voter, _ in state.cast)})
        return VoteView(state, names, _refs(knowledge, clocks.position))

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
        self._entity(name)
        same = self._index.merge_class(name)
        knowledge = self._knowledge(self._index.claims_of(same, same, self._most_claims + 1), same, clocks.position)
        hearing = hear(knowledge, _point(clocks))
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
        views = self._claim_views(knowledge, hearing, [key.split(".")[2] for key in page.items], clocks)
        return Page(tuple(views), page.after)

    def claim(self, given: str, clocks: Clocks) -> ClaimView:
        """One claim, by id or ref."""
        name = self.claim_id(given)
        knowledge = self._knowledge(self._index.claims_about([name], self._most_claims + 1), (), clocks.position)
        if name not in knowledge.claims:
            raise Unknown(f"there is no claim {given!r} at position {clocks.position}")
        return self._claim_views(knowledge, hear(knowledge, _point(clocks)), [name], clocks)[0]

    def claim_history(self, given: str, limit: int, after: int) -> Page[RecordedEvent]:
        """Every event of a claim, after a version."""
        stream = claim_stream(self.claim_id(given))
        rows = self._store.read_stream(stream, after=after)
        if not rows and not after:
            raise Unknown(f"there is no claim {given!r}")
        events = tuple(_recorded(row) for row in rows[:limit])
        return Page(events, str(rows[limit - 1].version) if len(rows) > limit else None)

    def claim_id(self, given: str) -> str:
        """The id of a claim given by id or ref."""
        stream = self._store.find_keys(REF, [given]).get(given)
        return split_stream(stream)[1] if stream else given

    def article(self, name: str, clocks: Clocks) -> ArticleView:
        """One article with its claims."""
        rows = self._store.read_stream(article_stream(name), until=clocks.position)
        record = fold(map(_recorded, rows)).articles.get(name)
        content = record.at(clocks.position) if record else None
        if record is None or content is None:
            raise Unknown(f"there is no article {name!r} at position {clocks.position}")
        knowledge = self._claims_at(self._index.claims_in(name), clocks.position)
        opener = Opener(self._store, sealed_in(content))
        authors = (opener.open(author) for author in content.authors)
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
            text=opener.open(content.text),
            claims=tuple(sorted(c.id for c in knowledge.claims.values() if c.original.article == name)),
            refs=_refs(knowledge, clocks.position),
        )

    # the log

    def feed(self, after: int, limit: int) -> FeedPage:
        """The next events of the log."""
        rows = self._store.read_log(after, limit)
        return FeedPage(self._store.epoch(), tuple(map(_recorded, rows)), self._store.head())

    def open_texts(self, event: DomainEvent) -> dict[str, str | None]:
        """The texts behind the seals of an event, by reference; None where one was erased."""
        seals = list(sealed_in(event))
        opener = Opener(self._store, seals)
        return {seal.reference: opener.open(seal) for seal in seals}

    # parts of answers

    def _about_relation(self, relation: str, subject: str, other: str, clocks: Clocks) -> tuple[Knowledge, Key]:
        _demand_relation(relation)
        for name in (subject, other):
            self._entity(name)
        first, second = self._index.merge_class(subject), self._index.merge_class(other)
        claims = self._index.claims_of(first, second, self._most_claims + 1)
        knowledge = self._knowledge(claims, {*first, *second}, clocks.position)
        merged = survivors(knowledge, clocks.position)
        return knowledge, relation_key(relation, merged.get(subject, subject), merged.get(other, other))

    def _knowledge(self, claims: list[str], entities: Iterable[str], position: int) -> Knowledge:
        """The records of claims, of the articles they rest on, and of the merges among their entities."""
        if len(claims) > self._most_claims:
            raise QueryTooExpensive(f"More than {self._most_claims} claims would have to be read.")
        merged = self._index.merged_among(claims, list(entities))
        streams = [claim_stream(claim) for claim in claims]
        streams += [article_stream(article) for article in self._index.articles_of(claims)]
        streams += [entity_stream(entity) for entity in merged]
        return self._fold(streams, position)

    def _claims_at(self, claims: Sequence[str], position: int) -> Knowledge:
        return self._fold([claim_stream(claim) for claim in claims], position)

    def _fold(self, streams: Sequence[str], position: int) -> Knowledge:
        found = self._store.read_streams(streams, until=position)
        return fold(_recorded(row) for rows in found.values() for row in rows)

    def _entity(self, name: str, position: int = EVER) -> EntityRecord:
        """An entity as it was at a position; Unknown where it was not yet registered."""
        clean_id(name)
        records = self._read_entities([name], position)
        if not records:
            raise Unknown(f"there is no entity {name!r}" + ("" if position == EVER else f" at position {position}"))
        return records[0]

    def _read_entities(self, names: Sequence[str], position: int) -> list[EntityRecord]:
        entities = self._fold([entity_stream(name) for name in names], position).entities
        return [entities[name] for name in names if name in entities]

    def _entity_views(self, records: Sequence[EntityRecord], position: int) -> list[EntityView]:
        opener = Opener(self._store, sealed_in([(r.contents[-1][1], [n.name for n in r.names]) for r in records]))
        return [self._entity_view(record, opener, position) for record in records]

    def _entity_view(self, record: EntityRecord, opener: Opener, position: int) -> EntityView:
        content = record.contents[-1][1]
        merge = record.merge_at(position)
        aliases = (opener.open(alias) for alias in content.aliases)
        return EntityView(
            id=record.id,
            version=record.version,
            position=max(at for at, _ in (*record.contents, *((n.position, n) for n in record.names))),
            kind=content.kind,
            name=opener.open(content.name),
            aliases=tuple(alias for alias in aliases if alias is not None),
            identifiers=content.identifiers,
            names=tuple(DatedName(opener.open(name.name), name.since) for name in record.names),
            merged_into=merge.into if merge else None,
            merge=merge.merge if merge else None,
            possible_duplicates=tuple(self._index.look_alikes(record.id)),
        )

    def _claim_page(
        self, knowledge: Knowledge, hearing: Hearing, claims: list[str], clocks: Clocks, limit: int, after: str | None
    ) -> Page[ClaimView]:
        page = _page(claims, limit, after)
        return Page(tuple(self._claim_views(knowledge, hearing, list(page.items), clocks)), page.after)

    def _claim_views(
        self, knowledge: Knowledge, hearing: Hearing, claims: list[str], clocks: Clocks
    ) -> list[ClaimView]:
        records = [knowledge.claims[claim] for claim in claims]
        opener = Opener(self._store, sealed_in([e for r in records for _, e in r.evidence]))
        first = self._store.read_streams([claim_stream(claim) for claim in claims], until=clocks.position)
        return [
            self._claim_view(knowledge, hearing, record, first[claim_stream(record.id)], opener, clocks)
            for record in records
        ]

    def _claim_view(
        self,
        knowledge: Knowledge,
        hearing: Hearing,
        record: ClaimRecord,
        rows: list[StoredRecord],
        opener: Opener,
        clocks: Clocks,
    ) -> ClaimView:
        content = hearing.contents.get(record.id) or record.versions(clocks.position).content
        standing, by = _standing(hearing, record.id)
        article = knowledge.articles[content.article].at(clocks.position)
        recorded = _recorded(rows[0])
        return ClaimView(
            id=record.id,
            version=record.version,
            position=rows[-1].position,
            recorded_at=rows[0].recorded_at,
            recorder=recorded.event.recorder,
            refs=tuple(ref for _, ref in record.refs),
            content=content,
            bounds=span_of(content.time.edtf).start,
            published=parse_published(article.published) if article else parse_published(content.time.edtf),
            standing=standing,
            stands_by=by,
            responses=_responses_to(knowledge, record.id),
            evidence=tuple(
                EvidenceView(content.article, e.summary, e.position, _quote(e.quote, opener), at)
                for at, e in record.evidence
            ),
        )


def _point(clocks: Clocks) -> Point:
    return Point(clocks.as_of, clocks.published_by, clocks.position, clocks.according_to)


def _demand_relation(relation: str) -> None:
    if relation not in RELATIONS:
        raise Unknown(f"there is no relation {relation!r}; the relations are {', '.join(sorted(RELATIONS))}")


def _recorded(row: StoredRecord) -> RecordedEvent:
    return RecordedEvent(row.position, row.recorded_at, decode(row.topic, row.state, row.stream, row.version))


def _refs(knowledge: Knowledge, position: int) -> dict[str, str]:
    """The first ref of each claim that has one."""
    found = {c.id: [ref for at, ref in c.refs if at <= position] for c in knowledge.claims.values()}
    return {claim: refs[0] for claim, refs in found.items() if refs}


def _page(keys: Sequence[str], limit: int, after: str | None) -> Page[str]:
    rest = [key for key in keys if after is None or key > after]
    return Page(tuple(rest[:limit]), rest[limit - 1] if len(rest) > limit else None)


def _standing(hearing: Hearing, claim: str) -> tuple[str, tuple[str, ...]]:
    """live, contested, corrected, superseded or retracted, and the claims that made it so."""
    undone = [item for item in hearing.undone if item.claim == claim]
    if undone:
        return undone[0].why, tuple(sorted({item.by for item in undone if item.by}))
    opposed = [o.by if o.target == claim else o.target for o in hearing.opposed if claim in (o.by, o.target)]
    return ("contested" if opposed else "live"), tuple(sorted(set(opposed)))


def _responses_to(knowledge: Knowledge, claim: str) -> tuple[str, ...]:
    responses = (c for c in knowledge.claims.values() if c.original.type == "response")
    return tuple(sorted(c.id for c in responses if c.original.attributes["target"] == claim))


def _quote(quote: Quote | None, opener: Opener) -> QuoteView | None:
    if quote is None:
        return None
    return QuoteView(opener.open(quote.exact), opener.open(quote.prefix), opener.open(quote.suffix))
