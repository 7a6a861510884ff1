"""What differs between two points of a clock, and what did it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from events.causes import Cause, Causes
from events.changes import Change, Subject, apply, changes, differing, items_of, state_of
from events.event_types import ClaimRefAdded
from events.identity import claim_stream
from events.knowledge import Point
from events.state import EntityState, entity_state
from events.temporal import parse_day
from tests.generating import some
from tests.histories import COMPANIES, PERSON, histories, turning_days
from tests.recorded import Recorded
from tests.unit.events.examples import (
    ANT_SAYS,
    AUGUST,
    BEE_SAYS,
    INVESTOR,
    JULY,
    JUNE,
    MEMBER,
    OWNS,
    PARTNER,
    POSITION,
    Story,
    claim,
    denied,
    observed,
    point,
)

LATE = "2014-12-31"


def state(story: Story, at: Point, entity: str = "ant") -> EntityState:
    return entity_state(story.knowledge(), entity, at)


def between(story: Story, before: Point, after: Point, entity: str = "ant") -> dict[Subject, Change]:
    """The changes between two points by what they are about, after a look at what they promise."""
    one, two = state(story, before, entity), state(story, after, entity)
    found = changes(one, two)
    assert apply(one, found) == two
    assert [change.subject for change in found] == sorted(change.subject for change in found)
    return {change.subject: change for change in found}


def about(key: tuple[str, ...], kind: str = "relation") -> Subject:
    return Subject(kind, key)


def causes(story: Story, before: Point, after: Point, subject: Subject, entity: str = "ant") -> list[tuple[str, ...]]:
    """What did it: kind, name and type of each cause."""
    change = between(story, before, after, entity)[subject]
    return [(c.kind, c.id, c.type) for c in Causes(story.knowledge(), entity, before, after).of(change)]


# ---- items and fields


def test_a_state_is_its_items() -> None:
    story = Story(
        partner=claim("partnership", by=ANT_SAYS),
        position=claim("position", title="chair"),
        money=claim("investment", roles=[("investee", "ant")], round="A"),
        vote=claim("governance_vote", "2014-09-07", outcome="approved"),
        profile=claim("organization", headquarters="Rome"),
        split=claim("organization", also=[("successor", "cat")], stage="split"),
        figure=claim("market_fact"),
        stance=claim("statement", by=BEE_SAYS),
    )
    story.claim("gone", claim("organization", article=JULY, headquarters="Oslo"))
    story.retract("gone")
    story.response("r", "dispute", "stance", "partner")
    found = state(story, point(LATE))
    items = items_of(found)
    assert state_of(items) == found
    kinds = [subject.kind for subject in items]
    # The position is listed once.
    assert sorted(kinds) == [
        "conflict", "entity", "excluded", "market_fact", "position", "profile", "profile", "relation", "relation",
        "round", "stance", "successor", "vote",
    ]  # fmt: skip


def test_an_item_that_did_not_change_is_left_out() -> None:
    story = Story(money=claim("investment", "2014-05-01"), partner=claim("partnership", "2014-08-01"))
    found = between(story, point("2014-07-01"), point("2014-09-01"))
    assert list(found) == [about(PARTNER)]
    assert found[about(PARTNER)].changed == ("status", "since")


def test_the_same_point_twice_has_no_changes() -> None:
    story = Story(money=claim("investment"), figure=claim("market_fact"), stance=claim("statement"))
    assert not between(story, point(LATE), point(LATE))


def test_from_after_to_is_the_inverse() -> None:
    story = Story(partner=claim("partnership", "2014-08-01"), figure=claim("market_fact", "2014-08-02"))
    there = between(story, point("2014-07-01"), point("2014-09-01"))
    back = between(story, point("2014-09-01"), point("2014-07-01"))
    assert {s: (c.after, c.before) for s, c in there.items()} == {s: (c.before, c.after) for s, c in back.items()}


def test_a_new_item_has_no_before_and_names_the_fields_that_say_something() -> None:
    story = Story(figure=claim("market_fact", "2014-08-02", unit="persons"))
    (change,) = between(story, point("2014-07-01"), point("2014-09-01")).values()
    assert (change.subject, change.before) == (about(("figure",), "market_fact"), None)
    assert change.changed == (
        "measure", "value", "unit", "when", "asserted_by", "asserter_count", "claims", "claim_count",
    )  # fmt: skip


def test_titles_belong_to_the_position() -> None:
    story = Story(chair=claim("position", "2014-05-01", title="chair"))
    story.claim("chief", observed("position", "2014-06-15", JULY, title="chief"))
    before, after = point(LATE, published_by="2014-06-01"), point(LATE, published_by="2014-07-01")
    found = between(story, before, after)
    assert list(found) == [about(POSITION, "position")]
    assert {"title", "titles", "attributes"} <= set(found[about(POSITION, "position")].changed)


def test_a_stance_that_is_said_again_is_the_same_item() -> None:
    story = Story(first=claim("statement", "2014-06"), second=claim("statement", "[2014-06-10..2014-09-01]", JULY))
    (change,) = between(story, point(LATE, published_by="2014-06-01"), point(LATE, published_by="2014-07-01")).values()
    assert (change.subject.kind, change.subject.key[0]) == ("stance", "2014-06-30")
    assert change.changed == ("when", "asserted_by", "asserter_count", "claims", "claim_count")


def test_differing_names_the_fields_of_two_answers_for_one_relation() -> None:
    story = Story(a=claim("investment", round="A", edtf="2014-05-01"))
    story.claim("b", claim("investment", "2014-05-03", JULY, round="A", by=BEE_SAYS))
    one, two = story.relation(INVESTOR, LATE, published_by="2014-06-15"), story.relation(INVESTOR, LATE)
    assert differing(one, one) == ()
    assert "parts" in differing(one, two) and "claims" in differing(one, two)
    assert differing(story.relation(PARTNER, LATE), None) == ("status",)


# ---- causes along each clock


@pytest.mark.parametrize(
    ("claims", "before", "after", "expected"),
    [
        # the days of an opening
        ({"a": claim("acquisition", "2014-05-01")}, "2014-04-01", "2014-05-01", ["a"]),
        ({"a": claim("acquisition", "2014-05")}, "2014-04-30", "2014-05-01", ["a"]),
        ({"a": claim("acquisition", "2014-05")}, "2014-05-30", "2014-05-31", ["a"]),
        # an end: only the claim that speaks of it
        (
            {"a": claim("acquisition", "2014-02-01"), "b": claim("acquisition", "2014-05-01", stage="divested")},
            "2014-04-01", "2014-06-01", ["b"],
        ),
        # both of an opening and an end
        (
            {"a": claim("acquisition", "2014-02-01"), "b": claim("acquisition", "2014-05-01", stage="divested")},
            "2014-01-01", "2014-06-01", ["a", "b"],
        ),
        # the end of an interval counts from the day after
        ({"a": claim("acquisition", "2014-02-01/2014-05-01", seen="observed")}, "2014-05-01", "2014-05-02", ["a"]),
        # a plan that becomes known, and one whose day passes
        ({"a": claim("acquisition", "2015-01-01", modality="planned")}, "2014-05-31", "2014-06-01", ["a"]),
        ({"a": claim("acquisition", "2014-09-01", modality="planned")}, "2014-09-01", "2014-09-02", ["a"]),
        # said not to hold: after the last that is known of it
        (
            {"a": claim("acquisition", "2014-02-01"), "b": denied("acquisition", "2014-05-01", seen="observed")},
            "2014-04-30", "2014-05-01", ["b"],
        ),
    ],
)  # fmt: skip
def test_along_the_days_the_claims_of_the_day_did_it(
    claims: dict[str, Any], before: str, after: str, expected: list[str]
) -> None:
    story = Story(**claims)
    for one, two in ((before, after), (after, before)):
        found = causes(story, point(one), point(two), about(OWNS))
        assert found == [("claim", name, "AcquisitionClaimed.v1") for name in expected]


def test_a_day_on_which_no_claim_has_a_date_is_put_down_to_all_of_them() -> None:
    # From the day after the last evidence of it the negative counts, and that day is in no claim.
    story = Story(a=observed("acquisition", "2014-02-01"), b=denied("acquisition", "2014-05-01", seen="observed"))
    story.claim("c", observed("acquisition", "2014-03-05"))
    found = causes(story, point("2014-03-05"), point("2014-03-06"), about(OWNS))
    assert {name for _, name, _ in found} >= {"c"}


def test_along_publication_the_claims_of_the_new_articles_did_it() -> None:
    story = Story(a=claim("acquisition"), b=claim("acquisition", article=JULY), c=claim("acquisition", article=AUGUST))
    # What may have been published on the third of August counts from then on.
    assert causes(story, point(LATE, "2014-06-30"), point(LATE, "2014-08-02"), about(OWNS)) == [
        ("claim", "b", "AcquisitionClaimed.v1")
    ]
    assert causes(story, point(LATE, "2014-08-03"), point(LATE, "2014-07-02"), about(OWNS)) == [
        ("claim", "c", "AcquisitionClaimed.v1")
    ]


def test_along_publication_a_correction_of_an_article_did_it() -> None:
    story = Story(a=claim("acquisition", "2014-05-01"))
    story.correct("a", article=JULY, time={"kind": "instant", "edtf": "2014-05-02"})
    assert causes(story, point(LATE, "2014-06-30"), point(LATE, "2014-07-01"), about(OWNS)) == [
        ("claim", "a", "ClaimCorrected.v1")
    ]


def test_along_publication_a_response_did_it() -> None:
    story = Story(a=claim("acquisition"), b=denied("acquisition", "2014-05-01", JULY, by=BEE_SAYS))
    story.response("r", "retract", "b", "a", JULY)
    found = causes(story, point(LATE, "2014-06-30"), point(LATE, "2014-07-01"), about(OWNS))
    assert [name for _, name, _ in found] == ["b", "r"]


def test_along_the_log_what_was_recorded_did_it() -> None:
    story = Story(a=claim("acquisition"))
    at = len(story.log)
    assert causes(story, point(recorded_by=at - 1), point(recorded_by=at), about(OWNS)) == [
        ("claim", "a", "AcquisitionClaimed.v1")
    ]
    story.correct("a", time={"kind": "instant", "edtf": "2014-05-02"})
    story.retract("a")
    story.reinstate("a")
    for step, event in enumerate(("ClaimCorrected", "ClaimRetracted", "ClaimReinstated"), start=at):
        before, after = point(recorded_by=step), point(recorded_by=step + 1)
        assert causes(story, before, after, about(OWNS)) == [("claim", "a", f"{event}.v1")]
        assert Causes(story.knowledge(), "ant", after, before).of(between(story, after, before)[about(OWNS)]) == (
            Cause("claim", "a", step + 1, f"{event}.v1"),
        )


def test_along_the_log_a_response_to_a_response_did_it() -> None:
    story = Story(a=claim("acquisition"), b=claim("membership", by=BEE_SAYS), c=claim("membership"))
    story.response("first", "retract", "b", "a")
    at = story.response("second", "retract", "c", "first")
    assert causes(story, point(recorded_by=at - 1), point(recorded_by=at), about(OWNS)) == [
        ("claim", "second", "ResponseClaimed.v1")
    ]


def test_along_the_log_the_corrected_date_of_an_article_did_it() -> None:
    content = claim("acquisition", "2014-06-01", rule="on_publication", anchor="2014-06-01")
    story = Story(a=content)
    article = story.correct_article(JUNE, published="2014-06-02")
    moved = story.redate("a", content.time, claim("acquisition", "2014-06-02", anchor="2014-06-02").time)
    expected = [("article", JUNE, "ArticleCorrected.v1")]
    assert causes(story, point(recorded_by=article - 1), point(recorded_by=moved), about(OWNS)) == expected
    # Also where only what follows from the correction lies between the points.
    assert causes(story, point(recorded_by=article), point(recorded_by=moved), about(OWNS)) == expected


def test_along_the_log_a_merge_did_it() -> None:
    story = Story(a=claim("acquisition", roles=[("acquirer", "ent"), ("target", "bee")]))
    story.entity("ent")
    story.entity("ant")
    merged = story.merge("ent", "ant")
    before, after = point(recorded_by=merged - 1), point(recorded_by=merged)
    assert causes(story, before, after, about(OWNS)) == [("merge", "ent>ant", "EntityMerged.v1")]
    undone = story.unmerge("ent", "ant")
    assert causes(story, after, point(recorded_by=undone), about(OWNS)) == [("merge", "ent>ant", "EntityUnmerged.v1")]


def test_of_a_merged_entity_the_one_that_goes_on_is_told() -> None:
    story = Story(a=claim("acquisition", roles=[("acquirer", "ent"), ("target", "bee")]))
    story.entity("ent")
    merged = story.merge("ent", "ant")
    before, after = point(recorded_by=merged - 1), point(recorded_by=merged)
    change = between(story, before, after, "ent")[Subject("entity", ())]
    assert (change.before, change.after, change.changed) == ("ent", "ant", ("id",))
    assert [c.id for c in Causes(story.knowledge(), "ent", before, after).of(change)] == ["ent>ant"]


def test_a_round_that_got_a_ref_goes_by_it() -> None:
    story = Story(a=claim("investment", roles=[("investee", "ant")]))
    at = story.add(ClaimRefAdded, claim_stream("a"), ref="a-round")
    before, after = point(recorded_by=at - 1), point(recorded_by=at)
    found = between(story, before, after)
    assert list(found) == [about(("a",), "round"), about(("a-round",), "round")]
    assert causes(story, before, after, about(("a-round",), "round")) == [("claim", "a", "ClaimRefAdded.v1")]


def test_what_claims_of_others_did_is_not_put_down_to_the_item() -> None:
    story = Story(a=claim("acquisition"), b=claim("membership"))
    assert [name for _, name, _ in causes(story, point(recorded_by=3), point(LATE), about(MEMBER))] == ["b"]


# ---- any history


@st.composite
def two_points(draw: Any, history: list[Any], recorded: Recorded) -> tuple[Point, Point]:
    """Two points that differ in one clock, or are the same."""
    days = st.sampled_from(turning_days(history)).map(parse_day)
    positions = st.integers(0, recorded.store.head())
    common = Point(
        draw(days),
        draw(st.one_of(st.none(), st.none(), days)),
        draw(st.one_of(st.just(recorded.store.head()), positions)),
        draw(st.sampled_from((*(None,) * 8, *COMPANIES, PERSON))),
    )
    field, values = draw(st.sampled_from((("as_of", days), ("published_by", days), ("recorded_by", positions))))
    first, second = draw(values), draw(values)
    return common._replace(**{field: first}), common._replace(**{field: second})


@some
@given(st.data())
def test_the_changes_applied_to_the_first_state_give_the_second(data: st.DataObject) -> None:
    history = data.draw(histories())
    recorded = Recorded(history)
    knowledge = recorded.knowledge()
    for _ in range(10):
        entity = data.draw(st.sampled_from((*COMPANIES, PERSON, "board", "guild", "kit")))
        before, after = data.draw(two_points(history, recorded))
        note(f"{entity}: {before} {after}")
        one, two = entity_state(knowledge, entity, before), entity_state(knowledge, entity, after)
        found = changes(one, two)
        assert apply(one, found) == two
        assert apply(two, changes(two, one)) == one
        assert bool(found) == (one != two)


@some
@given(st.data())
def test_every_change_has_a_cause_that_lies_between_the_points(data: st.DataObject) -> None:
    history = data.draw(histories())
    recorded = Recorded(history)
    knowledge = recorded.knowledge()
    for _ in range(10):
        entity = data.draw(st.sampled_from((*COMPANIES, PERSON, "guild")))
        before, after = data.draw(two_points(history, recorded))
        note(f"{entity}: {before} {after}")
        found = changes(entity_state(knowledge, entity, before), entity_state(knowledge, entity, after))
        sought = Causes(knowledge, entity, before, after)
        for change in found:
            named = sought.of(change)
            note(f"{change} {named}")
            assert named
            if before.recorded_by != after.recorded_by:
                low, high = sorted((before.recorded_by, after.recorded_by))
                is_moved = all(cause.kind == "article" for cause in named)
                assert all(low < cause.position <= high or is_moved for cause in named)
