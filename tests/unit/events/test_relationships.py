"""The answer for one relation: disputes, headlines, corrections, parts, and who is behind it."""

from __future__ import annotations

from typing import Any

import pytest

from events.facts import FactState
from events.grounds import Asserter
from events.relationships import best
from events.temporal import parse_day
from events.values import AssertedBy, ClaimContent
from tests.unit.events.examples import (
    AGREEMENT,
    ANT_SAYS,
    AUGUST,
    BEE_SAYS,
    COMPETES,
    HEADLINE,
    INVESTOR,
    JULY,
    JUNE,
    MEMBER,
    OWNS,
    PARTNER,
    SUPPORTS,
    Story,
    claim,
    days,
    denied,
    observed,
    span,
)


def planned(kind: str, edtf: str, article: str = JUNE, **changes: Any) -> ClaimContent:
    return claim(kind, edtf, article, **({"modality": "planned"} | changes))


# Rules 7, 8, 10 and 11 are about responses, headlines and corrections.


def disputed(
    content: ClaimContent, by: ClaimContent, *, kind: str = "deny", aspect: str | None = None, more: Any = ()
) -> Story:
    """A story in which the second claim responds to the first one, on 1 July."""
    story = Story(a=content, b=by, **{f"m{n}": other for n, other in enumerate(more)})
    story.response("r", kind, "b", "a", JULY, aspect=aspect)
    return story


@pytest.mark.parametrize("kind", ["deny", "dispute", "contradict"])
def test_rule_7_claims_of_different_asserters_joined_by_a_dispute_are_contested(kind: str) -> None:
    story = disputed(claim(by=ANT_SAYS), claim("statement", by=BEE_SAYS), kind=kind)
    assert story.statuses(PARTNER, ["2014-04-30", "2014-05-01"]) == {
        "2014-04-30": "not_held",
        "2014-05-01": "contested",
    }


@pytest.mark.parametrize("kind", ["confirm", "correct"])
def test_rule_7_other_responses_contest_nothing(kind: str) -> None:
    story = disputed(claim(by=ANT_SAYS), claim("statement", by=BEE_SAYS), kind=kind)
    assert story.status(PARTNER, "2014-06-01") != "contested"


def test_rule_7_persons_of_one_affiliation_are_one_asserter() -> None:
    story = disputed(claim(by=ANT_SAYS), claim("statement", by=ANT_SAYS, about="x"))
    assert story.status(PARTNER, "2014-06-01") == "holds"
    assert story.relation(PARTNER, "2014-06-01").disputes.conflicts == ()


def test_rule_7_an_aspect_is_contested_alone() -> None:
    story = disputed(claim("agreement", by=ANT_SAYS), claim("statement", by=BEE_SAYS), kind="dispute", aspect="price")
    found = story.relation(AGREEMENT, "2014-06-01")
    assert (found.status, [conflict.aspect for conflict in found.disputes.conflicts]) == ("holds", ["price"])


def test_rule_7_a_term_is_contested_alone() -> None:
    term = claim("agreement", term="scope", value="consulting", by=ANT_SAYS)
    other = claim("agreement", term="scope", value="software", by=BEE_SAYS)
    story = disputed(term, other, kind="contradict", more=[claim("agreement")])
    found = story.relation(AGREEMENT, "2014-06-01")
    assert found.status == "holds" and found.is_contested
    assert [(part.scope, part.state.status) for part in found.parts] == [({"term": "scope"}, "contested")]
    assert found.parts[0].attributes == {"value": ["consulting", "software"]}
    assert [side.value for side in found.disputes.conflicts[0].sides] == ["consulting", "software"]


def test_rule_7_a_denied_end_is_contested() -> None:
    end, denial = claim("agreement", "2014-05-01", stage="ended", by=ANT_SAYS), claim("statement", by=BEE_SAYS)
    story = disputed(end, denial, more=[claim("agreement", "2014-01-01")])
    assert [story.status(AGREEMENT, day) for day in ("2014-04-30", "2014-05-01")] == ["holds", "contested"]


def test_rule_7_a_later_opening_settles_a_denied_end() -> None:
    """What opened again had ended, whoever denies it."""
    end, denial = claim("agreement", "2014-05-01", stage="ended", by=ANT_SAYS), claim("statement", by=BEE_SAYS)
    story = disputed(end, denial, more=[claim("agreement", "2014-01-01"), claim("agreement", "2014-09-01", AUGUST)])
    expected = {"2014-04-30": "holds", "2014-05-01": "not_held", "2014-08-31": "not_held", "2014-09-01": "holds"}
    assert story.statuses(AGREEMENT, expected) == expected


def test_rule_7_a_later_end_settles_a_denied_one() -> None:
    end, denial = claim("agreement", "2014-05-01", stage="ended", by=ANT_SAYS), claim("statement", by=BEE_SAYS)
    later = claim("agreement", "2014-07-01", JULY, stage="ended")
    story = disputed(end, denial, more=[claim("agreement", "2014-01-01"), later])
    assert [story.status(AGREEMENT, day) for day in ("2014-06-30", "2014-07-01")] == ["contested", "not_held"]


def test_rule_7_a_disputed_plan_is_a_contested_plan() -> None:
    story = disputed(planned("membership", "2014-08-27", by=ANT_SAYS), claim("statement", by=BEE_SAYS), kind="dispute")
    found = story.relation(MEMBER, "2014-08-28")
    assert (found.status, span(found.state.due)) == ("contested", ("2014-08-27", "2014-08-27"))


def test_rule_8_a_headline_opens_nothing_against_its_own_article() -> None:
    story = disputed(claim("membership", by=HEADLINE), planned("membership", "2014-08-27"), kind="contradict")
    found = story.relation(MEMBER, "2014-06-01")
    assert found.status == "planned"
    assert [(e.claim, e.why, e.by) for e in found.disputes.excluded] == [("a", "headline", "b")]


def test_rule_8_of_several_claims_against_a_headline_the_first_is_named() -> None:
    story = Story(h=claim("membership", by=HEADLINE), b=claim("statement"), a=claim("statement", stance="hostile"))
    story.response("r1", "contradict", "b", "h")
    story.response("r2", "contradict", "h", "a")
    (item,) = story.relation(MEMBER, "2014-06-01").disputes.excluded
    assert (item.claim, item.why, item.by) == ("h", "headline", "a")


def test_rule_8_a_headline_is_contested_by_other_articles_like_anybody() -> None:
    story = disputed(claim("membership", by=HEADLINE), planned("membership", "2014-08-27", JULY), kind="contradict")
    assert story.status(MEMBER, "2014-07-01") == "contested"


def test_rule_9_one_pair_can_be_with_and_against_each_other() -> None:
    story = Story(a=claim("partnership"), b=observed("competition", "2014-05-01"))
    assert [story.status(key, "2014-06-01") for key in (PARTNER, COMPETES)] == ["holds", "holds"]


def test_rule_10_what_was_wrong_is_no_end() -> None:
    story = disputed(claim(), claim("partnership", "2014-05-10", JULY), kind="correct")
    found = story.relation(PARTNER, "2014-05-05")
    assert found.status == "not_held"
    assert [(e.claim, e.why, e.by) for e in found.disputes.excluded] == [("a", "corrected", "b")]
    assert story.status(PARTNER, "2014-05-05", published_by="2014-06-30") == "holds"


def test_rule_11_of_two_corrections_the_later_recorded_counts() -> None:
    story = Story(a=claim())
    story.correct("a", time={"kind": "instant", "edtf": "2014-05-10"})
    at = story.correct("a", time={"kind": "instant", "edtf": "2014-05-20"})
    assert span(story.relation(PARTNER, "2014-06-01").state.since) == ("2014-05-20", "2014-05-20")
    assert span(story.relation(PARTNER, "2014-06-01", recorded_by=at - 1).state.since) == ("2014-05-10", "2014-05-10")


# Facts and parts.


def test_a_part_that_holds_makes_the_whole_hold_but_not_the_other_way_round() -> None:
    story = Story(a=claim("agreement", "2014-05-01", term="a"), b=claim("agreement", "2014-07-01", term="b"))
    found = story.relation(AGREEMENT, "2014-06-01")
    assert found.status == "holds"
    assert [(part.scope, part.state.status) for part in found.parts] == [
        ({"term": "a"}, "holds"),
        ({"term": "b"}, "not_held"),
    ]


def test_an_end_of_the_whole_ends_the_parts_and_an_end_of_a_part_only_the_part() -> None:
    part = claim("agreement", "2014-01-01", term="a")
    of_part = Story(
        w=claim("agreement", "2014-01-01"), a=part, e=claim("agreement", "2014-03-01", term="a", stage="ended")
    )
    of_whole = Story(w=claim("agreement", "2014-01-01"), a=part, e=claim("agreement", "2014-03-01", stage="ended"))
    statuses = [
        (found.status, found.parts[0].state.status)
        for found in (story.relation(AGREEMENT, "2014-06-01") for story in (of_part, of_whole))
    ]
    assert statuses == [("holds", "not_held"), ("not_held", "not_held")]


def test_an_end_of_one_part_does_not_end_another() -> None:
    parts = {name: claim("agreement", "2014-01-01", term=name) for name in ("a", "b")}
    found = Story(**parts, e=claim("agreement", "2014-03-01", term="b", stage="ended")).relation(
        AGREEMENT, "2014-06-01"
    )
    assert [(part.scope["term"], part.state.status) for part in found.parts] == [("a", "holds"), ("b", "not_held")]


def test_an_intended_change_is_a_part_that_never_opens_the_whole() -> None:
    found = Story(a=planned("agreement", "2014-08-27", stage="ended")).relation(AGREEMENT, "2014-06-01")
    assert (found.status, [(p.scope, p.state.status) for p in found.parts]) == (
        "unknown",
        [({"change": "ended"}, "planned")],
    )


def test_support_on_a_platform_is_a_part() -> None:
    found = Story(a=claim("interoperability", also=[("platform", "forge")])).relation(SUPPORTS, "2014-06-01")
    assert [part.scope for part in found.parts] == [{"platform": "forge"}]
    assert found.status == "holds"


# Who says it, where, and what else they tell.


def test_claims_of_the_newest_articles_come_first() -> None:
    claims = {"x": claim(), "y": claim(article=AUGUST), "z": claim(article=JULY), "w": claim(article=JULY)}
    assert Story(**claims).relation(PARTNER, "2014-06-01").grounds.claims == ("y", "w", "z", "x")


def test_the_latest_article_that_supports_it_is_told() -> None:
    story = Story(a=claim(), b=observed("partnership", "2014-05-10", JULY), c=denied("partnership", "2013", AUGUST))
    assert story.relation(PARTNER, "2014-06-01").supported_on == parse_day("2014-07-01")
    assert Story(a=denied("partnership", "2014-05-01")).relation(PARTNER, "2014-06-01").supported_on is None


def test_everybody_who_says_it_is_told_once() -> None:
    kim = AssertedBy("speaker", ("kim",), ("ant",))
    story = Story(a=claim(by=ANT_SAYS), b=claim(by=kim, article=JULY), c=claim(by=HEADLINE), d=claim())
    assert story.relation(PARTNER, "2014-06-01").grounds.asserted_by == (
        Asserter("ant", ("speaker",), ("kim", "pat"), ("ant",), (JULY, JUNE), 2),
        Asserter("author:june writer", ("author",), (), (), (JUNE,), 1),
        Asserter(f"headline:{JUNE}", ("headline",), (), (), (JUNE,), 1),
    )


def test_the_newest_value_of_an_attribute_is_told() -> None:
    story = Story(
        a=claim("position", "2014-01-01", title="chair", stage="admitted"),
        b=claim("position", "2014-05-01", title="president"),
        c=claim("position", "2014-09-01", title="emperor"),
    )
    found = [story.relation(("holds_position", "pat", "ant"), day).attributes for day in ("2014-02-01", "2014-06-01")]
    assert found == [{"title": "chair"}, {"title": "president"}]


def test_equally_new_values_are_all_told_once() -> None:
    story = Story(
        a=claim("investment", stake="7"),
        b=claim("investment", stake="5"),
        c=claim("investment", stake="7", article=JULY),
    )
    assert story.relation(INVESTOR, "2014-06-01").attributes == {"stake": ["5", "7"]}


def test_a_plan_tells_what_is_planned() -> None:
    story = Story(a=planned("acquisition", "2014-08-27", price="5", due="2014-09"))
    found = story.relation(OWNS, "2014-06-01")
    assert (found.attributes, span(found.state.due)) == ({"price": "5"}, ("2014-09-01", "2014-09-30"))


def test_the_sides_of_a_conflict_name_their_claims_in_all_kinds_of_response() -> None:
    story = Story(a=claim(by=ANT_SAYS), b=claim("statement", by=BEE_SAYS))
    story.response("r1", "deny", "b", "a")
    story.response("r2", "dispute", "b", "a")
    story.response("r3", "dispute", "a", "b", JULY)
    (conflict,) = story.relation(PARTNER, "2014-06-01").disputes.conflicts
    assert (conflict.aspect, conflict.why) == (None, "deny+dispute")
    assert [(side.asserted_by.asserter, side.claims, side.value) for side in conflict.sides] == [
        ("ant", ("a",), None),
        ("bee", ("b",), None),
    ]


def test_conflicts_of_other_relations_are_not_told() -> None:
    story = Story(a=claim(by=ANT_SAYS), b=claim("statement", by=BEE_SAYS), c=claim("investment"))
    story.response("r", "deny", "b", "a")
    found = story.relation(INVESTOR, "2014-06-01")
    assert (found.status, found.disputes.conflicts, found.disputes.excluded) == ("holds", (), ())


def test_a_relation_without_claims_is_unknown_and_tells_nothing() -> None:
    found = Story().relation(OWNS, "2014-06-01")
    assert (found.status, found.attributes, found.parts, found.grounds.claims, found.is_contested) == (
        "unknown",
        {},
        (),
        (),
        False,
    )


def test_the_best_of_several_states_is_the_first_in_rank_then_in_time() -> None:
    early, late = FactState("holds", days("2014-01")), FactState("holds", days("2014-02"))
    unsure, none = FactState("possibly", days("2013")), FactState("not_held")
    assert best([unsure, late, none, early], none) == early
    assert best([none, unsure], none) == unsure
    assert best([none, none], FactState("unknown")) == FactState("unknown")
    assert best([FactState("planned"), FactState("contested")], none).status == "contested"


def test_claims_that_cannot_all_be_right_are_the_sides_of_a_clash() -> None:
    story = Story(a=claim("acquisition", "2014-02-01"), b=claim("acquisition", "2014-04-01", JULY, by=ANT_SAYS))
    answer = story.relation(OWNS, "2014-03-01")
    (clash,) = answer.disputes.conflicts
    assert (answer.status, clash.aspect, clash.why) == ("contested", None, "clash")
    sides = {side.asserted_by.asserter: side.claims for side in clash.sides}
    assert sides == {"author:june writer": ("a",), "ant": ("b",)}
    assert story.relation(OWNS, "2014-05-01").disputes.conflicts == ()


def test_a_negative_of_the_same_days_clashes_with_what_it_contradicts_in_its_part() -> None:
    story = Story(
        a=observed("agreement", "2014-05", by=ANT_SAYS, term="price"),
        b=claim("agreement", "2014-05", JULY, by=BEE_SAYS, seen="observed", polarity="negative", term="price"),
    )
    (clash,) = story.relation(("agreement_with", "ant", "bee"), "2014-06-01").disputes.conflicts
    assert (clash.aspect, [side.claims for side in clash.sides]) == ("term: price", [("a",), ("b",)])
