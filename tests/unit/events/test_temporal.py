"""Uncertain dates: their bounds, what is refused, and what the library `edtf` says of them."""

from __future__ import annotations

from datetime import date

import edtf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.errors import InvalidDate
from events.temporal import (
    AFTER_ALL,
    ANY_DAY,
    BEFORE_ALL,
    FIRST_DAY,
    LAST_DAY,
    Bounds,
    format_bounds,
    format_day,
    next_day,
    parse_day,
    parse_edtf,
    parse_published,
    span_of,
)
from tests.unit.events.examples import span

DATES = [
    ("2014", "2014-01-01", "2014-12-31"),
    ("2014-02", "2014-02-01", "2014-02-28"),
    ("2012-02", "2012-02-01", "2012-02-29"),
    ("1900-02", "1900-02-01", "1900-02-28"),
    ("2014-05-07", "2014-05-07", "2014-05-07"),
    ("2014~", "2013-01-01", "2015-12-31"),
    ("2014?", "2013-01-01", "2015-12-31"),
    ("2014%", "2013-01-01", "2015-12-31"),
    ("2014-12~", "2014-11-01", "2015-01-31"),
    ("2014-01?", "2013-12-01", "2014-02-28"),
    ("2014-03-01~", "2014-02-28", "2014-03-02"),
    ("0001~", "0001-01-01", "0002-12-31"),
    ("9999?", "9998-01-01", "9999-12-31"),
    ("0001-01~", "0001-01-01", "0001-02-28"),
    ("9999-12?", "9999-11-01", "9999-12-31"),
    ("0001-01-01~", "0001-01-01", "0001-01-02"),
    ("9999-12-31?", "9999-12-30", "9999-12-31"),
    ("[2014-05-01..2014-05-03]", "2014-05-01", "2014-05-03"),
    ("[2014..2015-02]", "2014-01-01", "2015-02-28"),
    ("[2014~..2014?]", "2013-01-01", "2015-12-31"),
    ("[..2014-05]", None, "2014-05-31"),
    ("[2014-05..]", "2014-05-01", None),
]
INTERVALS = [
    ("2014/2015", ("2014-01-01", "2014-12-31"), ("2015-01-02", "2016-01-01")),
    ("2014-05-01/2014-05-03", ("2014-05-01", "2014-05-01"), ("2014-05-04", "2014-05-04")),
    ("2014-05-01/2014-05-01", ("2014-05-01", "2014-05-01"), ("2014-05-02", "2014-05-02")),
    ("2014/2014-06-30", ("2014-01-01", "2014-06-30"), ("2014-07-01", "2014-07-01")),
    ("2014-05-01/..", ("2014-05-01", "2014-05-01"), None),
    ("2014-05-01/", ("2014-05-01", "2014-05-01"), None),
    ("../2014-05-03", (None, "2014-05-03"), ("2014-05-04", "2014-05-04")),
    ("/2014-05", (None, "2014-05-31"), ("2014-05-02", "2014-06-01")),
    ("2014-05-01/[..2014-05-03]", ("2014-05-01", "2014-05-01"), ("2014-05-02", "2014-05-04")),
    ("[2014-05-01..2014-05-03]/2015~", ("2014-05-01", "2014-05-03"), ("2014-05-02", "2017-01-01")),
    ("2014/[2014-06..]", ("2014-01-01", "2014-12-31"), ("2014-06-02", None)),
    ("2014-01/9999-12-31", ("2014-01-01", "2014-01-31"), None),
]
REFUSED = [
    ("", "is not a date of the forms"),
    ("last month", "is not a date of the forms"),
    ("2014-5-1", "is not a date of the forms"),
    ("14-05-01", "is not a date of the forms"),
    ("2014-05-01T12:00", "is not a date of the forms"),
    (" 2014", "is not a date of the forms"),
    ("2014\n", "is not a date of the forms"),
    ("２０１４", "is not a date of the forms"),
    ("-0044", "is not a date of the forms"),
    ("201X", "is not a date of the forms"),
    ("2014~?", "is not a date of the forms"),
    ("2014-21", "there is no month 21"),
    ("2014-00", "there is no month 00"),
    ("2014-02-30", "there is no such day"),
    ("2013-02-29", "there is no such day"),
    ("2014-05-00", "there is no such day"),
    ("0000", "years run from 0001 to 9999"),
    ("0000-01-01", "years run from 0001 to 9999"),
    ("[2014]", "a set of dates is written"),
    ("[2014,2015]", "a set of dates is written"),
    ("[2014..2015", "a set of dates is written"),
    ("[2014..2015..2016]", "a set of dates is written"),
    ("[..]", "a set needs a date on one side"),
    ("[2015..2014]", "the second date of the set is before the first"),
    ("../..", "an interval needs a date on one side"),
    ("/", "an interval needs a date on one side"),
    ("../", "an interval needs a date on one side"),
    ("2015/2014", "the end is before the start"),
    ("2014/2015/2016", "is not a date of the forms"),
    ("2014/" + "1" * 60, "at most 64 characters"),
]


def short(case: object) -> str:
    return repr(case)[:40]


@pytest.mark.parametrize(("text", "earliest", "latest"), DATES)
def test_a_date_means_the_days_between_its_bounds(text: str, earliest: str | None, latest: str | None) -> None:
    parsed = parse_edtf(text)
    assert (parsed.text, span(parsed.start)) == (text, (earliest, latest))
    assert (parsed.end, parsed.is_interval) == (None, False)
    assert span_of(text) == (parsed.start, None)


@pytest.mark.parametrize(("text", "start", "until"), INTERVALS)
def test_both_days_of_an_interval_are_inside(text: str, start: object, until: object) -> None:
    assert parse_edtf(text).is_interval
    assert (span(span_of(text).start), span(span_of(text).until)) == (start, until)


@pytest.mark.parametrize(("text", "reason"), REFUSED, ids=short)
def test_a_bad_date_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidDate, match=reason):
        parse_edtf(text)


def test_no_bound_is_told_from_the_first_and_the_last_day() -> None:
    assert parse_edtf("[..2014]").start.earliest == BEFORE_ALL < FIRST_DAY == parse_day("0001-01-01")
    assert parse_edtf("[2014..]").start.latest == AFTER_ALL > LAST_DAY == parse_day("9999-12-31")
    assert [format_day(day) for day in (BEFORE_ALL, AFTER_ALL)] == [None, None]


def test_the_day_after_no_bound_is_no_bound() -> None:
    assert [next_day(day) for day in (BEFORE_ALL, 1, LAST_DAY, AFTER_ALL)] == [BEFORE_ALL, 2, AFTER_ALL, AFTER_ALL]


def test_a_publication_has_a_date_or_a_set_but_no_interval() -> None:
    assert span(parse_published("[2014-08-01..2014-08-03]")) == ("2014-08-01", "2014-08-03")
    with pytest.raises(InvalidDate, match="not an interval"):
        parse_published("2014-08-01/2014-08-03")


@pytest.mark.parametrize("text", ["2014", "2014-05", "2014-05-01~", "[2014-05-01..]", "2014-05-01/..", "", "tomorrow"])
def test_a_day_of_a_clock_is_one_certain_day(text: str) -> None:
    with pytest.raises(InvalidDate, match="is not a day of the form YYYY-MM-DD"):
        parse_day(text)


def test_a_day_of_a_clock_exists() -> None:
    assert parse_day("2014-05-01") == date(2014, 5, 1).toordinal()
    with pytest.raises(InvalidDate, match="there is no such day"):
        parse_day("2014-02-30")


@pytest.mark.parametrize(
    ("text", "shortest"),
    [
        ("[2014-01-01..2014-12-31]", "2014"),
        ("[2014-02-01..2014-02-28]", "2014-02"),
        ("[2014-02-01..2014-02-27]", "[2014-02-01..2014-02-27]"),
        ("[2014-05-01..2014-05-01]", "2014-05-01"),
        ("2014~", "[2013-01-01..2015-12-31]"),
        ("[..2014]", "[..2014-12-31]"),
        ("[2014..]", "[2014-01-01..]"),
    ],
)
def test_bounds_are_written_in_the_shortest_way(text: str, shortest: str) -> None:
    assert format_bounds(parse_edtf(text).start) == shortest


def test_no_bounds_are_not_written() -> None:
    assert format_bounds(ANY_DAY) is None


# Generated dates.


def written(day: date, size: int) -> str:
    return day.isoformat()[:size]


plain_dates = st.builds(written, st.dates(), st.sampled_from((4, 7, 10)))
dates = st.builds("{}{}".format, plain_dates, st.sampled_from(("", "", "~", "?", "%")))


@st.composite
def pairs(draw: st.DrawFn, of: st.SearchStrategy[str]) -> tuple[str, str]:
    one, two = draw(of), draw(of)
    return (one, two) if parse_edtf(one).start.earliest <= parse_edtf(two).start.latest else (two, one)


sets = st.one_of(pairs(dates).map("[{0[0]}..{0[1]}]".format), dates.map("[..{}]".format), dates.map("[{}..]".format))


def bounds_of_library(text: str) -> Bounds:
    found = edtf.parse_edtf(text)
    return Bounds(*(date(*part[:3]).toordinal() for part in (found.lower_strict(), found.upper_strict())))


@given(plain_dates)
def test_a_date_without_doubt_has_the_bounds_that_the_library_gives(text: str) -> None:
    assert parse_edtf(text).start == bounds_of_library(text)


@given(pairs(plain_dates))
def test_an_interval_without_doubt_has_the_bounds_that_the_library_gives(two: tuple[str, str]) -> None:
    parsed = parse_edtf("/".join(two))
    assert parsed.end is not None
    assert Bounds(parsed.start.earliest, parsed.end.latest) == bounds_of_library("/".join(two))


@given(dates | sets)
def test_bounds_that_are_written_are_read_again(text: str) -> None:
    bounds = parse_edtf(text).start
    again = format_bounds(bounds)
    assert again is not None and parse_edtf(again).start == bounds


@given(dates | sets)
def test_the_earliest_day_is_not_after_the_latest(text: str) -> None:
    start = parse_edtf(text).start
    assert BEFORE_ALL <= start.earliest <= start.latest <= AFTER_ALL


@given(pairs(dates | sets))
def test_what_an_interval_says_begins_before_it_ends(two: tuple[str, str]) -> None:
    said = span_of("/".join(two))
    assert said.until is not None
    assert said.start.earliest <= said.start.latest <= said.until.latest
    assert BEFORE_ALL in said.until or said.start.earliest < said.until.earliest <= said.until.latest


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert parse_edtf(text).text == text
    except InvalidDate as refusal:
        assert refusal.detail
