"""The answer for one vote."""

from __future__ import annotations

from typing import Any

import pytest

from events.temporal import parse_day
from events.values import ClaimContent
from events.votes import VoteKey, VoteState, vote_key, vote_state
from tests.unit.events.examples import ANT_SAYS, AUGUST, BEE_SAYS, JULY, JUNE, MEMBER, MOVES, Story, claim, span

KEY = VoteKey("board", MEMBER, None)


def vote(edtf: str, article: str = JUNE, **changes: Any) -> ClaimContent:
    return claim("governance_vote", edtf, article, **changes)


def scheduled(edtf: str, article: str = JUNE, **changes: Any) -> ClaimContent:
    return vote(edtf, article, **({"modality": "scheduled"} | changes))


def missed(edtf: str, article: str = AUGUST) -> ClaimContent:
    return vote(edtf, article, polarity="negative")


def answer(claims: list[ClaimContent] | Story, day: str, key: VoteKey = KEY, **clocks: Any) -> VoteState:
    story = claims if isinstance(claims, Story) else Story(**{f"c{n}": content for n, content in enumerate(claims)})
    return vote_state(story.hearing(day, **clocks), key, parse_day(day))


ANSWERS: list[tuple[str, list[ClaimContent], dict[str, str]]] = [
    ("no claim at all", [], {"2014-08-27": "unknown"}),
    (
        "a scheduled vote waits until its day has passed",
        [scheduled("2014-08-27")],
        {"2014-05-31": "unknown", "2014-06-01": "scheduled", "2014-08-27": "scheduled", "2014-08-28": "unconfirmed"},
    ),
    ("an undated plan waits for ever", [scheduled("[2014-08-01..]")], {"2034-01-01": "scheduled"}),
    ("a proposed vote is not scheduled", [vote("2014-08-27", modality="proposed")], {"2014-08-27": "unknown"}),
    ("an opinion about a vote says nothing", [vote("2014-08-27", modality="opinion")], {"2014-08-27": "unknown"}),
    (
        "a vote was held",
        [vote("2014-09-07")],
        {"2014-09-06": "unknown", "2014-09-07": "occurred", "2015-01-01": "occurred"},
    ),
    (
        "a vote was held on a day of a range",
        [vote("2014-09")],
        {"2014-08-31": "unknown", "2014-09-01": "possibly", "2014-09-29": "possibly", "2014-09-30": "occurred"},
    ),
    (
        "a vote was not held on the day it was due",
        [scheduled("2014-08-27"), missed("2014-08-27")],
        {"2014-08-26": "scheduled", "2014-08-27": "did_not_occur", "2015-01-01": "did_not_occur"},
    ),
    (
        "a vote was not held, but a later date is known",
        [scheduled("2014-08-27"), missed("2014-08-27"), scheduled("2014-09-27", AUGUST)],
        {"2014-08-28": "scheduled", "2014-09-28": "unconfirmed"},
    ),
    (
        "a vote was not held and held later",
        [scheduled("2014-08-27"), missed("2014-08-27"), vote("2014-09-07", AUGUST)],
        {"2014-08-27": "did_not_occur", "2014-09-06": "did_not_occur", "2014-09-07": "occurred"},
    ),
    ("that no vote was held is known without a plan", [missed("2014-08-27")], {"2014-08-27": "did_not_occur"}),
]


@pytest.mark.parametrize(("claims", "expected"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_the_status_of_a_vote(claims: list[ClaimContent], expected: dict[str, str]) -> None:
    assert {day: answer(claims, day).status for day in expected} == expected
    assert {day: answer(claims[::-1], day).status for day in expected} == expected


def test_what_a_vote_decided_is_told_with_its_day() -> None:
    found = answer([vote("2014-09-07", outcome="approved"), scheduled("2014-08")], "2014-09-07")
    assert (span(found.when), found.outcomes) == (("2014-09-07", "2014-09-07"), ("approved",))
    assert span(found.due) == ("2014-08-01", "2014-08-31")


def test_the_day_without_a_vote_is_told() -> None:
    found = answer([missed("2014-08-27"), missed("2014-08-20")], "2014-09-01")
    assert (span(found.missed), found.when, found.due) == (("2014-08-27", "2014-08-27"), None, None)


def test_reports_that_can_mean_one_day_are_one_meeting() -> None:
    reports = [
        vote("2014-09"),
        vote("[2014-09-07..2014-10-03]", outcome="approved"),
        vote("2014-09-10", outcome="rejected"),
    ]
    found = answer(reports, "2014-12-31")
    assert (span(found.when), found.outcomes) == (("2014-09-10", "2014-09-10"), ("approved", "rejected"))


def test_of_several_meetings_the_latest_answers() -> None:
    meetings = [vote("2014-09-07", outcome="rejected"), vote("2014-11-07", outcome="approved")]
    assert [answer(meetings, day).outcomes for day in ("2014-09-07", "2014-11-06", "2014-11-07")] == [
        ("rejected",),
        ("rejected",),
        ("approved",),
    ]


@pytest.mark.parametrize(
    ("outcome", "statuses"),
    [
        ("approved", ["not_held", "holds"]),
        ("rejected", ["planned", "not_held"]),
        (None, ["planned", "unconfirmed"]),
    ],
)
def test_what_a_vote_does_to_the_relation_that_it_moves(outcome: str | None, statuses: list[str]) -> None:
    story = Story(a=scheduled("2014-08-27"), b=vote("2014-08-28", AUGUST, outcome=outcome))
    assert [story.status(MEMBER, day) for day in ("2014-08-27", "2014-08-28")] == statuses


def test_a_vote_that_was_not_held_leaves_its_plan_as_it_was() -> None:
    story = Story(a=scheduled("2014-08-27"), b=missed("2014-08-27"))
    assert [story.status(MEMBER, day) for day in ("2014-08-27", "2014-08-28")] == ["planned", "unconfirmed"]


def test_a_vote_is_known_by_what_it_moves_or_else_by_its_motion() -> None:
    assert vote_key(vote("2014")) == KEY
    assert vote_key(vote("2014", moves=None)) == VoteKey("board", None, "membership of ant")
    assert vote_key(claim("membership")) is None


def test_motions_in_other_words_are_one_vote_where_they_move_the_same() -> None:
    claims = [
        vote("2014-09-07", motion="ant joins"),
        vote("2014-09-07", motion="gold for ant"),
        vote("2014-09-07", motion=None),
    ]
    found = answer(claims, "2014-12-31")
    assert (found.motions, found.grounds.claims) == (("ant joins", "gold for ant"), ("c0", "c1", "c2"))


def test_a_motion_that_moves_no_relation_is_a_vote_of_its_own() -> None:
    claims = [vote("2014-09-07", moves=None, motion="budget"), vote("2014-10-07", moves=None, motion="logo")]
    found = answer(claims, "2014-12-31", VoteKey("board", None, "budget"))
    assert (found.grounds.claims, span(found.when)) == (("c0",), ("2014-09-07", "2014-09-07"))


def test_who_voted_how_is_told() -> None:
    claims = [vote("2014-09-07", also=[("voter", "bee"), ("voter", "cat")], vote="against"), vote("2014-09-07")]
    assert answer(claims, "2014-12-31").cast == (("bee", "against"), ("cat", "against"))


def test_disputes_and_corrections_of_a_vote_are_told() -> None:
    story = Story(a=vote("2014-09-07", by=ANT_SAYS), b=claim("statement", by=BEE_SAYS), c=vote("2014-09-08", JULY))
    story.response("r", "dispute", "b", "a")
    story.retract("c")
    found = answer(story, "2014-12-31")
    assert [side.claims for side in found.disputes.conflicts[0].sides] == [("a",), ("b",)]
    assert [(item.claim, item.why) for item in found.disputes.excluded] == [("c", "retracted")]
    assert [asserter.asserter for asserter in found.grounds.asserted_by] == ["ant"]


def test_only_what_was_public_is_told() -> None:
    claims = [scheduled("2014-08-27"), vote("2014-08-27", AUGUST)]
    assert [answer(claims, "2014-12-31", published_by=day).status for day in ("2014-06-01", "2014-08-03")] == [
        "unconfirmed",
        "occurred",
    ]


MOVED_THE_OTHER_WAY = MOVES | {"relation": "partner_of", "subject": "bee", "object": "ant"}


def test_a_vote_on_a_symmetric_relation_has_one_key() -> None:
    found = vote_key(vote("2014", moves=MOVED_THE_OTHER_WAY))
    assert found is not None and found.moves == ("partner_of", "ant", "bee")
