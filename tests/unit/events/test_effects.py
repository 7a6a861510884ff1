"""What a claim does to the relations that it speaks about."""

from __future__ import annotations

from typing import Any

import pytest

from events.effects import asserter, due, effect, ends, relations, scope
from events.temporal import ANY_DAY
from events.values import AssertedBy, ClaimContent
from tests.unit.events.examples import HEADLINE, MOVES, claim, observed, span

EFFECTS: list[tuple[str, ClaimContent, str]] = [
    ("what was done opens", claim("investment"), "open"),
    ("what is reported opens too", claim("investment", modality="reported"), "open"),
    ("what was announced opens", claim("partnership", modality="announced"), "open"),
    ("what was seen is observed", observed("investment", "2014"), "observe"),
    ("what was extended goes on", claim("agreement", stage="extended"), "observe"),
    ("a contribution goes on", claim("contribution"), "observe"),
    ("an opinion does nothing", claim("investment", modality="opinion"), "none"),
    ("what is planned is a plan", claim("investment", modality="planned"), "plan"),
    ("a plan that is denied ends plans", claim("investment", modality="planned", polarity="negative"), "refuse"),
    ("a planned end is a plan", claim("agreement", modality="planned", stage="ended"), "plan"),
    ("an announced acquisition is a plan", claim("acquisition", modality="announced"), "plan"),
    ("an announced product is a plan", claim("product", stage="announced"), "plan"),
    ("announced support is a plan", claim("interoperability", modality="announced"), "plan"),
    ("an announced and released product is there", claim("product", modality="announced", stage="released"), "open"),
    ("no announcement ends plans", claim("product", stage="announced", polarity="negative"), "refuse"),
    ("an agreed acquisition is a plan", claim("acquisition", stage="agreed"), "plan"),
    ("an application is a plan", claim("membership", stage="applied"), "plan"),
    ("an admission opens", claim("membership", stage="admitted"), "open"),
    ("who left is no longer there", claim("membership", stage="left"), "close"),
    ("who did not leave proves nothing", claim("membership", stage="left", polarity="negative"), "none"),
    ("a product is withdrawn from the market", claim("product", stage="withdrawn"), "close"),
    ("an offer is withdrawn as a plan", claim("acquisition", stage="withdrawn"), "refuse"),
    ("a cancelled deal ends plans", claim("acquisition", stage="cancelled"), "refuse"),
    (
        "a deal that was not cancelled proves nothing",
        claim("acquisition", stage="cancelled", polarity="negative"),
        "none",
    ),
    ("what is not so is a negative", claim("customer", polarity="negative"), "negative"),
    ("what is denied is a negative", claim("customer", modality="denied"), "negative"),
    ("an approving vote opens", claim("governance_vote", outcome="approved"), "open"),
    ("a rejecting vote ends plans", claim("governance_vote", outcome="rejected"), "refuse"),
    ("a vote without outcome changes nothing", claim("governance_vote"), "none"),
    (
        "a vote that was not held changes nothing",
        claim("governance_vote", polarity="negative", outcome="approved"),
        "none",
    ),
    ("a scheduled vote is a plan", claim("governance_vote", modality="scheduled"), "plan"),
]


@pytest.mark.parametrize(("content", "expected"), [row[1:] for row in EFFECTS], ids=[row[0] for row in EFFECTS])
def test_the_effect_of_a_claim(content: ClaimContent, expected: str) -> None:
    assert effect(content) == expected


RELATIONS: list[tuple[str, ClaimContent, set[tuple[str, str, str]]]] = [
    (
        "each investor with each that took the money",
        claim("investment", roles=[("investor", "a"), ("lead", "b"), ("investee", "c"), ("issuer", "d")]),
        {("investor_of", "a", "c"), ("investor_of", "a", "d"), ("investor_of", "b", "c"), ("investor_of", "b", "d")},
    ),
    (
        "each two partners, with one key",
        claim("partnership", roles=[("partner", "c"), ("partner", "a"), ("partner", "b"), ("lead", "d")]),
        {("partner_of", "a", "b"), ("partner_of", "a", "c"), ("partner_of", "b", "c")},
    ),
    (
        "parties and obligors alike",
        claim("agreement", roles=[("obligor", "b"), ("obligee", "a")]),
        {("agreement_with", "a", "b")},
    ),
    (
        "competitors with rivals only",
        claim("competition", roles=[("competitor", "b"), ("rival", "c"), ("rival", "a")]),
        {("competes_with", "a", "b"), ("competes_with", "b", "c")},
    ),
    ("what a vote moves", claim("governance_vote"), {("member_of", "ant", "guild")}),
    ("a vote on anything else", claim("governance_vote", moves=None), set()),
    ("a round without an investor", claim("investment", roles=[("investee", "ant")]), set()),
    ("a product without a producer", claim("product", roles=[("product", "kit")]), set()),
    ("a statement", claim("statement"), set()),
]


@pytest.mark.parametrize(("content", "expected"), [row[1:] for row in RELATIONS], ids=[row[0] for row in RELATIONS])
def test_the_relations_of_a_claim(content: ClaimContent, expected: set[tuple[str, str, str]]) -> None:
    assert relations(content) == ends(content) == expected


def test_a_relation_of_an_entity_with_itself_is_none() -> None:
    content = claim("acquisition", roles=[("acquirer", "ant"), ("target", "ant"), ("target", "bee")])
    assert ("owns", "ant", "ant") in ends(content)
    assert relations(content) == {("owns", "ant", "bee")}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (claim("partnership"), ()),
        (claim("investment", round="B"), (("round", "B"),)),
        (claim("agreement", term="price", value="1"), (("term", "price"),)),
        (claim("interoperability", also=[("platform", "z"), ("platform", "y")]), (("platform", "y+z"),)),
        (claim("interoperability", platform="linux", market="x"), (("platform", "linux"), ("market", "x"))),
        (claim("competition", also=[("market", "cloud")]), (("market", "cloud"),)),
        (claim("agreement", modality="planned", stage="ended", term="price"), (("change", "ended"),)),
        (claim("agreement", change="wants out"), (("change", "wants out"),)),
        (claim("agreement", stage="ended", term="price"), (("term", "price"),)),
    ],
)
def test_the_part_of_a_relation_that_a_claim_is_about(content: ClaimContent, expected: Any) -> None:
    assert scope(content) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (claim(edtf="2014-08", modality="planned"), ("2014-08-01", "2014-08-31")),
        (claim(edtf="2014-08/2014-09", modality="scheduled"), ("2014-08-01", "2014-08-31")),
        (claim(edtf="2014-05-01", modality="planned", due="2014-08-27"), ("2014-08-27", "2014-08-27")),
        (claim("membership", stage="applied", due="2014-08"), ("2014-08-01", "2014-08-31")),
        (claim("membership", stage="applied", due="2014-08/2014-09"), ("2014-08-01", "2014-09-30")),
        (claim("membership", stage="applied", due="2014-08/.."), ("2014-08-01", None)),
        (claim("membership", stage="applied", due="../2014-08"), (None, "2014-08-31")),
        (claim(edtf="[2014-08..]", modality="planned"), ("2014-08-01", None)),
    ],
)
def test_when_a_plan_was_to_come_true(content: ClaimContent, expected: Any) -> None:
    assert span(due(content)) == expected


@pytest.mark.parametrize("content", [claim(modality="proposed"), claim("membership", stage="applied")])
def test_when_a_proposal_was_made_is_not_when_it_is_due(content: ClaimContent) -> None:
    assert due(content) == ANY_DAY


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (AssertedBy("speaker", ("pat", "kim"), ("ant",)), "ant"),
        (AssertedBy("speaker", ("pat",), ("bee", "ant", "bee")), "ant+bee"),
        (AssertedBy("collective", ("sam", "pat")), "pat+sam"),
        (AssertedBy("author"), "authors of june"),
        (HEADLINE, "headline:june"),
        (AssertedBy("press_release"), "press_release:june"),
        (AssertedBy("unnamed_report", chain=("author",)), "unnamed_report:june"),
    ],
)
def test_who_says_it(by: AssertedBy, expected: str) -> None:
    assert asserter(claim(by=by), "authors of {}".format) == expected


def test_a_vote_moves_one_key_of_a_symmetric_relation() -> None:
    moves = MOVES | {"relation": "partner_of", "subject": "bee", "object": "ant"}
    assert relations(claim("governance_vote", moves=moves)) == {("partner_of", "ant", "bee")}
