"""Records to answers: entities, articles, claims, and what recording did."""

from __future__ import annotations

import msgspec

from events.temporal import Bounds, format_day
from events.values import Recorder
from service.http.plain import Answer, bounds
from service.timeline.views import ArticleView, ClaimView, EntityView, EvidenceView, Written


def entity(view: EntityView) -> Answer:
    """One entity; a name is null once it was erased."""
    return {
        "id": view.id,
        "version": view.version,
        "last_changed": view.position,
        "kind": view.kind,
        "name": view.name,
        "aliases": view.aliases,
        "identifiers": view.identifiers,
        "names": [{"name": name.name, "since": name.since} for name in view.names],
        "merged_into": view.merged_into,
        "merge": view.merge,
        "possible_duplicates": view.possible_duplicates,
        "erased": view.erased,
    }


def article(view: ArticleView) -> Answer:
    """One article with the ids of its claims."""
    return {
        "id": view.id,
        "version": view.version,
        "last_changed": view.position,
        "url": view.url,
        "title": view.title,
        "publisher": view.publisher,
        "authors": view.authors,
        "language": view.language,
        "published": _sent(view.published, view.published_bounds),
        "sha256": view.sha256,
        "text": view.text,
        "erased": view.erased,
        "claims": view.claims,
    }


def claim(view: ClaimView) -> Answer:
    """One claim: what it says, how it stands, and where it was found."""
    said: Answer = msgspec.to_builtins(view.content)
    time = view.content.time
    by = view.content.asserted_by
    return said | {
        "id": view.id,
        "refs": view.refs,
        "version": view.version,
        "last_changed": view.position,
        "recorded_at": view.recorded_at,
        "recorder": recorder(view.recorder),
        "asserted_by": {"kind": by.kind, "agent": by.agent, "affiliation": by.affiliation, "chain": by.chain},
        "time": {
            **_sent(time.edtf, view.bounds),
            "kind": time.kind,
            "expression": time.expression,
            "anchor": time.anchor,
            "rule": time.rule,
        },
        "published": bounds(view.published),
        "standing": view.standing,
        "stands_by": view.stands_by,
        "responses": view.responses,
        "evidence": [evidence(item) for item in view.evidence],
    }


def evidence(item: EvidenceView) -> Answer:
    """Where an article says it; parts of a quote are null once erased."""
    place, quote = item.position, item.quote
    return {
        "article": item.article,
        "summary": item.summary,
        "position": {"start": place.start, "end": place.end} if place else None,
        "quote": {"exact": quote.exact, "prefix": quote.prefix, "suffix": quote.suffix} if quote else None,
        "recorded_at_position": item.recorded_at_position,
    }


def recorder(found: Recorder) -> Answer:
    """Who recorded it."""
    return {"key": found.key, "note": found.note}


def written(item: Written) -> Answer:
    """What recording one thing did."""
    return {
        "id": item.id,
        "ref": item.ref,
        "version": item.version,
        "position": item.position,
        "created": item.created,
        "changed": item.changed,
    }


def _sent(edtf: str, when: Bounds) -> Answer:
    """A date as it was sent, with the days that it can mean."""
    return {"edtf": edtf, "earliest": format_day(when.earliest), "latest": format_day(when.latest)}
