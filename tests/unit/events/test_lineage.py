"""What an entity came from and what became of it."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.lineage import Lineage, Link
from events.state import state_in
from events.temporal import parse_day, parse_edtf
from events.values import ClaimContent
from tests.unit.events.examples import ANT_SAYS, BEE_SAYS, JULY, Story, claim, denied, observed, span

DAY = "2014-12-31"
BEE, CAT = ("successor", "bee"), ("successor", "cat")


def split(edtf: str = "2014-05-01", *into: tuple[str, str], **changes: Any) -> ClaimContent:
    """Ant was split, by default into bee."""
    return claim("organization", edtf, **({"stage": "split", "also": into or (BEE,)} | changes))


def told(*claims: ClaimContent) -> Story:
    return Story(**{f"c{number}": content for number, content in enumerate(claims)})


def asked(story: Story, of: str = "ant", day: str = DAY, **clocks: Any) -> Lineage:
    return state_in(story.hearing(day, **clocks), of, parse_day(day), lambda _: ()).lineage


def brief(links: tuple[Link, ...]) -> list[tuple[str, str, str]]:
    return [(link.entity, link.kind, link.status) for link in links]


def successors(story: Story, of: str = "ant", day: str = DAY, **clocks: Any) -> list[tuple[str, str, str]]:
    return brief(asked(story, of, day, **clocks).successors)


def test_a_split_links_both_ways() -> None:
    story = told(split("2014-05-01", BEE, CAT))
    assert successors(story) == [("bee", "split", "holds"), ("cat", "split", "holds")]
    assert brief(asked(story, "bee").predecessors) == [("ant", "split", "holds")]
    assert asked(story, "bee").successors == asked(story).predecessors == ()


def test_a_merger_told_of_the_one_that_came_of_it() -> None:
    story = told(claim("organization", stage="merged", also=[("predecessor", "bee"), ("predecessor", "cat")]))
    assert brief(asked(story).predecessors) == [("bee", "merged", "holds"), ("cat", "merged", "holds")]
    assert successors(story, "cat") == [("ant", "merged", "holds")]


def test_one_that_went_on_in_its_own_name_is_not_its_own_successor() -> None:
    assert successors(told(split("2014-05-01", ("successor", "ant"), BEE))) == [("bee", "split", "holds")]


def test_a_new_name_with_a_record_of_its_own_is_a_link() -> None:
    assert successors(told(split(stage="renamed"))) == [("bee", "renamed", "holds")]


@pytest.mark.parametrize("stage", [None, "founded", "dissolved"])
def test_other_stages_make_no_link(stage: str | None) -> None:
    assert asked(told(split(stage=stage))) == Lineage((), ())


def test_roles_of_other_types_make_no_link() -> None:
    assert asked(told(claim("product", stage="split", also=[("subject", "ant"), BEE]))) == Lineage((), ())


@pytest.mark.parametrize(
    ("day", "status"), [("2014-04-30", None), ("2014-05-01", "possibly"), ("2014-05-31", "holds"), (DAY, "holds")]
)
def test_an_uncertain_date_is_possible_until_its_last_day(day: str, status: str | None) -> None:
    found = successors(told(split("2014-05")), day=day)
    assert found == ([("bee", "split", status)] if status else [])


def test_the_end_of_an_interval_does_not_undo_what_happened() -> None:
    (link,) = asked(told(split("2014-03/2014-05"))).successors
    assert (link.status, span(link.when)) == ("holds", ("2014-03-01", "2014-03-31"))


def test_a_plan_is_no_link_that_holds() -> None:
    story = told(split("2014-05-01", modality="planned", due="2014-10"))
    (link,) = asked(story, day="2014-09-01").successors
    assert (link.status, link.when, span(link.due)) == ("planned", None, ("2014-10-01", "2014-10-31"))
    assert successors(story) == [("bee", "split", "unconfirmed")]


def test_what_happened_outranks_its_plan() -> None:
    story = told(split("2014-05-01", modality="planned", due="2014-10"), split("2014-10-05", article=JULY))
    assert successors(story) == [("bee", "split", "holds")]


def test_a_negated_claim_makes_no_link() -> None:
    assert successors(told(denied("organization", "2014-05-01", stage="split", also=[BEE]))) == []


def test_a_negated_claim_of_the_same_day_contests_the_link() -> None:
    no = denied("organization", "2014-05-01", JULY, stage="split", also=[BEE], by=BEE_SAYS)
    (link,) = asked(told(split(), no)).successors
    assert (link.status, link.grounds.claims) == ("contested", ("c1", "c0"))
    assert [by.asserter for by in link.grounds.asserted_by] == ["author:june writer", "bee"]


def test_a_denied_claim_is_a_contested_link() -> None:
    story = told(split(by=ANT_SAYS), claim("statement", by=BEE_SAYS))
    story.response("no", "deny", "c1", "c0", voice=BEE_SAYS)
    assert successors(story) == [("bee", "split", "contested")]


def test_an_undone_claim_makes_no_link() -> None:
    story = told(split())
    position = len(story.log)
    story.retract("c0")
    assert successors(story) == []
    assert successors(story, recorded_by=position) == [("bee", "split", "holds")]


def test_the_clock_of_publication_counts() -> None:
    story = told(split(article=JULY))
    assert successors(story, published_by="2014-06-30") == []
    assert successors(story, published_by="2014-07-01") == [("bee", "split", "holds")]


def test_equal_things_said_are_one_link_with_all_claims() -> None:
    seen = observed("organization", "2014-06-01", JULY, stage="split", also=[BEE])
    (link,) = asked(told(split("2014-05"), seen)).successors
    assert (span(link.when), link.grounds.claims) == (("2014-05-01", "2014-05-31"), ("c1", "c0"))


def test_a_merged_record_is_linked_as_the_one_that_goes_on() -> None:
    story = told(split())
    for name in ("bee", "cat"):
        story.entity(name)
    before = len(story.log)
    story.merge("bee", "cat")
    assert successors(story) == [("cat", "split", "holds")]
    assert successors(story, recorded_by=before) == [("bee", "split", "holds")]


def test_links_are_in_the_order_of_time() -> None:
    story = told(split("2014-05-02", BEE), split("2014-05-01", CAT))
    assert [link.entity for link in asked(story).successors] == ["cat", "bee"]


# Over generated claims: few entities and few dates, so that claims meet.

ENTITIES = ("ant", "bee", "cat")
DATES = ("2014", "2014-05", "2014-05-01", "2014-05-03", "[2014-04-20..2014-05-02]", "2014-06")
DAYS = ("2013-12-31", "2014-01-01", "2014-05-01", "2014-05-02", "2014-05-31", DAY)


@st.composite
def told_claims(draw: st.DrawFn, **fixed: str) -> ClaimContent:
    """A split or merger, some of them negated or planned, told by the author or by one of two sides."""
    others = st.lists(st.tuples(st.sampled_from(("predecessor", "successor")), st.sampled_from(ENTITIES)), min_size=1)
    usual = {
        "modality": draw(st.sampled_from(("done", "done", "reported", "planned", "opinion"))),
        "polarity": draw(st.sampled_from(("positive", "positive", "negative"))),
    }
    return claim(
        "organization",
        draw(st.sampled_from(DATES)),
        by=draw(st.sampled_from((ANT_SAYS, BEE_SAYS))),
        roles=[("subject", draw(st.sampled_from(ENTITIES)))],
        also=draw(others),
        stage=draw(st.sampled_from(("split", "merged"))),
        **(usual | fixed),
    )


def both_ways(story: Story, day: str) -> tuple[list[Any], list[Any]]:
    """Every link as its predecessor tells it, and as its successor does."""
    found = {entity: asked(story, entity, day) for entity in ENTITIES}
    onward = [(entity, link) for entity in ENTITIES for link in found[entity].successors]
    back = [(link.entity, entity, link) for entity in ENTITIES for link in found[entity].predecessors]
    return (
        sorted([entity, link.entity, *list(vars(link).values())[1:]] for entity, link in onward),
        sorted([first, entity, *list(vars(link).values())[1:]] for first, entity, link in back),
    )


@given(st.lists(told_claims(), max_size=5), st.sampled_from(DAYS))
def test_both_ends_of_a_link_tell_the_same(claims: list[ClaimContent], day: str) -> None:
    onward, back = both_ways(told(*claims), day)
    assert onward == back


@given(st.lists(told_claims(), max_size=3), st.sampled_from(DAYS))
def test_the_order_of_arrival_does_not_matter(claims: list[ClaimContent], day: str) -> None:
    numbered = list(enumerate(claims))
    stories = (Story(**{f"c{number}": content for number, content in order}) for order in permutations(numbered))
    first, *others = (both_ways(story, day) for story in stories)
    assert all(other == first for other in others)


@given(st.lists(told_claims(modality="done", polarity="positive"), min_size=1, max_size=4), st.sampled_from(DAYS))
def test_what_nobody_denies_holds_from_the_first_last_day_on(claims: list[ClaimContent], day: str) -> None:
    told_of: dict[tuple[str, str, str], list[ClaimContent]] = {}
    for content in claims:
        (subject,), kind = content.entities("subject"), content.attributes["stage"]
        pairs = [(other, subject) for other in content.entities("predecessor")]
        pairs += [(subject, other) for other in content.entities("successor")]
        for first, second in pairs:
            if first != second:
                told_of.setdefault((first, second, kind), []).append(content)
    story, at = told(*claims), parse_day(day)
    statuses = {(e, link.entity, link.kind): link.status for e in ENTITIES for link in asked(story, e, day).successors}
    assert statuses.keys() <= told_of.keys()
    for link, contents in told_of.items():
        ranges = [parse_edtf(content.time.edtf).start for content in contents]
        holds = at >= min(span.latest for span in ranges)
        begun = at >= min(span.earliest for span in ranges)
        assert statuses.get(link) in (("holds",) if holds else ("possibly", None) if begun else (None,))
