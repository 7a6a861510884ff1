"""What an entity is, apart from its relations."""

from __future__ import annotations

from typing import Any

from events.positions import PositionAccount, is_position
from events.profile import Observation, ProfileItem
from events.rounds import Refs, Round
from events.state import EntityState, state_in
from events.temporal import parse_day
from events.values import ClaimContent
from tests.unit.events.examples import ANT_SAYS, JULY, OWNS, POSITION, Story, claim, denied, observed, span

DAY = "2014-12-31"


def told(*claims: ClaimContent) -> Story:
    return Story(**{f"c{number}": content for number, content in enumerate(claims)})


def state(story: Story, of: str, day: str, refs: Refs = lambda _: ()) -> EntityState:
    return state_in(story.hearing(day), of, parse_day(day), refs)


def items(*claims: ClaimContent, of: str = "ant", day: str = DAY) -> tuple[ProfileItem, ...]:
    return state(told(*claims), of, day).profile


def said(*claims: ClaimContent, **asked: str) -> list[tuple[str, Any]]:
    return [(item.name, item.value) for item in items(*claims, **asked)]


# Profile.


def test_attributes_and_roles_of_an_organization_are_its_profile() -> None:
    found = said(
        claim("organization", also=[("founder", "pat"), ("successor", "bee")], headquarters="Rome", stage="founded")
    )
    assert found == [("founder", "pat"), ("headquarters", "Rome"), ("successor", "bee")]


def test_a_stage_that_says_something_by_itself_is_told() -> None:
    (item,) = items(claim("organization", stage="dissolved"))
    assert (item.name, item.value, item.stage) == ("stage", "dissolved", "dissolved")


def test_a_stage_of_a_product_is_told_by_its_relation() -> None:
    assert said(claim("product", stage="released"), of="kit") == []
    assert said(claim("product", stage="released", licence="MIT"), of="kit") == [("licence", "MIT")]


def test_an_organization_of_which_nothing_is_said_has_no_profile() -> None:
    assert said(claim("organization")) == []


def test_a_profile_is_that_of_the_subject_only() -> None:
    content = claim("organization", also=[("founder", "pat")], activity="software")
    assert said(content, of="pat") == said(claim("partnership", scope="x")) == []


def test_equal_things_said_are_one_item_with_the_narrowest_date() -> None:
    (item,) = items(
        observed("organization", "2014", activity="software"),
        observed("organization", "2014-05", JULY, activity="software", by=ANT_SAYS),
    )
    assert (span(item.when), item.grounds.claims) == (("2014-05-01", "2014-05-31"), ("c1", "c0"))
    assert [asserter.asserter for asserter in item.grounds.asserted_by] == ["ant", "author:june writer"]


def test_different_things_said_are_all_told_in_the_order_of_time() -> None:
    found = items(
        claim("organization", "2014-05-02", headquarters="Oslo"),
        claim("organization", "2014-05-01", headquarters="Rome"),
        denied("organization", "2014-05-01", headquarters="Oslo"),
    )
    assert [(item.value, item.is_negated) for item in found] == [("Oslo", True), ("Rome", False), ("Oslo", False)]


def test_what_comes_later_and_what_is_an_opinion_is_not_told() -> None:
    later = claim("organization", "2014-05-02", activity="a")
    assert said(later, day="2014-05-01") == said(claim("organization", activity="a", modality="opinion")) == []


# Figures.


def figures(*claims: ClaimContent, of: str = "ant") -> tuple[Observation, ...]:
    return state(told(*claims), of, DAY).observations


def test_figures_are_told_in_the_order_of_time() -> None:
    found = figures(
        observed("market_fact", "2014", value="120", unit="people", population="staff"),
        observed("market_fact", "2013", value="100"),
        observed("market_fact", "2015", value="150"),
        denied("market_fact", "2013", measure="share"),
    )
    assert [(item.measure, item.value, item.is_negated) for item in found] == [
        ("share", "100", True),
        ("staff", "100", False),
        ("staff", "120", False),
    ]
    assert (found[2].unit, found[2].population, span(found[2].when)) == (
        "people",
        "staff",
        ("2014-01-01", "2014-12-31"),
    )


def test_figures_are_those_of_the_subject() -> None:
    assert figures(claim("market_fact"), claim("partnership"), of="bee") == ()


# Rounds.


def round_of(*claims: ClaimContent, day: str = DAY, **refs: tuple[str, ...]) -> tuple[Round, ...]:
    return state(told(*claims), "bee", day, lambda name: refs.get(name, ())).rounds


def money(edtf: str = "2014-05-01", **changes: Any) -> ClaimContent:
    return claim("investment", edtf, **({"roles": [("investee", "bee")]} | changes))


def test_money_from_nobody_in_particular_is_a_round() -> None:
    (found,) = round_of(money(round="B", amount="100", currency="USD"))
    assert (found.round, found.status, span(found.when)) == ("B", "occurred", ("2014-05-01", "2014-05-01"))
    assert (found.attributes, found.investors, found.grounds.claims) == (
        {"amount": "100", "currency": "USD"},
        (),
        ("c0",),
    )


def test_a_round_without_a_name_has_that_of_its_claim() -> None:
    assert [r.round for r in round_of(money())] == ["c0"]
    assert [r.round for r in round_of(money(), c0=("z", "the-round"))] == ["the-round"]


def test_who_took_part_is_told_with_the_round() -> None:
    found = round_of(
        money(round="B"),
        claim("investment", round="B"),
        denied("investment", "2014-05-01", roles=[("lead", "cat"), ("investee", "bee")], round="B"),
        claim("investment", roles=[("investor", "dog"), ("investee", "bee")], round="A"),
        claim("investment", roles=[("investor", "ant"), ("investee", "cat")], round="B"),
        claim("partnership"),
    )
    assert [(i.entity, i.status, i.grounds.claims) for i in found[0].investors] == [
        ("ant", "holds", ("c1",)),
        ("cat", "not_held", ("c2",)),
    ]


def test_an_investor_can_name_a_round_by_the_ref_of_its_claim() -> None:
    (found,) = round_of(money(), claim("investment", round="the-round"), c0=("the-round",))
    assert [i.entity for i in found.investors] == ["ant"]


def test_several_reports_of_a_round_are_one() -> None:
    (found,) = round_of(money("2014-05", round="B"), money("[2014-05-20..2014-06-10]", round="B", article=JULY))
    assert (span(found.when), found.grounds.claims) == (("2014-05-20", "2014-05-31"), ("c1", "c0"))


def test_a_planned_round_tells_when_it_is_due() -> None:
    (found,) = round_of(money("2014-11", round="B", modality="planned"), day="2014-07-01")
    assert (found.status, found.when, span(found.due)) == ("planned", None, ("2014-11-01", "2014-11-30"))


def test_rounds_are_told_in_the_order_of_time_and_plans_first() -> None:
    found = round_of(
        money("2014-05-01", round="B"), money("2014-02-01", round="C"), money("2014-11", round="D", modality="planned")
    )
    assert [r.round for r in found] == ["D", "C", "B"]


def test_what_is_no_round_of_the_entity_is_not_told() -> None:
    others = [claim("investment"), money(roles=[("investee", "cat")]), money(modality="opinion"), claim("customer")]
    assert round_of(*others) == ()
    assert round_of(observed("investment", "2014-05-02", roles=[("issuer", "bee")]), day="2014-05-01") == ()


# Positions.


def test_the_titles_of_a_position_are_told_in_the_order_of_time() -> None:
    story = told(
        claim("position", "2014-05-01", title="president"),
        observed("position", "2014-01", title="chair"),
        observed("position", "2014-02-01", JULY, title="chair"),
        claim("position", "2014-11-01", title="emperor", modality="planned"),
        denied("position", "2013-01-01", title="king"),
        claim("position", "2014-03-01"),
    )
    found = PositionAccount(story.hearing(DAY), POSITION).at(parse_day(DAY))
    assert [(title.title, title.grounds.claims) for title in found.titles] == [
        ("chair", ("c2", "c1")),
        ("president", ("c0",)),
        ("emperor", ("c3",)),
    ]
    assert span(found.titles[0].when) == ("2014-02-01", "2014-02-01")
    assert found.relation.status == "holds"


def test_a_position_without_claims_has_no_titles() -> None:
    assert PositionAccount(told().hearing(DAY), POSITION).at(parse_day(DAY)).titles == ()


def test_a_position_is_told_from_other_relations() -> None:
    assert (is_position(POSITION), is_position(OWNS)) == (True, False)
