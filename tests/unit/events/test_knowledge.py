"""What counts at a point of the clocks, and for whom."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from events.knowledge import Heard, Hearing, hear, survivors
from events.values import AssertedBy, ClaimContent, ClaimTime
from tests.unit.events.examples import (
    AGREEMENT,
    ANT_SAYS,
    AUGUST,
    AUTHOR,
    BEE_SAYS,
    HEADLINE,
    JULY,
    JUNE,
    MEMBER,
    MOVES,
    OWNS,
    PARTNER,
    SECRET,
    Story,
    claim,
    days,
    denied,
    observed,
    point,
    span,
)


def live(hearing: Hearing) -> list[str]:
    """The claims that count, but for responses."""
    return [heard.claim for heard in hearing.live if heard.content.type != "response"]


def one(story: Story, name: str = "a", **clocks: str) -> Heard:
    return story.hearing(**clocks).everyone[name]


# The publication clock.


@pytest.mark.parametrize(
    ("published_by", "expected"),
    [
        ("2014-05-31", []),
        ("2014-06-01", ["a"]),
        ("2014-08-02", ["a", "b"]),
        ("2014-08-03", ["a", "b", "c"]),
        (None, ["a", "b", "c"]),
    ],
)
def test_a_claim_is_public_from_the_latest_possible_day_of_its_article(
    published_by: str | None, expected: list[str]
) -> None:
    story = Story(a=claim(), b=claim(article=JULY), c=claim(article=AUGUST))
    assert live(story.hearing(published_by=published_by)) == expected


def test_an_article_that_may_have_appeared_on_any_later_day_is_never_public() -> None:
    story = Story()
    story.article("later", published="[2014-06-01..]")
    story.claim("a", claim(article="later"))
    assert live(story.hearing(published_by="9999-12-31")) == []
    assert live(story.hearing()) == ["a"]


def test_a_response_is_public_with_its_article() -> None:
    story = Story(a=claim(), b=claim("statement", article=JULY))
    story.response("r", "correct", "b", "a", JULY)
    assert "a" in live(story.hearing(published_by="2014-06-30"))
    assert "a" not in live(story.hearing(published_by="2014-07-01"))


def test_a_correction_by_an_article_counts_from_its_publication() -> None:
    story = Story(a=claim())
    story.correct("a", AUGUST, polarity="negative")
    found = {day: one(story, published_by=day).content.polarity for day in ("2014-08-02", "2014-08-03")}
    assert found == {"2014-08-02": "positive", "2014-08-03": "negative"}


def test_a_slip_of_the_recorder_counts_on_the_recorded_clock_only() -> None:
    story = Story(a=claim())
    at = story.correct("a", polarity="negative")
    assert one(story, published_by="2014-06-01").content.polarity == "negative"
    assert story.hearing(recorded_by=at - 1).everyone["a"].content.polarity == "positive"


def test_a_retraction_by_an_article_counts_from_its_publication() -> None:
    story = Story(a=claim())
    story.retract("a", AUGUST)
    assert live(story.hearing(published_by="2014-08-02")) == ["a"]
    assert story.hearing(published_by="2014-08-03").undone == [("a", "retracted", None)]


# The recorded clock.


def test_a_claim_counts_from_the_position_at_which_it_was_recorded() -> None:
    story = Story()
    at = story.claim("a", claim())
    assert [live(story.hearing(recorded_by=position)) for position in (at - 1, at)] == [[], ["a"]]


def test_a_retracted_claim_is_still_visible_before_its_retraction_was_known() -> None:
    story = Story(a=claim())
    retracted, reinstated = story.retract("a"), story.reinstate("a")
    found = [live(story.hearing(recorded_by=at)) for at in (retracted - 1, retracted, reinstated)]
    assert found == [["a"], [], ["a"]]


def test_a_corrected_publication_counts_from_its_position() -> None:
    story = Story(a=claim())
    at = story.correct_article(JUNE, published="2014-06-08")
    assert [span(story.hearing(recorded_by=n).everyone["a"].published) for n in (at - 1, at)] == [
        ("2014-06-01", "2014-06-01"),
        ("2014-06-08", "2014-06-08"),
    ]


def test_a_claim_without_its_article_is_a_fault_of_the_log() -> None:
    story = Story()
    story.claim("a", claim(article="later"))
    at = story.article("later")
    with pytest.raises(LookupError, match="article later is younger than its claims"):
        story.hearing(recorded_by=at - 1)


# Who says it.


def test_the_author_of_a_claim_is_who_wrote_its_article() -> None:
    story = Story(a=claim(by=AUTHOR))
    story.correct_article(JUNE, authors=("Zoe", SECRET, "Ada"))
    assert one(story).asserter == f"author:{SECRET.reference}+Ada+Zoe"


def test_an_article_without_authors_stands_for_its_author() -> None:
    story = Story(a=claim(by=AUTHOR))
    story.correct_article(JUNE, authors=())
    assert one(story).asserter == "author:june"


@pytest.mark.parametrize("entity", ["pat", "ant"])
def test_according_to_somebody_only_what_they_or_theirs_say_counts(entity: str) -> None:
    story = Story(a=claim(by=ANT_SAYS), b=claim(by=BEE_SAYS), c=claim(by=AUTHOR))
    assert live(story.hearing(according_to=entity)) == ["a"]


def test_a_collective_speaks_for_each_of_its_members() -> None:
    story = Story(a=claim(by=AssertedBy("collective", ("ant", "bee"))))
    assert [live(story.hearing(according_to=entity)) for entity in ("ant", "bee", "cat")] == [["a"], ["a"], []]


def test_a_denial_is_for_the_one_who_denies_the_opposite() -> None:
    story = Story(a=claim(by=ANT_SAYS), b=claim("statement", article=JULY, by=BEE_SAYS))
    story.response("r", "deny", "b", "a", JULY, voice=BEE_SAYS)
    found = story.relation(PARTNER, "2014-06-01", according_to="bee")
    assert (found.status, found.grounds.claims) == ("not_held", ("b",))
    assert story.status(PARTNER, "2014-06-01", according_to="ant") == "holds"
    assert story.status(PARTNER, "2014-06-01") == "contested"


def test_denying_a_negative_says_that_it_is_so() -> None:
    story = Story(
        a=observed("partnership", "2014-05-01", modality="denied", by=ANT_SAYS), b=claim("statement", by=BEE_SAYS)
    )
    story.response("r", "deny", "b", "a", voice=BEE_SAYS)
    assert story.status(PARTNER, "2014-06-01", according_to="bee") == "holds"


def test_denying_that_one_wants_to_end_it_says_that_it_goes_on() -> None:
    wish = claim("agreement", "2014-05-01", modality="planned", stage="ended", by=ANT_SAYS)
    story = Story(a=wish, b=claim("statement", "2014-05-20", by=BEE_SAYS))
    story.response("r", "deny", "b", "a", voice=BEE_SAYS)
    assert story.statuses(AGREEMENT, ["2014-05-19", "2014-05-20"], according_to="bee") == {
        "2014-05-19": "unknown",
        "2014-05-20": "holds",
    }


@pytest.mark.parametrize("kind", ["dispute", "contradict"])
def test_other_oppositions_say_nothing_of_what_is_the_case(kind: str) -> None:
    story = Story(a=claim(by=ANT_SAYS), b=claim("statement", by=BEE_SAYS))
    story.response("r", kind, "b", "a", voice=BEE_SAYS)
    assert story.status(PARTNER, "2014-06-01", according_to="bee") == "unknown"


def test_a_denied_aspect_denies_no_more_than_that() -> None:
    story = Story(a=claim(by=ANT_SAYS), b=claim("statement", by=BEE_SAYS))
    story.response("r", "deny", "b", "a", voice=BEE_SAYS, aspect="price")
    assert story.status(PARTNER, "2014-06-01", according_to="bee") == "unknown"


def test_a_denial_that_was_undone_does_not_count() -> None:
    story = Story(a=claim(by=ANT_SAYS), b=claim("statement", by=BEE_SAYS))
    story.response("r", "deny", "b", "a", voice=BEE_SAYS)
    story.retract("b")
    assert story.status(PARTNER, "2014-06-01", according_to="bee") == "unknown"
    assert story.status(PARTNER, "2014-06-01") == "holds"


def test_of_the_undoings_only_their_own_and_the_recorders_count_for_somebody() -> None:
    story = Story(a=claim(by=ANT_SAYS), b=claim(by=BEE_SAYS), c=claim(by=ANT_SAYS, article=JULY))
    story.response("r", "correct", "b", "a", voice=BEE_SAYS)
    story.retract("c")
    assert live(story.hearing()) == ["b"]
    assert live(story.hearing(according_to="ant")) == ["a"]
    assert story.hearing(according_to="ant").undone == [("c", "retracted", None)]
    assert story.hearing(according_to="bee").undone == []


def test_a_response_in_the_name_of_a_claim_that_is_not_known_counts_in_its_own() -> None:
    story = Story(a=claim(by=ANT_SAYS))
    story.response("r", "correct", "gone", "a", voice=ANT_SAYS)
    assert live(story.hearing(according_to="ant")) == ["a"]


# Headlines.


def headline(kind: str, other: ClaimContent) -> Hearing:
    story = Story(h=claim(by=HEADLINE), a=other)
    story.response("r", kind, "a", "h")
    return story.hearing()


@pytest.mark.parametrize("kind", ["deny", "dispute", "contradict"])
def test_a_headline_against_its_own_article_is_silent(kind: str) -> None:
    found = headline(kind, claim("statement"))
    assert ([h.claim for h in found.silenced], live(found)) == (["h"], ["a"])
    assert [(o.by, o.target) for o in found.opposed] == [("a", "h")]


@pytest.mark.parametrize("kind", ["confirm", "correct"])
def test_other_responses_do_not_silence_it(kind: str) -> None:
    assert headline(kind, claim("statement")).silenced == []


def test_a_headline_that_opposes_its_article_is_silent_too() -> None:
    story = Story(h=claim(by=HEADLINE), a=claim("statement"))
    story.response("r", "dispute", "h", "a")
    assert [heard.claim for heard in story.hearing().silenced] == ["h"]


def test_a_claim_of_another_article_does_not_silence_a_headline() -> None:
    assert headline("deny", claim("statement", article=JULY)).silenced == []


def test_a_claim_that_was_undone_does_not_silence_a_headline() -> None:
    story = Story(h=claim(by=HEADLINE), a=claim("statement"))
    story.response("r", "dispute", "h", "a")
    story.retract("a")
    assert live(story.hearing()) == ["h"]


def test_a_silent_headline_denies_nothing() -> None:
    by = AssertedBy("headline", ("bee",))
    story = Story(h=claim("statement", by=by), a=claim(by=ANT_SAYS))
    story.response("r", "deny", "h", "a", voice=by)
    assert story.status(PARTNER, "2014-06-01", according_to="bee") == "unknown"


# Opposition.


def test_opposition_is_between_different_asserters() -> None:
    story = Story(
        a=claim(by=ANT_SAYS), b=claim("statement", by=BEE_SAYS), c=claim(by=replace(ANT_SAYS, agent=("kim",)))
    )
    for number, (by, target) in enumerate([("b", "a"), ("c", "a"), ("b", "gone")]):
        story.response(f"r{number}", "dispute", by, target, aspect="price")
    story.response("again", "dispute", "b", "a", JULY, aspect="price")
    assert story.hearing().opposed == [("b", "a", "price", "dispute")]


def test_every_kind_of_opposition_is_kept_whatever_was_recorded_last() -> None:
    story = Story(a=claim(by=ANT_SAYS), b=claim("statement", by=BEE_SAYS))
    story.response("r1", "deny", "b", "a")
    story.response("r2", "contradict", "b", "a", JULY)
    assert {o.why for o in story.hearing().opposed} == {"deny", "contradict"}


# Merged entities.


def test_a_merged_entity_is_the_one_that_goes_on_at_any_distance() -> None:
    story = Story()
    for name in ("ant", "emmet", "pismire"):
        story.entity(name)
    story.merge("pismire", "emmet")
    first = len(story.log)
    story.merge("emmet", "ant")
    last = story.unmerge("pismire", "emmet")
    assert [survivors(story.knowledge(), position) for position in (first - 1, first, last - 1, last)] == [
        {},
        {"pismire": "emmet"},
        {"pismire": "ant", "emmet": "ant"},
        {"emmet": "ant"},
    ]


def test_a_circle_of_merges_ends() -> None:
    story = Story()
    story.entity("ant")
    story.entity("bee")
    story.merge("ant", "bee")
    story.merge("bee", "ant")
    assert survivors(story.knowledge(), 99) == {"ant": "bee", "bee": "ant"}


def merged(content: ClaimContent) -> ClaimContent:
    story = Story(a=content)
    story.entity("emmet")
    story.merge("emmet", "ant")
    return one(story).content


def test_claims_about_a_merged_entity_are_about_the_one_that_goes_on() -> None:
    found = merged(claim(roles=[("partner", "emmet"), ("partner", "bee"), ("partner", "ant")]))
    assert [(p.role, p.entity) for p in found.participants] == [("partner", "ant"), ("partner", "bee")]


def test_voices_and_moved_relations_follow_a_merge() -> None:
    by = AssertedBy("speaker", ("emmet", "ant"), ("emmet", "bee"))
    found = merged(claim("governance_vote", moves=MOVES | {"subject": "emmet"}, by=by))
    assert found.attributes["moves"] == MOVES
    assert (found.asserted_by.agent, found.asserted_by.affiliation) == (("ant",), ("ant", "bee"))


def test_a_perspective_follows_a_merge() -> None:
    story = Story(a=claim(by=ANT_SAYS))
    story.entity("emmet")
    story.merge("emmet", "ant")
    assert live(story.hearing(according_to="emmet")) == ["a"]


def test_partners_that_turn_out_to_be_one_are_none() -> None:
    story = Story(a=claim(roles=[("partner", "emmet"), ("partner", "ant")]))
    story.entity("emmet")
    before = len(story.log)
    story.merge("emmet", "ant")
    assert dict(story.hearing().about) == {}
    assert story.status(("partner_of", "ant", "emmet"), "2014-06-01", recorded_by=before) == "holds"


# What a claim that is heard tells.


def test_a_sale_ends_what_the_seller_owned() -> None:
    content = claim("acquisition", also=[("seller", "cat"), ("seller", "dog")], price="5")
    found = Story(a=content).hearing()
    assert [heard.effect for heard in found.live] == ["open", "close"]
    assert set(found.about) == {OWNS, ("owns", "cat", "bee"), ("owns", "dog", "bee")}
    assert found.everyone["a"].content == content


@pytest.mark.parametrize("changes", [{"modality": "planned"}, {"polarity": "negative"}])
def test_a_sale_that_was_not_made_ends_nothing(changes: dict[str, str]) -> None:
    assert len(Story(a=claim("acquisition", also=[("seller", "cat")], **changes)).hearing().live) == 1  # type: ignore[arg-type]


def test_a_seller_who_is_also_the_buyer_ends_nothing() -> None:
    assert len(Story(a=claim("acquisition", also=[("seller", "ant")])).hearing().live) == 1


def test_claims_that_do_not_count_still_touch_their_relation() -> None:
    story = Story(a=claim(), b=claim("membership"))
    story.retract("a")
    found = story.hearing()
    assert (list(found.about), dict(found.touching)) == ([MEMBER], {PARTNER: {"a"}, MEMBER: {"b"}})


def heard(content: ClaimContent) -> Heard:
    return Heard("a", content, days("2014-06-01"), "somebody")


@pytest.mark.parametrize(
    ("content", "since"),
    [
        (claim(modality="proposed"), "2014-05-01"),
        (claim(edtf="2014-07-01", modality="proposed"), "2014-06-01"),
        (claim(edtf="[..2014-05-01]", modality="proposed"), "2014-06-01"),
        (claim(modality="planned"), "2014-06-01"),
        (claim("membership", stage="applied"), "2014-05-01"),
    ],
)
def test_a_plan_is_known_from_its_publication_or_from_when_it_was_made(content: ClaimContent, since: str) -> None:
    assert heard(content).planned_since == days(since).earliest


def test_a_claim_knows_what_it_says() -> None:
    found = heard(claim("position", title="chair", version=None))
    assert found.variant == ("chair", "None", "None", "None")
    assert found.rule is not None and found.rule.relation == "holds_position"
    assert heard(claim("statement")).rule is None
    assert span(found.due) == (None, None)


def test_all_clocks_combine() -> None:
    story = Story(a=claim(by=ANT_SAYS), b=denied("partnership", "2014-05-01", JULY, by=ANT_SAYS), c=claim(by=BEE_SAYS))
    at = story.retract("a")
    everywhere = point("2014-06-01", published_by="2014-06-30", recorded_by=at - 1, according_to="ant")
    assert live(hear(story.knowledge(), everywhere)) == ["a"]


def test_a_date_that_moved_is_heard_where_it_was_recorded() -> None:
    content = claim(edtf="2014-06-01", rule="on_publication", anchor="2014-06-01")
    story = Story(a=content)
    at = story.redate("a", content.time, ClaimTime("instant", "2014-06-08", anchor="2014-06-08", rule="on_publication"))
    starts = [story.hearing(recorded_by=position).everyone["a"].span.start for position in (at - 1, at)]
    assert list(map(span, starts)) == [("2014-06-01", "2014-06-01"), ("2014-06-08", "2014-06-08")]
