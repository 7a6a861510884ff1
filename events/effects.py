"""What a claim does to the relations that it speaks about."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

from events.temporal import AFTER_ALL, ANY_DAY, Bounds, parse_edtf, span_of
from events.values import ClaimContent
from events.vocabulary import (
    CLAIM_TYPES,
    DUE_MODALITIES,
    ENDING_STAGES,
    OPENING_STAGES,
    PLANNED_MODALITIES,
    PLANNING_STAGES,
    SCOPES,
    relation_key,
)

Key = tuple[str, str, str]
"""Relation, subject, object; the ends of a symmetric relation sorted."""
Scope = tuple[tuple[str, str], ...]
"""The part of a relation that a claim is about; () is the whole."""

NONE, OPEN, OBSERVE, CLOSE, NEGATIVE, PLAN, REFUSE = "none", "open", "observe", "close", "negative", "plan", "refuse"


def effect(content: ClaimContent) -> str:
    """open, observe, close, negative, plan, refuse (ends plans only) or none."""
    if content.modality == "opinion":
        return NONE
    if content.modality in PLANNED_MODALITIES:
        return REFUSE if content.is_negated else PLAN
    if content.type == "governance_vote":
        return _effect_of_vote(content)
    stage = content.attributes.get("stage")
    if stage == "cancelled" or (stage == "withdrawn" and content.type != "product"):
        return NONE if content.is_negated else REFUSE
    if stage in ENDING_STAGES:
        return NONE if content.is_negated else CLOSE
    if stage in PLANNING_STAGES or _is_announced_plan(content):
        return REFUSE if content.is_negated else PLAN
    if content.is_negated:
        return NEGATIVE
    goes_on = content.time.kind == "observed" or stage == "extended" or content.type == "contribution"
    return OBSERVE if goes_on else OPEN


def _effect_of_vote(content: ClaimContent) -> str:
    outcome = content.attributes.get("outcome")
    if content.is_negated or not outcome:
        return NONE
    return OPEN if outcome == "approved" else REFUSE


def _is_announced_plan(content: ClaimContent) -> bool:
    about, stage = CLAIM_TYPES[content.type].about, content.attributes.get("stage")
    announced = "announced" in (content.modality, stage) and stage not in OPENING_STAGES
    return announced and about is not None and about.planned_when_announced


def relations(content: ClaimContent) -> frozenset[Key]:
    """The relations that a claim speaks about; none of an entity with itself, as merges can make them."""
    return frozenset(key for key in ends(content) if key[1] != key[2])


def ends(content: ClaimContent) -> frozenset[Key]:
    """The relations that a claim names, also those whose two ends are one entity."""
    if content.type == "governance_vote":
        moved = content.attributes.get("moves")
        return frozenset([relation_key(moved["relation"], moved["subject"], moved["object"])] if moved else ())
    about = CLAIM_TYPES[content.type].about
    if about is None:
        return frozenset()
    subjects, objects = content.entities(*about.subjects), content.entities(*about.objects)
    pairs = (
        combinations(subjects, 2) if about.symmetric and not objects else ((s, o) for s in subjects for o in objects)
    )
    return frozenset(relation_key(about.relation, subject, other) for subject, other in pairs)


def scope(content: ClaimContent) -> Scope:
    """Which part of a relation the claim is about. An intended end is a part of its own and never touches the whole."""
    stage = content.attributes.get("stage")
    if content.modality in PLANNED_MODALITIES and stage in ENDING_STAGES:
        return (("change", stage),)
    named = {name: content.attributes.get(name) or "+".join(sorted(content.entities(name))) for name in SCOPES}
    return tuple((name, str(value)) for name, value in named.items() if value)


def due(content: ClaimContent) -> Bounds:
    """The days in which a plan was to come true; ANY_DAY when none was given."""
    given = content.attributes.get("due")
    if not given:
        return span_of(content.time.edtf).start if content.modality in DUE_MODALITIES else ANY_DAY
    parsed = parse_edtf(given)
    if not parsed.is_interval:
        return parsed.start
    return Bounds(parsed.start.earliest, parsed.end.latest if parsed.end else AFTER_ALL)


def asserter(content: ClaimContent, authors: Callable[[str], str]) -> str:
    """Who says it, as one key: affiliations, else agents, else the author of the article or the voice in it."""
    by = content.asserted_by
    named = by.affiliation or by.agent
    if named:
        return "+".join(sorted(set(named)))
    return authors(content.article) if by.kind == "author" else f"{by.kind}:{content.article}"
