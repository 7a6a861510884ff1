"""Views to answers: plain data, days as ISO text, uncertain dates as {edtf, earliest, latest}."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from flask import Response

from events.facts import CONTESTED, FactState
from events.lineage import Link
from events.merges import MergeNotice
from events.profile import Observation, PositionState, ProfileItem, Round
from events.relationships import Asserter, Conflict, Excluded, PartState, RelationState
from events.stances import StancePoint
from events.temporal import AFTER_ALL, BEFORE_ALL, Bounds, format_bounds, format_day
from events.values import Recorder
from events.votes import VoteState
from service.http.body import JSON
from service.timeline.views import (
    ArticleView,
    ClaimView,
    Clocks,
    EntityStateView,
    EntityView,
    EvidenceView,
    RelationView,
    VoteView,
    Written,
)

NEWEST_CLAIMS = 20
Answer = dict[str, Any]


def json_answer(data: Any, status: int = 200, media: str = JSON, headers: Mapping[str, str] | None = None) -> Response:
    """Data as an answer."""
    return Response(msgspec.json.encode(data), status, headers, content_type=media)


# dates and clocks


def day(ordinal: int | None) -> str | None:
    """`YYYY-MM-DD`, or null where there is no day."""
    return None if ordinal is None else format_day(ordinal)


def bounds(when: Bounds | None) -> Answer | None:
    """The range of a date; null where it has no bound at all."""
    if when is None or when == (BEFORE_ALL, AFTER_ALL):
        return None
    return {"edtf": format_bounds(when), "earliest": format_day(when.earliest), "latest": format_day(when.latest)}


def enveloped(
    answer: Answer,
    clocks: Clocks,
    refs: Mapping[str, str] | None = None,
    notices: Iterable[MergeNotice] | None = None,
) -> Answer:
    """The answer with its point of the clocks, the refs of the claims that it names, and notices of merges."""
    if notices is not None:
        answer["notices"] = [{"kind": "merged", **notice._asdict()} for notice in notices]
    if refs is not None:
        named = set(_texts(answer))
        answer["refs"] = {claim: ref for claim, ref in refs.items() if claim in named}
    answer["position"] = clocks.position
    answer["clocks"] = clocks_answer(clocks)
    return answer


def clocks_answer(clocks: Clocks) -> Answer:
    """A point of the clocks."""
    return {
        "as_of": day(clocks.as_of),
        "published_by": day(clocks.published_by),
        "recorded_by": {"position": clocks.position, "recorded_at": clocks.recorded_at},
        "according_to": clocks.according_to,
    }


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


# who says what


def asserter(by: Asserter) -> Answer:
    """Who says it."""
    return by._asdict()


def conflict(found: Conflict) -> Answer:
    """Claims that oppose each other, each side with who says it."""
    sides = [side._asdict() | {"asserted_by": asserter(side.asserted_by)} for side in found.sides]
    return {"aspect": found.aspect, "why": found.why, "sides": sides}


def behind(asserted_by: Iterable[Asserter], claims: tuple[str, ...]) -> Answer:
    """Who says it, in which claims."""
    newest = claims[:NEWEST_CLAIMS]
    return {"asserted_by": [asserter(by) for by in asserted_by], "claims": newest, "claim_count": len(claims)}


def _disputes(conflicts: Iterable[Conflict], excluded: Iterable[Excluded]) -> Answer:
    return {"conflicts": [conflict(c) for c in conflicts], "excluded": [e._asdict() for e in excluded]}


# states


def relation(state: RelationState) -> Answer:
    """One relation."""
    name, subject, other = state.key
    return {
        "relation": name,
        "subject": subject,
        "object": other,
        **_fact(state.state),
        "planned_since": day(state.state.planned_since),
        "attributes": state.attributes,
        "parts": [_part(part) for part in state.parts],
        "contested": state.is_contested,
        **_disputes(state.conflicts, state.excluded),
        **behind(state.asserted_by, state.claims),
        "supported_on": day(state.supported_on),
    }


def _fact(state: FactState) -> Answer:
    return {
        "status": state.status,
        "since": bounds(state.since),
        "until": bounds(state.until),
        "due": bounds(state.due),
    }


def _part(part: PartState) -> Answer:
    return {
        "scope": part.scope,
        **_fact(part.state),
        "planned_since": day(part.state.planned_since),
        "attributes": part.attributes,
        **behind(part.asserted_by, part.claims),
        "contested": part.state.status == CONTESTED,
    }


def relation_answer(view: RelationView, clocks: Clocks) -> Answer:
    """The answer for one relation."""
    answer = relation(view.state) | {"circle": view.circle, "names": view.names}
    return enveloped(answer, clocks, view.refs, view.notices)


def vote(state: VoteState) -> Answer:
    """One vote."""
    moves = state.key.moves
    return {
        "body": state.key.body,
        "moves": dict(zip(("relation", "subject", "object"), moves, strict=True)) if moves else None,
        "motion": state.key.motion,
        "motions": state.motions,
        "status": state.status,
        "when": bounds(state.when),
        "outcomes": state.outcomes,
        "due": bounds(state.due),
        "missed": bounds(state.missed),
        "cast": [{"voter": voter, "vote": cast} for voter, cast in state.cast],
        **_disputes(state.conflicts, state.excluded),
        **behind(state.asserted_by, state.claims),
    }


def vote_answer(view: VoteView, clocks: Clocks) -> Answer:
    """The answer for one vote."""
    return enveloped(vote(view.state) | {"names": view.names}, clocks, view.refs, view.notices)


def state_answer(
    view: EntityStateView,
    relations: Iterable[RelationState],
    positions: Iterable[PositionState],
    ended: bool,
    clocks: Clocks,
) -> Answer:
    """Everything about one entity, with a page of its relations. `ended`: also votes and rounds that tell nothing."""
    state = view.state
    answer = {
        "entity": entity(view.entity),
        "relations": [relation(r) for r in relations],
        "votes": [vote(v) for v in state.votes if ended or v.status != "unknown"],
        "positions": [position(p) for p in positions],
        "rounds": [money_round(r) for r in state.rounds if ended or r.status != "not_held"],
        "profile": {
            "attributes": [profile_item(item) for item in state.profile],
            "market_facts": [observation(item) for item in state.observations],
        },
        "lineage": {
            "predecessors": [link(item) for item in state.lineage.predecessors],
            "successors": [link(item) for item in state.lineage.successors],
        },
        "stances": [stance(s) for s in state.stances],
        **_disputes(state.conflicts, state.excluded),
        "names": view.names,
    }
    return enveloped(answer, clocks, view.refs, view.notices)


def position(state: PositionState) -> Answer:
    """A position with every title under which it was seen."""
    found = relation(state.relation)
    titles = [{"title": t.title, "when": bounds(t.when), **behind(t.asserted_by, t.claims)} for t in state.titles]
    return found | {
        "holder": found["subject"],
        "organization": found["object"],
        "title": state.relation.attributes.get("title"),
        "titles": titles,
    }


def money_round(found: Round) -> Answer:
    """A round in which an entity took money."""
    return {
        "round": found.round,
        "status": found.status,
        "when": bounds(found.when),
        "due": bounds(found.due),
        "amount": found.attributes.get("amount"),
        "currency": found.attributes.get("currency"),
        "attributes": found.attributes,
        "investors": [{"entity": i.entity, "status": i.status, "claims": i.claims} for i in found.investors],
        **behind(found.asserted_by, found.claims),
    }


def profile_item(item: ProfileItem) -> Answer:
    """One thing said about what an entity is."""
    return {
        "name": item.name,
        "value": item.value,
        "stage": item.stage,
        "negated": item.is_negated,
        "when": bounds(item.when),
        **behind(item.asserted_by, item.claims),
    }


def observation(item: Observation) -> Answer:
    """A figure about an entity."""
    return {
        "measure": item.measure,
        "value": item.value,
        "unit": item.unit,
        "population": item.population,
        "negated": item.is_negated,
        "when": bounds(item.when),
        **behind(item.asserted_by, item.claims),
    }


def link(item: Link) -> Answer:
    """The entity at the other end of a merger, a split or a renaming."""
    return {
        "entity": item.entity,
        "kind": item.kind,
        "status": item.status,
        "when": bounds(item.when),
        "due": bounds(item.due),
        **behind(item.asserted_by, item.claims),
    }


def stance(point: StancePoint) -> Answer:
    """How somebody stands to somebody. A speaker that no text names is the key of an asserter."""
    key = point.key
    return {
        "speaker": key.speaker,
        "speaker_is_entity": key.is_named,
        "about": key.about,
        "stance": key.stance,
        "wording": key.wording,
        "negated": point.is_negated,
        "affiliation": point.affiliation,
        "when": bounds(point.when),
        **behind(point.asserted_by, point.claims),
    }


# records


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
