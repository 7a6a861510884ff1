"""Claims as they are shown: what they say at a point of the clocks, how they stand, and their evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from events.fold import Knowledge
from events.identity import claim_stream
from events.knowledge import Hearing
from events.records import ClaimRecord
from events.temporal import parse_published, span_of
from events.values import Quote
from service.store.protocol import EventStore, StoredRecord
from service.store.rows import recorded
from service.store.texts import Opener
from service.timeline.texts import sealed_in
from service.timeline.views import ClaimView, EvidenceView, QuoteView


def claim_views(
    store: EventStore, knowledge: Knowledge, hearing: Hearing, claims: Sequence[str], position: int
) -> tuple[ClaimView, ...]:
    """Some of the known claims, in the order asked for."""
    records = [knowledge.claims[claim] for claim in claims]
    opener = Opener(store, sealed_in([evidence for record in records for _, evidence in record.evidence]))
    rows = store.read_streams([claim_stream(claim) for claim in claims], until=position)
    responses = _responses(knowledge)
    return tuple(
        _claim_view(knowledge, hearing, record, rows[claim_stream(record.id)], opener, responses) for record in records
    )


def _responses(knowledge: Knowledge) -> dict[str, list[str]]:
    """The responses to each claim."""
    found: dict[str, list[str]] = defaultdict(list)
    for claim in knowledge.claims.values():
        if claim.original.type == "response":
            found[str(claim.original.attributes["target"])].append(claim.id)
    return found


def _claim_view(
    knowledge: Knowledge,
    hearing: Hearing,
    record: ClaimRecord,
    rows: Sequence[StoredRecord],
    opener: Opener,
    responses: dict[str, list[str]],
) -> ClaimView:
    content = hearing.contents.get(record.id) or record.current.content
    standing, by = _standing(hearing, record.id)
    return ClaimView(
        id=record.id,
        version=record.version,
        position=rows[-1].position,
        recorded_at=rows[0].recorded_at,
        recorder=recorded(rows[0]).event.recorder,
        refs=tuple(ref for _, ref in record.refs),
        content=content,
        bounds=span_of(content.time.edtf).start,
        published=parse_published(knowledge.articles[content.article].contents[-1][1].published),
        standing=standing,
        stands_by=by,
        responses=tuple(sorted(responses.get(record.id, ()))),
        evidence=tuple(
            EvidenceView(content.article, e.summary, e.position, _quote(e.quote, opener), at)
            for at, e in record.evidence
        ),
    )


def _standing(hearing: Hearing, claim: str) -> tuple[str, tuple[str, ...]]:
    """live, contested, corrected, superseded or retracted, and the claims that made it so."""
    undone = [item for item in hearing.undone if item.claim == claim]
    if undone:
        return undone[0].why, tuple(sorted({item.by for item in undone if item.by}))
    opposed = [o.by if o.target == claim else o.target for o in hearing.opposed if claim in (o.by, o.target)]
    return ("contested" if opposed else "live"), tuple(sorted(set(opposed)))


def _quote(quote: Quote | None, opener: Opener) -> QuoteView | None:
    if quote is None:
        return None
    return QuoteView(opener.open(quote.exact), opener.open(quote.prefix), opener.open(quote.suffix))
