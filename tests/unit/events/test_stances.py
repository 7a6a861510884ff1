"""Who is said to stand how to whom, and when."""

from __future__ import annotations

from typing import Any

from events.stances import StanceKey, StancePoint, concerns, stance_points
from events.values import AssertedBy, ClaimContent
from tests.unit.events.examples import ANT_SAYS, AUTHOR, BEE_SAYS, JULY, Story, claim, span


def points(*claims: ClaimContent) -> list[StancePoint]:
    story = Story(**{f"c{number}": content for number, content in enumerate(claims)})
    return list(stance_points(story.hearing().live))


def statement(edtf: str = "2014-05-01", **changes: Any) -> ClaimContent:
    return claim("statement", edtf, **changes)


def test_a_statement_is_a_point() -> None:
    (found,) = points(statement(wording="as a friend"), claim("partnership"))
    assert found.key == StanceKey("ant", True, "bee", "friendly", "as a friend")
    assert (span(found.when), found.is_negated, found.grounds.claims) == (("2014-05-01", "2014-05-01"), False, ("c0",))


def test_each_speaker_stands_to_each_whom_it_is_about() -> None:
    (content,) = [statement(roles=[("speaker", "a"), ("speaker", "b"), ("about", "c"), ("about", "d")])]
    assert [(p.key.speaker, p.key.about) for p in points(content)] == [("a", "c"), ("a", "d"), ("b", "c"), ("b", "d")]


def test_a_statement_about_nobody_in_particular_is_about_its_speaker() -> None:
    assert [p.key.about for p in points(statement(roles=[("speaker", "ant")]))] == ["ant"]


def test_a_statement_without_a_speaker_is_made_by_who_asserts_it() -> None:
    (found,) = points(statement(roles=[("about", "bee")], by=AUTHOR))
    assert (found.key.speaker, found.key.is_named) == ("author:june writer", False)


def test_statements_that_can_mean_one_day_are_one_point() -> None:
    (found,) = points(statement("2014"), statement("[..2014-06-01]"), statement("2014-05", article=JULY))
    assert span(found.when) == ("2014-05-01", "2014-05-31")
    assert found.grounds.claims == ("c2", "c0", "c1")


def test_statements_of_different_days_are_several_points_in_the_order_of_time() -> None:
    found = points(statement("2014-05-03"), statement("2014-05-01"), statement("2014-05-02"))
    assert [p.grounds.claims for p in found] == [("c1",), ("c2",), ("c0",)]


def test_another_stance_wording_or_polarity_is_another_point() -> None:
    others = [statement(stance="hostile"), statement(wording="warmly"), statement(polarity="negative")]
    found = points(statement(), *others)
    assert len(found) == 4
    assert [p.is_negated for p in found if p.grounds.claims == ("c3",)] == [True]


def test_a_person_who_speaks_for_somebody_is_told_with_them() -> None:
    (found,) = points(
        statement(roles=[("speaker", "pat"), ("about", "bee")], by=ANT_SAYS),
        statement(roles=[("speaker", "pat"), ("about", "bee")], by=BEE_SAYS),
    )
    assert found.affiliation == ("ant",)
    assert [asserter.asserter for asserter in found.grounds.asserted_by] == ["ant", "bee"]


def test_a_point_concerns_who_speaks_who_is_spoken_for_and_who_is_spoken_about() -> None:
    by = AssertedBy("speaker", ("pat",), ("ant",))
    (found,) = points(statement(roles=[("speaker", "pat"), ("about", "bee")], by=by))
    assert [entity for entity in ("pat", "ant", "bee", "cat") if concerns(found, entity)] == ["pat", "ant", "bee"]
