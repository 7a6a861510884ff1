"""The date of a claim, derived from the day its article was published."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.errors import InvalidDate
from events.rules import COUNTED, Rule, anchor_days, gives, parse_rule, resolve
from events.temporal import parse_edtf
from tests.unit.events.examples import span

RESULTS = [
    ("on_publication", "2014-11-04", "2014-11-04"),
    ("on_publication", "2014-11", "2014-11"),
    ("until_publication", "2014-11-04", "[..2014-11-04]"),
    ("until_publication", "[2014-11-04..2014-11-06]", "[..2014-11-06]"),
    ("from_publication", "2014-11-04", "[2014-11-04..]"),
    ("from_publication", "[2014-11-04..2014-11-06]", "[2014-11-04..]"),
    ("days_before(0)", "2014-11-04", "2014-11-04"),
    ("days_before(1)", "2014-03-01", "2014-02-28"),
    ("days_before(1)", "[2014-11-04..2014-11-06]", "[2014-11-03..2014-11-05]"),
    ("days_after(1)", "2014-12-31", "2015-01-01"),
    ("months_before(1)", "2014-01-31", "2013-12"),
    ("months_before(13)", "2014-11-04", "2013-10"),
    ("months_before(1)", "[2014-11-30..2014-12-01]", "[2014-10..2014-11]"),
    ("months_before(1)", "[2014-11-03..2014-11-05]", "2014-10"),
    ("years_before(1)", "2014-11-04", "2013"),
    ("years_before(1)", "2014", "2013"),
    ("named_month(11)", "2014-11-04", "2014-11"),
    ("named_month(10)", "2014-11-04", "2014-10"),
    ("named_month(12)", "2014-11-04", "2013-12"),
    ("named_month(1)", "[2014-12-31..2015-01-02]", "[2014-01..2015-01]"),
]
REFUSED = ["", "yesterday", "on_publication()", "on_publication(1)", "days_before", "days_before()", "days_before(-1)"]
REFUSED += ["days_before(1.5)", "days_before(1234567)", "months_before(x)", "same_as", "same_as()", "days_before(1) "]
REFUSED += ["named_month(0)", "named_month(13)", "same_as((a))", "days_before(１)"]


@pytest.mark.parametrize(("rule", "anchor", "result"), RESULTS)
def test_a_rule_gives_a_date(rule: str, anchor: str, result: str) -> None:
    assert resolve(parse_rule(rule), anchor) == result


@pytest.mark.parametrize("text", REFUSED)
def test_a_rule_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(InvalidDate, match="the rules are|a month is a number from 1 to 12"):
        parse_rule(text)


def test_a_rule_may_name_a_claim() -> None:
    assert parse_rule("same_as(000-12)") == Rule("same_as", "000-12")


@pytest.mark.parametrize("rule", ["days_before(800000)", "months_before(30000)", "years_before(2014)"])
def test_a_result_before_the_first_year_is_refused(rule: str) -> None:
    with pytest.raises(InvalidDate, match="leaves the years 0001 to 9999"):
        resolve(parse_rule(rule), "2014-11-04")


def test_a_result_after_the_last_year_is_refused() -> None:
    with pytest.raises(InvalidDate, match="leaves the years"):
        resolve(parse_rule("days_after(1)"), "9999-12-31")


def test_a_month_that_has_not_yet_come_in_the_first_year_is_refused() -> None:
    with pytest.raises(InvalidDate, match="leaves the years"):
        resolve(parse_rule("named_month(12)"), "0001-11-04")


def test_an_anchor_is_a_day_or_a_bounded_set_of_days() -> None:
    assert span(anchor_days("[2014-11-04..2014-11-06]")) == ("2014-11-04", "2014-11-06")


@pytest.mark.parametrize("anchor", ["[..2014-11-04]", "[2014-11-04..]"])
def test_an_anchor_without_a_bound_is_refused(anchor: str) -> None:
    with pytest.raises(InvalidDate, match="has no bound on one side"):
        resolve(parse_rule("days_before(1)"), anchor)


def test_an_anchor_is_no_interval() -> None:
    with pytest.raises(InvalidDate, match="not an interval"):
        anchor_days("2014-11-04/2014-11-06")


@pytest.mark.parametrize(
    ("edtf", "is_given"),
    [
        ("2014-11-03", True),
        ("[2014-11-03..2014-11-03]", True),
        ("2014-11-04", False),
        ("2014-11", False),
        ("2014-11-03/2014-11-03", False),
    ],
)
def test_a_rule_gives_what_means_the_same_days(edtf: str, is_given: bool) -> None:
    assert gives(parse_rule("days_before(1)"), "2014-11-04", edtf) is is_given


counted = st.builds("{}({})".format, st.sampled_from(COUNTED), st.integers(1, 12))
plain = st.sampled_from(("on_publication", "until_publication", "from_publication"))


@given(counted | plain, st.dates(date(1000, 1, 1), date(9000, 1, 1)))
def test_every_rule_gives_a_date_that_can_be_read(rule: str, day: date) -> None:
    parse_edtf(resolve(parse_rule(rule), str(day)))
