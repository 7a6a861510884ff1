"""What claims say of any day: each rule of the fold by small examples, with named days and their statuses."""

from __future__ import annotations

from typing import Any

import pytest

from events.effects import Key
from events.facts import Fact, FactState, last_due
from events.knowledge import Heard
from events.relationships import RelationState
from events.temporal import parse_day
from events.values import ClaimContent
from tests.unit.events.examples import (
    AGREEMENT,
    AUGUST,
    COMPETES,
    CONTRIBUTES,
    INVESTOR,
    JULY,
    JUNE,
    MEMBER,
    OFFERS,
    OWNS,
    PARTNER,
    POSITION,
    Story,
    claim,
    days,
    denied,
    observed,
    span,
)

Example = tuple[str, list[ClaimContent], Key, dict[str, str]]


def planned(kind: str, edtf: str, article: str = JUNE, **changes: Any) -> ClaimContent:
    return claim(kind, edtf, article, **({"modality": "planned"} | changes))


def checked(examples: list[Example]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("claims", "key", "expected"), [e[1:] for e in examples], ids=[e[0] for e in examples]
    )


def told(claims: list[ClaimContent]) -> Story:
    return Story(**{f"c{number}": content for number, content in enumerate(claims)})


def state(claims: list[ClaimContent], key: Key, day: str) -> RelationState:
    return told(claims).relation(key, day)


def check(claims: list[ClaimContent], key: Key, expected: dict[str, str]) -> None:
    assert told(claims).statuses(key, expected) == expected
    assert told(claims[::-1]).statuses(key, expected) == expected


PLANS: list[Example] = [
    (
        "a plan is planned from its publication to its last day, then unconfirmed",
        [planned("membership", "2014-08-27")],
        MEMBER,
        {"2014-05-31": "unknown", "2014-06-01": "planned", "2014-08-27": "planned", "2014-08-28": "unconfirmed"},
    ),
    (
        "a scheduled plan is the same",
        [planned("membership", "2014-08", modality="scheduled")],
        MEMBER,
        {"2014-06-01": "planned", "2014-08-31": "planned", "2014-09-01": "unconfirmed"},
    ),
    (
        "a proposal is planned from the day it was made, for ever without a due date",
        [planned("partnership", "2014-05-20", modality="proposed")],
        PARTNER,
        {"2014-05-19": "unknown", "2014-05-20": "planned", "2034-01-01": "planned"},
    ),
    (
        "a proposal made nobody knows when is planned from its publication",
        [planned("partnership", "[..2014-05-20]", modality="proposed")],
        PARTNER,
        {"2014-05-31": "unknown", "2014-06-01": "planned"},
    ),
    (
        "an agreed acquisition is planned until it is due",
        [claim("acquisition", "2014-05-20", stage="agreed", due="2014-09")],
        OWNS,
        {"2014-05-20": "planned", "2014-09-30": "planned", "2014-10-01": "unconfirmed"},
    ),
    (
        "an undated plan adds nothing beside a dated one",
        [planned("membership", "2014-08-27"), planned("membership", "2014-05-01", modality="proposed")],
        MEMBER,
        {"2014-05-01": "planned", "2014-08-27": "planned", "2014-08-28": "unconfirmed"},
    ),
    (
        "of two dated plans the later one counts",
        [planned("membership", "2014-08-27"), planned("membership", "2014-09-27")],
        MEMBER,
        {"2014-09-27": "planned", "2014-09-28": "unconfirmed"},
    ),
    (
        "other announcements open",
        [claim("partnership", "2014-05-20", modality="announced")],
        PARTNER,
        {"2014-05-19": "not_held", "2014-05-20": "holds"},
    ),
    (
        "a known later start outranks a plan",
        [planned("membership", "2014-08-27"), claim("membership", "2014-09-07", AUGUST)],
        MEMBER,
        {"2014-06-01": "not_held", "2014-08-28": "not_held", "2014-09-07": "holds"},
    ),
    (
        "a possible start outranks a plan",
        [planned("membership", "2014-08-27"), claim("membership", "2014-08", AUGUST)],
        MEMBER,
        {"2014-07-31": "not_held", "2014-08-01": "possibly", "2014-08-31": "holds"},
    ),
    (
        "a cancelled deal ends the plan and nothing else",
        [
            claim("acquisition", "2014-05-20", stage="agreed"),
            claim("acquisition", "2014-07-01", JULY, stage="cancelled"),
        ],
        OWNS,
        {"2014-06-30": "planned", "2014-07-01": "not_held"},
    ),
    (
        "a plan newer than the last end counts",
        [claim("agreement", "2014-02-01", stage="ended"), planned("agreement", "2014-08-27")],
        AGREEMENT,
        {"2014-05-31": "not_held", "2014-06-01": "planned", "2014-08-28": "unconfirmed"},
    ),
    (
        "a plan older than the last end does not",
        [planned("agreement", "2014-08-27"), claim("agreement", "2014-07-01", JULY, stage="ended")],
        AGREEMENT,
        {"2014-06-30": "planned", "2014-07-01": "not_held"},
    ),
    (
        "a plan that is denied ends no state",
        [claim("partnership", "2014-05-01"), planned("partnership", "2014-06-01", polarity="negative")],
        PARTNER,
        {"2014-05-01": "holds", "2014-06-02": "holds"},
    ),
    (
        "an intended end never ends",
        [claim("partnership", "2014-05-01"), planned("partnership", "2014-06-15", stage="ended")],
        PARTNER,
        {"2014-06-01": "holds", "2014-06-16": "holds"},
    ),
]
OPENINGS: list[Example] = [
    (
        "an opening in a range begins possibly at its first and certainly at its last day",
        [claim("partnership", "2014-05")],
        PARTNER,
        {"2014-04-30": "not_held", "2014-05-01": "possibly", "2014-05-30": "possibly", "2014-05-31": "holds"},
    ),
    ("a state persists", [claim("customer", "2014-05-01")], ("customer_of", "ant", "bee"), {"2034-01-01": "holds"}),
    (
        "an opening without a first day may always have been",
        [claim("partnership", "[..2014-05-31]")],
        PARTNER,
        {"0001-01-01": "possibly", "2014-05-30": "possibly", "2014-05-31": "holds"},
    ),
    (
        "an opening without a last day never certainly is",
        [claim("partnership", "[2014-05-01..]")],
        PARTNER,
        {"2014-04-30": "not_held", "2014-05-01": "possibly", "9999-12-31": "possibly"},
    ),
    (
        "a known later start does not reach back over an end",
        [claim("partnership", "2014-05-01"), claim("partnership", "2014-03-01", stage="ended")],
        PARTNER,
        {"2014-02-28": "unknown", "2014-03-01": "not_held", "2014-04-30": "not_held", "2014-05-01": "holds"},
    ),
    (
        "nor over a time in which it was seen, and an end",
        [
            observed("partnership", "[2014-02-10..2014-02-20]"),
            claim("partnership", "2014-03-01", stage="ended"),
            claim("partnership", "2014-05-01"),
        ],
        PARTNER,
        {"2014-01-01": "unknown", "2014-02-20": "holds", "2014-03-01": "not_held", "2014-05-01": "holds"},
    ),
]
OBSERVATIONS: list[Example] = [
    (
        "what is seen in a range holds from its last day, possibly from its first",
        [observed("competition", "2014-05")],
        COMPETES,
        {"2014-04-30": "unknown", "2014-05-01": "possibly", "2014-05-31": "holds"},
    ),
    (
        "what is seen without a first day may always have been",
        [observed("competition", "[..2014-05-31]")],
        COMPETES,
        {"0001-01-01": "possibly", "2014-05-31": "holds"},
    ),
]
AGREEING: list[Example] = [
    (
        "openings are intersected",
        [claim("membership", "2014-05"), claim("membership", "[2014-05-20..2014-06-10]")],
        MEMBER,
        {"2014-05-19": "not_held", "2014-05-20": "possibly", "2014-05-31": "holds"},
    ),
    (
        "an observation bounds the start from above",
        [claim("membership", "2014-05"), observed("membership", "2014-05-10")],
        MEMBER,
        {"2014-04-30": "not_held", "2014-05-01": "possibly", "2014-05-10": "holds"},
    ),
    (
        "what begins once and began on two days is contested between them",
        [claim("acquisition", "2014-05-01"), claim("acquisition", "2014-05-10")],
        OWNS,
        {"2014-04-30": "not_held", "2014-05-01": "contested", "2014-05-09": "contested", "2014-05-10": "holds"},
    ),
    (
        "a second investment goes on",
        [claim("investment", "2014-05-01"), claim("investment", "2014-05-10")],
        INVESTOR,
        {"2014-04-30": "not_held", "2014-05-01": "holds", "2014-05-10": "holds"},
    ),
    (
        "a new title goes on",
        [claim("position", "2014-05-01", title="chair"), claim("position", "2014-05-10", title="president")],
        POSITION,
        {"2014-04-30": "not_held", "2014-05-01": "holds"},
    ),
    (
        "the same title twice is a contested date",
        [claim("position", "2014-05-01", title="chair"), claim("position", "2014-05-10", title="chair")],
        POSITION,
        {"2014-05-01": "contested", "2014-05-10": "holds"},
    ),
    (
        "a title that one of two equally early openings has is not new",
        [
            claim("position", "2014-05-01", title="chair"),
            claim("position", "2014-05-01", title="president"),
            claim("position", "2014-05-10", title="president"),
        ],
        POSITION,
        {"2014-05-01": "contested", "2014-05-10": "holds"},
    ),
    (
        "every contribution goes on",
        [claim("contribution", "2014-05")],
        CONTRIBUTES,
        {"2014-04-30": "unknown", "2014-05-01": "possibly", "2014-05-31": "holds"},
    ),
    (
        "what was extended held before",
        [claim("agreement", "2014-05-10", stage="extended")],
        AGREEMENT,
        {"2014-05-09": "unknown", "2014-05-10": "holds"},
    ),
]
ENDS: list[Example] = [
    (
        "an end in a range may come from its first day and has come on its last",
        [claim("agreement", "2014-01-01"), claim("agreement", "2014-05", stage="ended")],
        AGREEMENT,
        {"2014-04-30": "holds", "2014-05-01": "possibly", "2014-05-30": "possibly", "2014-05-31": "not_held"},
    ),
    (
        "an end alone says nothing before it",
        [claim("agreement", "2014-05", stage="ended")],
        AGREEMENT,
        {"2014-05-01": "unknown", "2014-05-30": "unknown", "2014-05-31": "not_held"},
    ),
    (
        "an opening after an end opens again",
        [
            claim("agreement", "2014-01-01"),
            claim("agreement", "2014-03-01", stage="ended"),
            claim("agreement", "2014-05-01"),
        ],
        AGREEMENT,
        {"2014-02-28": "holds", "2014-03-01": "not_held", "2014-04-30": "not_held", "2014-05-01": "holds"},
    ),
    (
        "on the day of an end an opening comes after it if it held before",
        [
            claim("agreement", "2014-01-01"),
            claim("agreement", "2014-03-01", stage="ended"),
            claim("agreement", "2014-03-01"),
        ],
        AGREEMENT,
        {"2014-02-28": "holds", "2014-03-01": "holds"},
    ),
    (
        "and else before it",
        [claim("agreement", "2014-03-01", stage="ended"), claim("agreement", "2014-03-01")],
        AGREEMENT,
        {"2014-02-28": "unknown", "2014-03-01": "not_held"},
    ),
    (
        "an opening that may have been before an end is, and cut there",
        [claim("agreement", "2014"), claim("agreement", "2014-03-01", stage="ended")],
        AGREEMENT,
        {"2014-01-01": "possibly", "2014-02-28": "possibly", "2014-03-01": "not_held"},
    ),
    (
        "both days of an interval are inside",
        [claim("position", "2014-01-01/2014-03-01")],
        POSITION,
        {"2013-12-31": "not_held", "2014-01-01": "holds", "2014-03-01": "holds", "2014-03-02": "not_held"},
    ),
    (
        "what was seen in a range around an end was seen before it",
        [observed("agreement", "[2014-02-01..2014-05-01]"), claim("agreement", "2014-03-01", stage="ended")],
        AGREEMENT,
        {"2014-02-01": "possibly", "2014-02-28": "possibly", "2014-03-01": "not_held", "2014-05-01": "not_held"},
    ),
    (
        "what was seen by a day after an end was seen after it",
        [observed("agreement", "[..2014-05-01]"), claim("agreement", "2014-03-01", stage="ended")],
        AGREEMENT,
        {"2014-03-01": "not_held", "2014-03-02": "possibly", "2014-05-01": "holds"},
    ),
    (
        "an interval with an open end goes on",
        [claim("position", "2014-01-01/..")],
        POSITION,
        {"2014-01-01": "holds", "2034-01-01": "holds"},
    ),
    (
        "an interval with an unknown start held on its last day",
        [claim("position", "../2014-03-01")],
        POSITION,
        {"2013-01-01": "possibly", "2014-03-01": "holds", "2014-03-02": "not_held"},
    ),
    (
        "a completed acquisition ends what the seller owned",
        [
            claim("acquisition", "2013-01-01", roles=[("acquirer", "cat"), ("target", "bee")]),
            claim("acquisition", "2014-05-01", also=[("seller", "cat")]),
        ],
        ("owns", "cat", "bee"),
        {"2014-04-30": "holds", "2014-05-01": "not_held"},
    ),
    (
        "an agreed one does not",
        [
            claim("acquisition", "2013-01-01", roles=[("acquirer", "cat"), ("target", "bee")]),
            claim("acquisition", "2014-05-01", also=[("seller", "cat")], stage="agreed"),
        ],
        ("owns", "cat", "bee"),
        {"2014-05-01": "holds"},
    ),
    (
        "only an explicit end ends competition",
        [observed("competition", "2014-01-01"), claim("partnership", "2014-05-01"), claim("acquisition", "2014-05-01")],
        COMPETES,
        {"2014-05-01": "holds"},
    ),
]
NEGATIVES: list[Example] = [
    (
        "what does not hold on a day ended after the last evidence and by that day",
        [claim("agreement", "2014-01-01"), observed("agreement", "2014-05-01", polarity="negative")],
        AGREEMENT,
        {"2014-01-01": "holds", "2014-01-02": "possibly", "2014-04-30": "possibly", "2014-05-01": "not_held"},
    ),
    (
        "an earlier end is evidence too",
        [
            claim("agreement", "2014-01-01"),
            claim("agreement", "2014-03-01", stage="ended"),
            observed("agreement", "2014-05-01", polarity="negative"),
        ],
        AGREEMENT,
        {"2014-02-28": "holds", "2014-03-01": "not_held", "2014-05-01": "not_held"},
    ),
    (
        "alone it says nothing of other days before",
        [observed("agreement", "2014-05-01", polarity="negative")],
        AGREEMENT,
        {"2014-04-30": "unknown", "2014-05-01": "not_held", "2015-01-01": "not_held"},
    ),
    (
        "evidence of the same days makes it contested to the end of the spell",
        [
            observed("agreement", "2014-05-01"),
            observed("agreement", "2014-05-01", polarity="negative"),
            claim("agreement", "2014-07-01", JULY, stage="ended"),
        ],
        AGREEMENT,
        {"2014-04-30": "unknown", "2014-05-01": "contested", "2014-06-30": "contested", "2014-07-01": "not_held"},
    ),
    (
        "evidence of an interval around the day does so too",
        [claim("agreement", "2014-01-01/2014-12-31"), observed("agreement", "2014-05-01", polarity="negative")],
        AGREEMENT,
        {"2014-04-30": "holds", "2014-05-01": "contested", "2014-12-31": "contested", "2015-01-01": "not_held"},
    ),
    (
        "evidence of an interval that ends before the day does not",
        [claim("agreement", "2014-01-01/2014-04-30"), observed("agreement", "2014-05-01", polarity="negative")],
        AGREEMENT,
        {"2014-05-01": "not_held"},
    ),
    (
        "a range without a first day speaks of its last day only",
        [claim("agreement", "2014-01-01"), observed("agreement", "[..2014-05-01]", polarity="negative")],
        AGREEMENT,
        {"2014-01-01": "contested", "2014-05-01": "contested"},
    ),
    (
        "evidence without a first day does not clash with an earlier no",
        [observed("agreement", "[..2014-05-01]"), observed("agreement", "2014-03-01", polarity="negative")],
        AGREEMENT,
        {"2014-02-28": "possibly", "2014-03-01": "not_held", "2014-05-01": "holds"},
    ),
    (
        "what is said not to have happened clashes the same way",
        [claim("investment", "2014-05-01"), denied("investment", "2014-05")],
        INVESTOR,
        {"2014-04-30": "not_held", "2014-05-01": "contested"},
    ),
    (
        "and does nothing to a state that already held",
        [claim("investment", "2014-01-01"), denied("investment", "2014-05")],
        INVESTOR,
        {"2014-05-01": "holds", "2014-06-01": "holds"},
    ),
    (
        "but is a no where nothing held",
        [denied("investment", "2014-05")],
        INVESTOR,
        {"2014-05-01": "unknown", "2014-05-31": "not_held"},
    ),
    ("no claim at all is unknown", [], OWNS, {"2014-05-01": "unknown"}),
]
SILENT: list[Example] = [
    ("8 an opinion opens nothing", [claim("partnership", modality="opinion")], PARTNER, {"2014-06-01": "unknown"}),
    ("8 a report counts", [claim("partnership", modality="reported")], PARTNER, {"2014-06-01": "holds"}),
    (
        "8 what is denied is negative",
        [claim("partnership", "2014-01-01"), observed("partnership", "2014-05-01", modality="denied")],
        PARTNER,
        {"2014-05-01": "not_held"},
    ),
    (
        "9 partners may compete",
        [claim("partnership"), observed("competition", "2014-05-01")],
        PARTNER,
        {"2014-06-01": "holds"},
    ),
]


@checked(PLANS)
def test_rule_1_plans(claims: list[ClaimContent], key: Key, expected: dict[str, str]) -> None:
    check(claims, key, expected)


@checked(OPENINGS)
def test_rule_2_openings(claims: list[ClaimContent], key: Key, expected: dict[str, str]) -> None:
    check(claims, key, expected)


@checked(OBSERVATIONS)
def test_rule_3_observations(claims: list[ClaimContent], key: Key, expected: dict[str, str]) -> None:
    check(claims, key, expected)


@checked(AGREEING)
def test_rule_4_agreement(claims: list[ClaimContent], key: Key, expected: dict[str, str]) -> None:
    check(claims, key, expected)


@checked(ENDS)
def test_rule_5_ends(claims: list[ClaimContent], key: Key, expected: dict[str, str]) -> None:
    check(claims, key, expected)


@checked(NEGATIVES)
def test_rule_6_negatives(claims: list[ClaimContent], key: Key, expected: dict[str, str]) -> None:
    check(claims, key, expected)


@checked(SILENT)
def test_rules_8_and_9(claims: list[ClaimContent], key: Key, expected: dict[str, str]) -> None:
    check(claims, key, expected)


# What a state tells besides its status.


def test_a_state_tells_since_when_and_until_when() -> None:
    found = state(
        [claim("agreement", "2014-01"), claim("agreement", "2014-05", stage="ended")], AGREEMENT, "2014-03-01"
    )
    assert (span(found.state.since), span(found.state.until)) == (
        ("2014-01-01", "2014-01-31"),
        ("2014-05-01", "2014-05-31"),
    )


def test_of_several_ends_to_come_the_first_is_told() -> None:
    ends = [
        claim("agreement", when, stage="ended") for when in ("[2014-05-01..2014-06-10]", "[2014-05-05..2014-05-20]")
    ]
    found = state([claim("agreement", "2014-01-01"), *ends], AGREEMENT, "2014-03-01")
    assert span(found.state.until) == ("2014-05-01", "2014-05-20")


def test_an_observation_leaves_the_first_day_open() -> None:
    found = state([observed("agreement", "2014-01")], AGREEMENT, "2014-03-01")
    assert (span(found.state.since), found.state.until) == ((None, "2014-01-31"), None)


def test_contested_dates_are_both_returned() -> None:
    found = state([claim("membership", "2014-05-01"), claim("membership", "2014-05-10")], MEMBER, "2014-05-05")
    assert span(found.state.since) == ("2014-05-01", "2014-05-10")


def test_what_no_longer_holds_tells_the_last_end() -> None:
    ends = [claim("agreement", "2014-03-01", stage="ended"), claim("agreement", "2014-05-01", stage="ended")]
    assert span(state(ends, AGREEMENT, "2014-06-01").state.until) == ("2014-05-01", "2014-05-01")
    assert span(state(ends, AGREEMENT, "2014-04-01").state.until) == ("2014-03-01", "2014-03-01")


def test_a_plan_tells_since_when_it_was_known_and_nothing_has_begun() -> None:
    found = state([planned("membership", "2014-08")], MEMBER, "2014-07-01").state
    assert (found.since, found.until, found.planned_since) == (None, None, parse_day("2014-06-01"))
    assert span(found.due) == ("2014-08-01", "2014-08-31")


def test_of_several_plans_the_first_known_tells_since_when() -> None:
    plans = [planned("membership", "2014-08", JULY), planned("membership", "2014-09")]
    assert state(plans, MEMBER, "2014-07-01").state.planned_since == parse_day("2014-06-01")


def test_a_fact_without_claims_is_unknown_on_every_day() -> None:
    assert Fact([]).at(parse_day("2014-01-01")) == FactState("unknown")


def test_one_fact_can_be_asked_for_any_number_of_days() -> None:
    heard = Heard("c", claim("product", "2014-05-01"), days("2014-06-01"), "author")
    fact = Fact([heard])
    assert [fact.at(parse_day(day)).status for day in ("2014-05-01", "2014-04-30", "2014-05-01")] == [
        "holds",
        "not_held",
        "holds",
    ]
    assert heard.relations == {OFFERS}


def test_of_the_days_in_which_plans_were_due_the_last_counts_and_of_several_the_widest() -> None:
    assert last_due([days("2014-08"), days("2014-07"), days("[2014-08-20..2014-08-31]")]) == days("2014-08")
    assert last_due([]) is None
