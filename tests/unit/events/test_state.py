"""The state of one entity: all about it at one point of the clocks."""

from __future__ import annotations

from typing import Any

from events.state import EntityState, entity_state
from tests.unit.events.examples import (
    AGREEMENT,
    ANT_SAYS,
    BEE_SAYS,
    INVESTOR,
    JULY,
    MEMBER,
    MOVES,
    PARTNER,
    POSITION,
    Story,
    claim,
    observed,
    point,
)


def everything() -> Story:
    """A bit of everything about ant, and something about others."""
    story = Story(
        partner=claim("partnership", by=ANT_SAYS),
        position=claim("position", title="chair"),
        money=claim("investment", roles=[("investee", "ant")], round="A"),
        vote=claim("governance_vote", "2014-09-07", outcome="approved"),
        profile=claim("organization", headquarters="Rome"),
        figure=claim("market_fact"),
        stance=claim("statement", by=BEE_SAYS),
        later=claim("statement", "2015-05-01", stance="hostile"),
        other=claim("agreement", roles=[("party", "bee"), ("party", "cat")]),
    )
    story.claim("gone", claim("customer", article=JULY), ref="customer")
    story.retract("gone")
    story.response("r", "dispute", "stance", "partner")
    return story


def state(story: Story, entity: str = "ant", day: str = "2014-12-31", **clocks: Any) -> EntityState:
    return entity_state(story.knowledge(), entity, point(day, **clocks))


def test_everything_about_an_entity_is_told() -> None:
    found = state(everything())
    assert found.entity == "ant"
    assert {r.key: r.status for r in found.relations} == {PARTNER: "contested", POSITION: "holds", MEMBER: "holds"}
    assert [p.titles[0].title for p in found.positions] == ["chair"]
    assert [r.round for r in found.rounds] == ["A"]
    assert [(v.key.body, v.status, v.outcomes) for v in found.votes] == [("board", "occurred", ("approved",))]
    assert [(item.name, item.value) for item in found.profile] == [("headquarters", "Rome")]
    assert [item.value for item in found.observations] == ["100"]
    assert [p.grounds.claims for p in found.stances] == [("stance",)]
    assert [
        {c for side in conflict.sides for c in side.claims}
        for conflict in found.disputes.with_more(found.clashes).conflicts
    ] == [{"partner", "stance"}]
    assert [(item.claim, item.why) for item in found.disputes.excluded] == [("gone", "retracted")]


def test_what_is_about_others_is_not_told() -> None:
    found = state(everything(), "cat")
    assert [r.key for r in found.relations] == [("agreement_with", "bee", "cat")]
    assert (found.votes, found.rounds, found.profile, found.observations, found.stances) == ((), (), (), (), ())
    assert (found.disputes.conflicts, found.disputes.excluded) == ((), ())


def test_an_entity_of_which_nothing_is_known_has_an_empty_state() -> None:
    found = state(Story(), "nobody")
    assert (found.relations, found.votes, found.positions, found.stances) == ((), (), (), ())


def test_a_vote_is_told_of_its_body_of_its_applicant_and_of_its_voters() -> None:
    story = Story(
        a=claim("governance_vote", also=[("voter", "cat")], vote="for"),
        b=claim("governance_vote", roles=[("body", "board")], moves=None, motion="budget"),
    )
    assert {e: len(state(story, e).votes) for e in ("board", "ant", "guild", "cat", "bee")} == {
        "board": 2,
        "ant": 1,
        "guild": 1,
        "cat": 1,
        "bee": 0,
    }


def test_a_vote_whose_claims_no_longer_count_is_still_told() -> None:
    story = Story(a=claim("governance_vote", "2014-09-07"))
    story.retract("a")
    (found,) = state(story).votes
    assert (found.status, [item.claim for item in found.disputes.excluded]) == ("unknown", ["a"])


def test_the_state_of_a_merged_entity_is_that_of_the_one_that_goes_on() -> None:
    story = Story(a=claim(roles=[("partner", "emmet"), ("partner", "bee")]))
    story.entity("emmet")
    before = len(story.log)
    story.merge("emmet", "ant")
    found = state(story, "emmet")
    assert (found.entity, [r.key for r in found.relations]) == ("ant", [PARTNER])
    assert [r.key for r in state(story, "emmet", recorded_by=before).relations] == [("partner_of", "bee", "emmet")]


def test_a_ref_names_a_round_only_from_the_position_at_which_it_was_recorded() -> None:
    story = Story()
    at = story.claim("money", claim("investment", roles=[("investee", "bee")]), ref="the-round")
    story.claim("share", claim("investment", round="the-round"))
    (found,) = state(story, "bee").rounds
    assert (found.round, [i.entity for i in found.investors]) == ("the-round", ["ant"])
    assert state(story, "bee", recorded_by=at - 1).rounds == ()


def test_all_clocks_and_perspectives_combine() -> None:
    story = Story(
        a=claim("agreement", by=ANT_SAYS),
        b=claim("agreement", article=JULY, by=BEE_SAYS),
        c=observed("investment", "2014"),
    )
    assert [r.key for r in state(story).relations] == [AGREEMENT, INVESTOR]
    found = state(story, published_by="2014-06-01", according_to="ant")
    assert [(r.key, r.grounds.claims) for r in found.relations] == [(AGREEMENT, ("a",))]


def test_what_a_vote_moves_counts_among_the_relations() -> None:
    story = Story(a=claim("governance_vote", "2014-08-27", modality="scheduled", moves=MOVES))
    assert {r.key: r.status for r in state(story, "guild", "2014-07-01").relations} == {MEMBER: "planned"}


def test_a_conflict_is_told_once_though_it_touches_several_relations() -> None:
    story = Story(
        a=claim("agreement", by=ANT_SAYS, term="price"),
        b=claim("agreement", "2014-05-01", JULY, by=BEE_SAYS, term="price"),
        c=claim("partnership", by=ANT_SAYS),
        d=claim("partnership", "2014-05-01", JULY, by=BEE_SAYS),
    )
    story.response("r", "dispute", "b", "a", JULY)
    story.response("s", "dispute", "d", "c", JULY)
    found = entity_state(story.knowledge(), "ant", point("2014-08-01"))
    (conflict,) = found.disputes.with_more(found.clashes).conflicts
    assert [side.claims for side in conflict.sides] == [("a", "c"), ("b", "d")]
