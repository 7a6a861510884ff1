"""States to answers: relations, votes, and everything else about an entity."""

from __future__ import annotations

from typing import Any

from events.facts import CONTESTED, FactState
from events.grounds import Asserter, Conflict, Disputes, Grounds
from events.lineage import Link
from events.positions import PositionState
from events.profile import Observation, ProfileItem
from events.relationships import PartState, RelationState
from events.rounds import Round, RoundInvestor
from events.stances import StancePoint
from events.state import EntityState
from events.votes import VoteState
from service.http.plain import Answer, bounds, day, enveloped
from service.http.records import entity
from service.timeline.views import Clocks, EntityStateView, RelationView, VoteView


def asserter(by: Asserter) -> Answer:
    """Who says it."""
    return by._asdict()


def conflict(found: Conflict) -> Answer:
    """Claims that oppose each other, each side with who says it."""
    sides = [side._asdict() | {"asserted_by": asserter(side.asserted_by)} for side in found.sides]
    return {"aspect": found.aspect, "why": found.why, "sides": sides}


def behind(grounds: Grounds) -> Answer:
    """Who says it, in which claims."""
    return grounds._asdict() | {"asserted_by": [asserter(by) for by in grounds.asserted_by]}


def _disputes(disputes: Disputes) -> Answer:
    return disputes._asdict() | {
        "conflicts": [conflict(found) for found in disputes.conflicts],
        "excluded": [excluded._asdict() for excluded in disputes.excluded],
    }


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
        **_disputes(state.disputes),
        **behind(state.grounds),
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
        **behind(part.grounds),
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
        **_disputes(state.disputes),
        **behind(state.grounds),
    }


def vote_answer(view: VoteView, clocks: Clocks) -> Answer:
    """The answer for one vote."""
    return enveloped(vote(view.state) | {"names": view.names}, clocks, view.refs, view.notices)


def state_answer(view: EntityStateView, ended: bool, clocks: Clocks) -> Answer:
    """The answer for a part of the state of an entity. `ended`: also rounds that did not take place."""
    return around(view, told(view.state, ended), view.part.refs, clocks)


def around(view: EntityStateView, told: Answer, refs: Any, clocks: Clocks) -> Answer:
    """The answer that tells this of an entity, with all that is beside it."""
    answer = {"entity": entity(view.entity), **told, "names": view.names}
    return enveloped(answer, clocks, refs, view.notices)


def told(state: EntityState, ended: bool) -> Answer:
    """What an answer tells of an entity. `ended`: also rounds that did not take place."""
    return {
        "relations": [relation(r) for r in state.relations],
        "votes": [vote(v) for v in state.votes],
        "positions": [position(p) for p in state.positions],
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
        **_disputes(state.disputes.with_more(state.clashes)),
    }


def position(state: PositionState) -> Answer:
    """A position with every title under which it was seen."""
    found = relation(state.relation)
    titles = [{"title": t.title, "when": bounds(t.when), **behind(t.grounds)} for t in state.titles]
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
        "investors": [investor(taker) for taker in found.investors],
        **behind(found.grounds),
    }


def investor(taker: RoundInvestor) -> Answer:
    """Who took part in a round, or did not."""
    return {"entity": taker.entity, "status": taker.status, **behind(taker.grounds)}


def profile_item(item: ProfileItem) -> Answer:
    """One thing said about what an entity is."""
    return {
        "name": item.name,
        "value": item.value,
        "stage": item.stage,
        "negated": item.is_negated,
        "when": bounds(item.when),
        **behind(item.grounds),
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
        **behind(item.grounds),
    }


def link(item: Link) -> Answer:
    """The entity at the other end of a merger, a split or a renaming."""
    return {
        "entity": item.entity,
        "kind": item.kind,
        "status": item.status,
        "when": bounds(item.when),
        "due": bounds(item.due),
        **behind(item.grounds),
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
        **behind(point.grounds),
    }
