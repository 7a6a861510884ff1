"""A corrected publication date moves the dates that follow from it, and only those."""

from __future__ import annotations

import pytest

from events.errors import InvalidDate
from events.event_types import ClaimRedated
from events.records import ClaimRecord
from events.redating import redate
from events.values import ClaimContent, ClaimTime
from tests.unit.events.examples import JULY, JUNE, ME, Story, claim

BEFORE, AFTER = "2014-06-01", "2014-06-08"
ON = claim(edtf=BEFORE, rule="on_publication", anchor=BEFORE)


def same_as(ref: str, edtf: str = BEFORE, article: str = JUNE) -> ClaimContent:
    return claim("customer", edtf, article, rule=f"same_as({ref})")


def redated(story: Story, before: str = BEFORE, after: str = AFTER) -> dict[str, ClaimRedated]:
    """The events that follow, by claim; each claim is its own ref."""
    claims = list(story.knowledge().claims.values())
    events = redate(claims, {c.id: c.id for c in claims}, JUNE, before, after, ME, "article-june@2")
    return {event.originator_id.removeprefix("claim-"): event for event in events}


def dates(story: Story, before: str = BEFORE, after: str = AFTER) -> dict[str, list[tuple[str, str]]]:
    """The dates that move, before and after."""
    return {
        name: [(moved.before.edtf, moved.after.edtf) for moved in event.moved]
        for name, event in redated(story, before, after).items()
    }


@pytest.mark.parametrize(
    ("rule", "edtf", "moved"),
    [
        ("on_publication", "2014-06-01", "2014-06-08"),
        ("until_publication", "[..2014-06-01]", "[..2014-06-08]"),
        ("from_publication", "[2014-06-01..]", "[2014-06-08..]"),
        ("days_before(1)", "2014-05-31", "2014-06-07"),
        ("days_after(1)", "2014-06-02", "2014-06-09"),
    ],
)
def test_a_date_with_a_rule_moves(rule: str, edtf: str, moved: str) -> None:
    story = Story(c=claim(edtf=edtf, rule=rule, anchor=BEFORE))
    event = redated(story)["c"]
    assert (event.originator_version, event.cause, event.recorder) == (2, "article-june@2", ME)
    assert event.moved[0].after == ClaimTime("instant", moved, anchor=AFTER, rule=rule)


def test_the_anchor_moves_even_where_the_date_stays() -> None:
    (moved,) = redated(Story(c=claim(edtf="2013", rule="years_before(1)", anchor=BEFORE)))["c"].moved
    assert (moved.after.edtf, moved.after.anchor) == ("2013", AFTER)


@pytest.mark.parametrize(
    "content",
    [
        claim(edtf=BEFORE),
        claim(edtf=BEFORE, anchor=BEFORE),
        claim(edtf="2013-12-31", rule="days_before(1)", anchor="2014-01-01"),
        claim(edtf=BEFORE, article=JULY, rule="days_before(0)", anchor=BEFORE),
    ],
    ids=["no rule", "an anchor only", "another anchor", "another article"],
)
def test_any_other_date_stays(content: ClaimContent) -> None:
    assert dates(Story(c=content)) == {}


def test_dates_taken_from_a_moved_one_move_too_at_any_distance_and_in_any_order() -> None:
    story = Story(far=same_as("near", article=JULY), near=same_as("c"), c=ON, other=same_as("elsewhere"))
    assert dates(story) == {name: [(BEFORE, AFTER)] for name in ("far", "near", "c")}


def test_claims_that_take_their_dates_from_each_other_stay() -> None:
    assert dates(Story(a=same_as("b"), b=same_as("a"))) == {}


def test_a_date_taken_from_one_that_means_the_same_days_stays() -> None:
    story = Story(c=claim(edtf="2013", rule="years_before(1)", anchor=BEFORE), d=same_as("c", "2013"))
    assert list(dates(story)) == ["c"]


def test_every_date_that_a_claim_ever_had_moves() -> None:
    """The publication clock can show the claim as it was before it was corrected."""
    story = Story(c=ON)
    story.correct("c", JULY, time={"kind": "instant", "edtf": "2014-05-31", "anchor": BEFORE, "rule": "days_before(1)"})
    assert dates(story) == {"c": [(BEFORE, AFTER), ("2014-05-31", "2014-06-07")]}


def test_other_corrections_do_not_matter() -> None:
    story = Story(c=ON)
    story.correct("c", polarity="negative")
    story.retract("c")
    assert dates(story) == {"c": [(BEFORE, AFTER)]}


def test_a_date_moves_with_each_correction_of_the_publication() -> None:
    story = Story(c=ON)
    (moved,) = redated(story)["c"].moved
    story.redate("c", moved.before, moved.after)
    assert dates(story, AFTER, "2014-06-09") == {"c": [(AFTER, "2014-06-09")]}
    assert dates(story, BEFORE, "2014-06-09") == {}


def test_a_claim_corrected_to_a_date_without_a_rule_takes_no_others_along() -> None:
    story = Story(c=ON, d=same_as("c"))
    story.correct("c", time={"kind": "instant", "edtf": "2014-05-15"})
    assert dates(story) == {"c": [(BEFORE, AFTER)]}


def test_a_claim_with_a_moved_date_in_its_past_follows_the_claim_it_is_dated_by_now() -> None:
    story = Story(late=claim("customer", BEFORE, rule="on_publication", anchor=BEFORE), c=ON, d=same_as("c"))
    story.correct("late", time={"kind": "instant", "edtf": BEFORE, "rule": "same_as(d)"})
    assert dates(story)["late"] == [(BEFORE, AFTER), (BEFORE, AFTER)]


def test_a_rule_that_gives_no_date_on_the_new_day_refuses_the_correction() -> None:
    story = Story(c=claim(edtf="2013", rule="years_before(1)", anchor=BEFORE))
    with pytest.raises(InvalidDate) as refusal:
        redated(story, after="0001-06-01")
    assert refusal.value.pointer == "/changes/published"


def test_a_moved_date_is_what_the_claim_says_then() -> None:
    story = Story(c=ON)
    (moved,) = redated(story)["c"].moved
    at = story.redate("c", moved.before, moved.after)
    record = story.knowledge().claims["c"]
    assert isinstance(record, ClaimRecord)
    assert [record.versions(position).content.time.edtf for position in (at - 1, at)] == [BEFORE, AFTER]


def test_a_date_that_was_corrected_meanwhile_is_not_moved_away() -> None:
    story = Story(c=ON)
    story.correct("c", time={"kind": "instant", "edtf": "2014-05-15"})
    story.redate("c", ON.time, ClaimTime("instant", AFTER, anchor=AFTER, rule="on_publication"))
    assert story.knowledge().claims["c"].current.content.time.edtf == "2014-05-15"
