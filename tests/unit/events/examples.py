"""Valid objects with named times. A test changes only what it is about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from events.effects import Key
from events.envelope import RecordedEvent
from events.event_types import (
    CLAIMED,
    ArticleCorrected,
    ArticleRegistered,
    ClaimCorrected,
    ClaimRedated,
    ClaimReinstated,
    ClaimRetracted,
    DomainEvent,
    EntityMerged,
    EntityRegistered,
    EntityUnmerged,
)
from events.fold import Knowledge, fold
from events.identity import article_stream, claim_stream, entity_stream
from events.knowledge import Hearing, Point, hear
from events.records import EVER
from events.relationships import RelationState, relation_state
from events.temporal import Bounds, format_day, parse_day, parse_edtf
from events.values import (
    ArticleContent,
    AssertedBy,
    ClaimContent,
    ClaimTime,
    EntityContent,
    Evidence,
    MovedTime,
    Participant,
    Recorder,
    Sealed,
)

ME = Recorder("tester")
SECRET = Sealed("8b1c7a52-0f0e-4c55-9a0f-3d1f6f1f2a10", "00" * 32)
EVIDENCE = Evidence("It says so.")

JUNE, JULY, AUGUST = "june", "july", "august"
"""Three articles, by the month of their publication. That of the last one is not known to the day."""
PUBLISHED = {JUNE: "2014-06-01", JULY: "2014-07-01", AUGUST: "[2014-08-01..2014-08-03]"}
START_OF_LOG = datetime(2016, 1, 1, tzinfo=UTC)

AUTHOR = AssertedBy("author")
HEADLINE = AssertedBy("headline")
ANT_SAYS = AssertedBy("speaker", ("pat",), ("ant",))
BEE_SAYS = AssertedBy("speaker", ("sam",), ("bee",))

ROLES: dict[str, tuple[tuple[str, str], ...]] = {
    "investment": (("investor", "ant"), ("investee", "bee")),
    "acquisition": (("acquirer", "ant"), ("target", "bee")),
    "partnership": (("partner", "ant"), ("partner", "bee")),
    "agreement": (("party", "ant"), ("party", "bee")),
    "membership": (("member", "ant"), ("organization", "guild")),
    "governance_vote": (("body", "board"), ("applicant", "ant")),
    "position": (("holder", "pat"), ("organization", "ant")),
    "organization": (("subject", "ant"),),
    "product": (("producer", "ant"), ("product", "kit")),
    "interoperability": (("provider", "ant"), ("subject", "kit")),
    "contribution": (("contributor", "ant"), ("project", "forge")),
    "competition": (("competitor", "ant"), ("competitor", "bee")),
    "customer": (("customer", "ant"), ("vendor", "bee")),
    "statement": (("speaker", "ant"), ("about", "bee")),
    "market_fact": (("subject", "ant"),),
    "response": (),
}
MOVES = {"relation": "member_of", "subject": "ant", "object": "guild"}
ATTRIBUTES: dict[str, dict[str, Any]] = {
    "governance_vote": {"motion": "membership of ant", "moves": MOVES},
    "statement": {"stance": "friendly"},
    "market_fact": {"measure": "staff", "value": "100"},
    "response": {"response": "deny", "target": "a"},
}

OWNS: Key = ("owns", "ant", "bee")
INVESTOR: Key = ("investor_of", "ant", "bee")
PARTNER: Key = ("partner_of", "ant", "bee")
AGREEMENT: Key = ("agreement_with", "ant", "bee")
MEMBER: Key = ("member_of", "ant", "guild")
POSITION: Key = ("holds_position", "pat", "ant")
OFFERS: Key = ("offers", "ant", "kit")
SUPPORTS: Key = ("supports", "ant", "kit")
CONTRIBUTES: Key = ("contributes_to", "ant", "forge")
COMPETES: Key = ("competes_with", "ant", "bee")


def article_content(**changes: Any) -> ArticleContent:
    """An article, with these fields instead of the usual ones."""
    usual = {"title": "News", "publisher": "gazette", "language": "en", "published": PUBLISHED[JUNE]}
    return ArticleContent(**(usual | {"authors": ("Ada",), "url": "https://news.example/june"} | changes))


def entity_content(**changes: Any) -> EntityContent:
    """A company, with these fields instead of the usual ones."""
    return EntityContent(**({"kind": "company", "name": "Ant"} | changes))


def claim(
    kind: str = "partnership",
    edtf: str = "2014-05-01",
    article: str = JUNE,
    *,
    by: AssertedBy = AUTHOR,
    modality: str = "done",
    polarity: str = "positive",
    seen: str = "instant",
    roles: Iterable[tuple[str, str]] | None = None,
    also: Iterable[tuple[str, str]] = (),
    rule: str | None = None,
    anchor: str | None = None,
    **attributes: Any,
) -> ClaimContent:
    """What a claim says, by default of ant and bee. Other keywords are attributes, None to leave a usual one out."""
    given = ATTRIBUTES.get(kind, {}) | attributes
    return ClaimContent(
        article=article,
        type=kind,
        participants=tuple(Participant(*pair) for pair in (*(ROLES[kind] if roles is None else roles), *also)),
        attributes={name: value for name, value in given.items() if value is not None},
        asserted_by=by,
        modality=modality,
        polarity=polarity,
        time=ClaimTime(seen, edtf, anchor=anchor, rule=rule),
    )


def observed(kind: str, edtf: str, article: str = JUNE, **changes: Any) -> ClaimContent:
    """A claim that it was seen to hold."""
    return claim(kind, edtf, article, seen="observed", **changes)


def denied(kind: str, edtf: str, article: str = JUNE, **changes: Any) -> ClaimContent:
    """A claim that it was not so."""
    return claim(kind, edtf, article, polarity="negative", **changes)


class Story:
    """A log in the making. It begins with the three articles; entities need no registration to be spoken of."""

    def __init__(self, **claims: ClaimContent) -> None:
        self.log: list[RecordedEvent] = []
        self._versions: dict[str, int] = {}
        for name, published in PUBLISHED.items():
            self.article(name, published=published)
        for name, content in claims.items():
            self.claim(name, content)

    def add(self, event: type[DomainEvent], stream: str, **fields: Any) -> int:
        """Record an event; its position."""
        version = self._versions[stream] = self._versions.get(stream, 0) + 1
        position = len(self.log) + 1
        recorded = event(originator_id=stream, originator_version=version, recorder=ME, **fields)
        self.log.append(RecordedEvent(position, START_OF_LOG + timedelta(seconds=position), recorded))
        return position

    def article(self, name: str, **changes: Any) -> int:
        content = article_content(**({"authors": (f"{name} writer",)} | changes))
        return self.add(ArticleRegistered, article_stream(name), content=content)

    def correct_article(self, name: str, **changes: Any) -> int:
        content = article_content(**({"authors": (f"{name} writer",)} | changes))
        return self.add(
            ArticleCorrected, article_stream(name), content=content, changed=tuple(changes), reason="it was wrong"
        )

    def claim(self, name: str, content: ClaimContent, ref: str | None = None) -> int:
        return self.add(CLAIMED[content.type], claim_stream(name), content=content, evidence=EVIDENCE, ref=ref)

    def response(
        self,
        name: str,
        kind: str,
        by: str,
        target: str,
        article: str = JUNE,
        voice: AssertedBy = AUTHOR,
        **changes: Any,
    ) -> int:
        """A response in the name of the claim `by`."""
        said = {"response": kind, "by": by, "target": target}
        content = claim("response", PUBLISHED[article], article, by=voice, **changes)
        return self.claim(name, replace(content, attributes=content.attributes | said))

    def correct(self, name: str, article: str | None = None, **changes: Any) -> int:
        return self.add(ClaimCorrected, claim_stream(name), changes=changes, reason="it was wrong", article=article)

    def redate(self, name: str, before: ClaimTime, after: ClaimTime) -> int:
        moved = (MovedTime(before, after),)
        return self.add(ClaimRedated, claim_stream(name), moved=moved, cause="article-june@2")

    def retract(self, name: str, article: str | None = None) -> int:
        return self.add(ClaimRetracted, claim_stream(name), reason="it was wrong", article=article)

    def reinstate(self, name: str, article: str | None = None) -> int:
        return self.add(ClaimReinstated, claim_stream(name), reason="it was right", article=article)

    def entity(self, name: str, **changes: Any) -> int:
        return self.add(EntityRegistered, entity_stream(name), content=entity_content(**({"name": name} | changes)))

    def merge(self, name: str, into: str) -> int:
        return self.add(EntityMerged, entity_stream(name), merge=f"{name}>{into}", into=into, reason="the same")

    def unmerge(self, name: str, into: str) -> int:
        return self.add(EntityUnmerged, entity_stream(name), merge=f"{name}>{into}", reason="not the same")

    def knowledge(self) -> Knowledge:
        return fold(self.log)

    def hearing(self, day: str = "2014-12-31", **clocks: Any) -> Hearing:
        """All that counts at a point."""
        return hear(self.knowledge(), point(day, **clocks))

    def relation(self, key: Key, day: str, **clocks: Any) -> RelationState:
        """The answer for a relation."""
        return relation_state(self.hearing(day, **clocks), key, parse_day(day))

    def status(self, key: Key, day: str, **clocks: Any) -> str:
        """The answer for a relation, in one word."""
        return self.relation(key, day, **clocks).status

    def statuses(self, key: Key, days: Iterable[str], **clocks: Any) -> dict[str, str]:
        """The answer for a relation on each of these days."""
        return {day: self.status(key, day, **clocks) for day in days}


def point(
    day: str = "2014-12-31",
    published_by: str | None = None,
    recorded_by: int = EVER,
    according_to: str | None = None,
) -> Point:
    """A point of the clocks, its days in words."""
    return Point(parse_day(day), parse_day(published_by) if published_by else None, recorded_by, according_to)


def days(edtf: str) -> Bounds:
    """The bounds of a date."""
    return parse_edtf(edtf).start


def span(bounds: Bounds | None) -> tuple[str | None, str | None] | None:
    """Bounds in words."""
    return None if bounds is None else (format_day(bounds.earliest), format_day(bounds.latest))
