"""What an answer needs: found by the index, read from the log up to a position, and folded."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from events.envelope import RecordedEvent
from events.errors import Unknown
from events.event_types import ClaimCorrected
from events.fold import Knowledge, fold
from events.identity import article_stream, claim_stream, entity_stream
from events.records import EVER, ClaimRecord, EntityRecord, corrected
from events.text import clean_id
from events.values import ClaimContent
from service import budget, tracing
from service.errors import QueryTooExpensive
from service.projections.beliefs import Beliefs
from service.projections.index import Index, Unsettled
from service.store.protocol import EventStore, StoredRecord
from service.store.rows import readable

CHEAPER = (
    "Ask for a part of it: a smaller limit, one relation, fewer entities; or without published_by and according_to,"
    " which is answered from what is kept."
)
"""What to ask instead of what is too expensive."""
_LOOKED_AT = 100
"""After so many events of a stream somebody looks at the time."""
_WHO = {"type", "participants", "asserted_by"}


class Loader:
    """Reads parts of the log as knowledge. QueryTooExpensive when more claims are needed than one answer may cost."""

    def __init__(self, store: EventStore, index: Index, most_claims: int) -> None:
        self._store = store
        self._index = index
        self._most_claims = most_claims

    def entity(self, name: str, position: int = EVER) -> EntityRecord:
        """An entity as it was at a position; Unknown where it was not yet registered."""
        clean_id(name)
        records = self.entities([name], position)
        if not records:
            raise Unknown(f"there is no entity {name!r}" + ("" if position == EVER else f" at position {position}"))
        return records[0]

    def entities(self, names: Sequence[str], position: int) -> list[EntityRecord]:
        """Those of the entities that were registered at a position, in the order asked for."""
        found = self.fold([entity_stream(name) for name in names], position).entities
        return [found[name] for name in names if name in found]

    def of(self, entity: str, position: int, also: Collection[str] = ()) -> Knowledge:
        """The claims that name an entity, under any id that it ever had, and all that bears on these.

        With them come all claims of the bodies whose votes and the speakers whose statements name it, for a vote and a
        stance are told by all that is said about them. `also` are entities whose merges count for the question.
        """
        return self.of_any((entity,), position, also)

    def of_any(self, entities: Collection[str], position: int, also: Collection[str] = ()) -> Knowledge:
        """What `of` gives, for several entities at once."""
        same = self._index.merge_classes(entities)
        claims = self._claims_of(same, same)
        told = {name for claim in self._fold_claims(claims, position) for name in _tellers(claim)} - set(same)
        others = self._index.merge_classes(sorted(told)) if told else []
        if others:
            claims = list(dict.fromkeys([*claims, *self._claims_of(others, others)]))
        return self._knowledge(claims, {*same, *others, *also}, position)

    def between(self, first: str, second: str, position: int, also: Collection[str] = ()) -> Knowledge:
        """The claims that name both entities, under any id that they ever had, and all that bears on these."""
        same, others = self._index.merge_class(first), self._index.merge_class(second)
        return self._knowledge(self._claims_of(same, others), {*same, *others, *also}, position)

    def naming(self, entities: Collection[str], position: int, also: Collection[str] = ()) -> Knowledge:
        """The claims that name any of the entities, under any id that they ever had, and all that bears on these."""
        same = self._index.merge_classes(entities)
        return self._knowledge(self._claims_of(same, same), {*same, *also}, position)

    def among(self, entities: Collection[str], position: int, also: Collection[str] = ()) -> Knowledge:
        """The claims that name two of the entities, under any id that they ever had, and all that bears on these."""
        same = self._index.merge_classes(entities)
        return self._knowledge(self._index.claims_among(same, self._most_claims + 1), {*same, *also}, position)

    def about(self, claims: Collection[str], position: int, also: Collection[str] = ()) -> Knowledge:
        """Some claims and all that bears on them."""
        return self._knowledge(self._index.claims_about(claims, self._most_claims + 1), also, position)

    def bearing_on(self, beliefs: Beliefs, matters: Collection[str]) -> list[str]:
        """The claims that ever bore on some matters."""
        claims = beliefs.bearers(matters, self._most_claims + 1)
        self.demand_few(len(claims))
        return claims

    def unsettled(self, entities: Collection[str]) -> list[Unsettled]:
        """The claims that name one of the entities, under any id that it ever had, and are answered or open."""
        found = self._index.unsettled(self._index.merge_classes(entities), self._most_claims + 1)
        self.demand_few(len(found))
        return found

    def heard_from(self, claims: Collection[str], entities: Collection[str]) -> list[str]:
        """Those of some claims that stand in a response with one that names one of the entities."""
        return self._index.heard_from(claims, self._index.merge_classes(entities))

    def merges_of(self, entities: Collection[str], position: int) -> Knowledge:
        """The entities, where they were ever merged, and those that they were merged into."""
        return self.fold([entity_stream(entity) for entity in self._index.merged_among([], entities)], position)

    def fold(self, streams: Collection[str], position: int) -> Knowledge:
        """Some streams, up to a position, as long as the request may read so much and has the time."""
        budget.spend(len(streams))
        with tracing.part("fold", streams=len(streams)):
            found = self._store.read_streams(streams, until=position)
            return fold(event for rows in found.values() for event in _in_time(rows))

    def _claims_of(self, first: Collection[str], second: Collection[str]) -> list[str]:
        return self._index.claims_of(first, second, self._most_claims + 1)

    def _fold_claims(self, claims: Sequence[str], position: int) -> Collection[ClaimRecord]:
        self.demand_few(len(claims))
        return self.fold([claim_stream(claim) for claim in claims], position).claims.values()

    def _knowledge(self, claims: Sequence[str], entities: Collection[str], position: int) -> Knowledge:
        """The records of claims, of the articles they rest on, and of the merges among their entities."""
        self.demand_few(len(claims))
        streams = [claim_stream(claim) for claim in claims]
        streams += [article_stream(article) for article in self._index.articles_of(claims)]
        streams += [entity_stream(entity) for entity in self._index.merged_among(claims, entities)]
        return self.fold(streams, position)

    def demand_few(self, claims: int) -> None:
        """QueryTooExpensive for more claims than one answer may cost."""
        if claims > self._most_claims:
            raise QueryTooExpensive(f"More than {self._most_claims} claims would have to be read. {CHEAPER}")


def _in_time(rows: Sequence[StoredRecord]) -> Iterator[RecordedEvent]:
    """The events, as long as the request has time for them."""
    for number, event in enumerate(readable(rows)):
        if number % _LOOKED_AT == 0:
            budget.demand_time()
        yield event


def _tellers(claim: ClaimRecord) -> set[str]:
    """Those without whose other claims a vote or a stance would be told by halves, by any version of the claim.

    Which corrections count is for the point to say. A stance of which no text names the speaker goes by whom its
    asserters speak for: all claims of one such stance name all of these.
    """
    said = [claim.original, *_corrections(claim)]
    told = {entity for content in said for entity in content.entities("body", "speaker")}
    if any(c.type == "statement" for c in said) and not all(c.entities("speaker") for c in said):
        told.update(entity for content in said for entity in content.asserted_by.affiliation)
    return told


def _corrections(claim: ClaimRecord) -> Iterator[ClaimContent]:
    """The claim with each of its corrections by itself, as far as they touch who is in it."""
    for _, amendment in claim.amendments:
        if isinstance(amendment, ClaimCorrected) and _WHO & amendment.changes.keys():
            yield corrected(claim.original, amendment.changes)


def refs_of(knowledge: Knowledge) -> dict[str, str]:
    """The first ref of each claim that has one, in the order of ids."""
    return {name: claim.refs[0][1] for name, claim in sorted(knowledge.claims.items()) if claim.refs}
