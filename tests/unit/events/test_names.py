"""What an entity was called on a day, as known at a log position, from what was public."""

from __future__ import annotations

import pytest

from events.records import EntityRecord, Name
from events.temporal import parse_day
from events.values import EntityContent, Text
from tests.unit.events.examples import SECRET

ARTICLE = "an article"


def renamed(*names: tuple[str | Text, str], article: str | None = None) -> EntityRecord:
    """Registered as Ant at position 1, then renamed."""
    dated = tuple(Name(position, name, since, article) for position, (name, since) in enumerate(names, 2))
    return EntityRecord("ant", 1, ((1, EntityContent("company", "Ant")),), dated)


def name_on(record: EntityRecord, day: str) -> Text | None:
    return record.name_on(parse_day(day))


def test_a_new_name_holds_from_its_day() -> None:
    record = renamed(("Bee", "2014-05-02"))
    assert (name_on(record, "2014-05-01"), name_on(record, "2014-05-02")) == ("Ant", "Bee")


def test_names_follow_each_other_in_the_order_of_their_days() -> None:
    record = renamed(("Cat", "2015"), ("Bee", "2014"))
    assert [name_on(record, f"{year}-12-31") for year in (2013, 2014, 2015)] == ["Ant", "Bee", "Cat"]


@pytest.mark.parametrize(
    ("since", "last"), [("2014-05", "2014-05-31"), ("[2014-01-01..2014-03-01]", "2014-03-01"), ("2014?", "2015-12-31")]
)
def test_an_uncertain_name_holds_from_its_last_day(since: str, last: str) -> None:
    record = renamed(("Bee", since))
    assert record.name_on(parse_day(last) - 1) == "Ant"
    assert record.name_on(parse_day(last)) == "Bee"


def test_a_name_without_a_last_day_is_never_shown() -> None:
    assert name_on(renamed(("Bee", "[2014..]")), "9999-12-31") == "Ant"


def test_of_two_names_of_one_day_the_later_recorded_one_holds() -> None:
    record = renamed(("Cat", "2014-05-02"), ("Bee", "2014-05-02"))
    assert name_on(record, "2014-05-02") == "Bee"
    assert record.name_on(parse_day("2014-05-02"), 2) == "Cat"


def test_a_name_counts_from_its_recording() -> None:
    record, day = renamed(("Bee", "2014")), parse_day("2020-01-01")
    assert [record.name_on(day, position) for position in (0, 1, 2)] == [None, "Ant", "Bee"]


def test_a_name_that_an_article_tells_counts_once_that_is_public() -> None:
    record, day = renamed(("Bee", "2014"), article=ARTICLE), parse_day("2020-01-01")
    assert record.name_on(day, is_public=lambda article: article != ARTICLE) == "Ant"
    assert record.name_on(day, is_public=lambda article: article == ARTICLE) == "Bee"


def test_a_corrected_name_had_always_been_so() -> None:
    record = renamed(("Bee", "2014"))
    record = record._replace(contents=(*record.contents, (5, EntityContent("company", "Aunt"))))
    assert name_on(record, "2013-01-01") == "Aunt" and record.name_on(parse_day("2013-01-01"), 4) == "Ant"
    assert name_on(record, "2015-01-01") == "Bee"


def test_a_sealed_name_stays_sealed() -> None:
    assert name_on(renamed((SECRET, "2014")), "2015-01-01") == SECRET
