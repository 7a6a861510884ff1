"""What can be claimed, against itself, the sample, and the ground truth where that is at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from events.effects import effect, relations
from events.event_types import CLAIMED
from events.rules import SAME_AS, parse_rule
from events.validation import normal_claim, normal_new_claim
from events.values import ClaimContent
from events.vocabulary import (
    CLAIM_TYPES,
    CONTROL_ATTRIBUTES,
    COOPERATIVE,
    DISPUTABLE,
    ENDING_STAGES,
    ENTITY_KINDS,
    FAVOURABLE_STANCES,
    MODALITIES,
    OPENING_STAGES,
    OPPOSED_STANCES,
    OPPOSING,
    PLANNED_MODALITIES,
    PLANNING_STAGES,
    RELATIONS,
    RESPONSES,
    RIVAL,
    SCOPES,
    STAGES,
    SYMMETRIC,
    UNDOING,
    relation_key,
)
from tests.unit.events.examples import ROLES, claim

Line = dict[str, Any]

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared"
SAMPLE = ROOT / "service" / "sample"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the ground truth is not here")

# The table of the contract: the relation that each type opens, between which roles.
CONTRACT = {
    "investment": ("investor_of", "investor", "investee"),
    "acquisition": ("owns", "acquirer", "target"),
    "partnership": ("partner_of", "partner", "partner"),
    "agreement": ("agreement_with", "party", "party"),
    "membership": ("member_of", "member", "organization"),
    "governance_vote": None,
    "position": ("holds_position", "holder", "organization"),
    "organization": None,
    "product": ("offers", "producer", "product"),
    "interoperability": ("supports", "provider", "subject"),
    "contribution": ("contributes_to", "contributor", "project"),
    "competition": ("competes_with", "competitor", "competitor"),
    "customer": ("customer_of", "customer", "vendor"),
    "statement": None,
    "market_fact": None,
    "response": None,
}


def test_there_are_sixteen_types_and_eleven_relations() -> None:
    assert list(CLAIM_TYPES) == list(CONTRACT) == list(CLAIMED)
    assert len(CLAIM_TYPES) == 16
    assert set(RELATIONS) == {row[0] for row in CONTRACT.values() if row}


@pytest.mark.parametrize("kind", CONTRACT)
def test_each_type_opens_the_relation_of_the_contract(kind: str) -> None:
    expected = CONTRACT[kind]
    roles = [(expected[1], "ant"), (expected[2], "bee")] if expected else ROLES[kind]
    assert relations(claim(kind, roles=roles, moves=None)) == ({(expected[0], "ant", "bee")} if expected else set())


@pytest.mark.parametrize("claim_type", CLAIM_TYPES.values(), ids=CLAIM_TYPES)
def test_each_type_is_made_of_known_parts(claim_type: Any) -> None:
    about = claim_type.about
    named = {role for need in claim_type.needs for role in need}
    if about:
        named |= {*about.subjects, *about.objects}
        assert about.symmetric == (about.relation in SYMMETRIC)
    assert named <= set(claim_type.roles)
    assert claim_type.summary


@pytest.mark.parametrize("kind", ROLES)
def test_the_examples_of_the_tests_are_valid(kind: str) -> None:
    assert normal_claim(claim(kind)).type == kind


def test_symmetric_relations_have_one_key() -> None:
    assert {"partner_of", "agreement_with", "competes_with"} == SYMMETRIC
    assert relation_key("partner_of", "b", "a") == relation_key("partner_of", "a", "b") == ("partner_of", "a", "b")
    assert relation_key("owns", "b", "a") == ("owns", "b", "a")


def test_what_makes_frenemies_is_that_of_the_contract() -> None:
    cooperative = "partner_of investor_of agreement_with member_of contributes_to supports customer_of"
    assert set(cooperative.split()) == COOPERATIVE < set(RELATIONS)
    assert ({"competes_with"}, {"agreement_with"}) == (RIVAL, DISPUTABLE) and set(RELATIONS) > RIVAL
    assert {"hostile", "sceptical"} == OPPOSED_STANCES and {"friendly", "supportive"} == FAVOURABLE_STANCES


def test_the_lists_of_words_fit_together() -> None:
    assert {*OPPOSING, *UNDOING, "confirm"} == set(RESPONSES)
    assert ENDING_STAGES | PLANNING_STAGES | OPENING_STAGES < STAGES
    assert not ENDING_STAGES & (PLANNING_STAGES | OPENING_STAGES) and not PLANNING_STAGES & OPENING_STAGES
    assert set(MODALITIES) > PLANNED_MODALITIES
    assert set(SCOPES) < CONTROL_ATTRIBUTES
    assert len(ENTITY_KINDS) == 8


# The sample, and the ground truth behind it.


def sample(name: str) -> list[Line]:
    return [json.loads(line) for line in (SAMPLE / f"{name}.ndjson").read_text(encoding="utf-8").splitlines()]


LINES = sample("five_articles") + sample("later_reports")
CLAIMS = {line["ref"]: line for line in LINES if line["record"] == "claim"}
PUBLISHED = {
    name: line["published"]
    for line in LINES
    if line["record"] == "article"
    for name in (line.get("url"), line.get("sha256"))
}


def content(line: Line) -> ClaimContent:
    return msgspec.convert({name: line[name] for name in ClaimContent.__struct_fields__}, ClaimContent)


def taken(ref: str) -> ClaimContent:
    """The claim of the sample as it would be recorded."""
    line = CLAIMS[ref]
    rule = parse_rule(line["time"].get("rule", "on_publication"))
    same_as = CLAIMS[rule.argument]["time"]["edtf"] if rule.name == SAME_AS else None
    return normal_new_claim(content(line), PUBLISHED[line["article"]], same_as)


@pytest.mark.parametrize("ref", CLAIMS)
def test_every_claim_of_the_sample_is_taken_as_it_is(ref: str) -> None:
    found, sent = taken(ref), content(CLAIMS[ref])
    assert found == sent
    assert effect(found) in {"none", "open", "observe", "close", "negative", "plan", "refuse"}


def truth() -> Line:
    found: Line = json.loads((SHARED / "ground_truth" / "seed_claims.json").read_text(encoding="utf-8"))
    return found


@needs_shared
def test_every_claim_of_the_ground_truth_is_taken_after_the_adaptions_of_the_sample() -> None:
    claims = truth()["claims"]
    assert len(claims) == 168
    for expected in claims:
        found = taken(expected["id"])
        named = {(p["role"], p["entity"]) for p in expected["participants"]}
        ours = {(p.role, p.entity) for p in found.participants}
        told = (found.type, found.modality, found.polarity, found.time.kind, found.time.edtf)
        assert told == (
            expected["type"],
            expected["modality"],
            expected["polarity"],
            expected["time"]["kind"],
            expected["time"]["edtf"],
        )
        assert {entity for _, entity in named} <= {entity for _, entity in ours}, expected["id"]


@needs_shared
def test_every_kind_and_role_of_the_ground_truth_is_in_the_vocabulary() -> None:
    found = truth()
    assert {entity["kind"] for entity in found["entities"]} <= set(ENTITY_KINDS)
    assert {c["type"] for c in found["claims"]} <= set(CLAIM_TYPES)
    assert {c["modality"] for c in found["claims"]} <= set(MODALITIES)
    stages = {c["attributes"].get("stage") for c in found["claims"]} - {None}
    assert stages <= STAGES
