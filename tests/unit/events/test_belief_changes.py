"""Belief changes: on which days an answer became another one, and that all of them together give every belief."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.belief_changes import Period, about, is_seen, periods, shown
from events.beliefs import Belief
from events.changes import ENTITY, Item, Subject, items_of
from events.courses import Piece
from events.envelope import RecordedEvent
from events.facts import FactState
from events.fold import fold
from events.grounds import Asserter, Conflict, Disputes, Excluded, Grounds, Side
from events.knowledge import Point, survivors
from events.ledger import Ledger
from events.matters import STANCE, VOTE, Matter
from events.packing import Pieces, Points, pack_relation, pack_vote
from events.relationships import RelationState
from events.stances import StanceKey, StancePoint
from events.state import entity_state
from events.temporal import AFTER_ALL, BEFORE_ALL, Bounds, parse_day
from events.votes import VoteKey, VoteState
from service.store.rows import readable
from tests.generating import some
from tests.histories import histories, turning_days
from tests.recorded import Recorded

KEY = VoteKey("board", None, "to join")
OWNS = ("owns", "ant", "bee")
ANT = Asserter("ant", ("speaker",), ("ant",), ("ant",), ("article",), 1)


def vote(*pieces: tuple[int, str], entities: tuple[str, ...] = ("board", "ant")) -> Belief[Any]:
    """A belief about a vote that has each status from a day on."""
    return Belief(entities, {}, pack_vote(tuple(Piece(day, VoteState(KEY, status)) for day, status in pieces)))


def told(found: tuple[Period, ...]) -> list[tuple[int, int, str | None, str | None]]:
    """Days, and the status before and after."""
    status: Callable[[Any], str | None] = lambda item: None if item is None else item.status  # noqa: E731
    return [(p.since, p.until, status(p.change.before), status(p.change.after)) for p in found]


UNKNOWN = vote((BEFORE_ALL, "unknown"))
PLANNED = vote((BEFORE_ALL, "unknown"), (10, "scheduled"), (20, "unconfirmed"))
HELD = vote((BEFORE_ALL, "unknown"), (10, "scheduled"), (15, "occurred"))
GONE = vote((BEFORE_ALL, "unknown"), entities=())


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, UNKNOWN, [(BEFORE_ALL, AFTER_ALL, None, "unknown")]),
        (UNKNOWN, None, [(BEFORE_ALL, AFTER_ALL, "unknown", None)]),
        (UNKNOWN, UNKNOWN, []),
        (UNKNOWN, PLANNED, [(10, 20, "unknown", "scheduled"), (20, AFTER_ALL, "unknown", "unconfirmed")]),
        (PLANNED, HELD, [(15, 20, "scheduled", "occurred"), (20, AFTER_ALL, "unconfirmed", "occurred")]),
        (HELD, vote((BEFORE_ALL, "unknown"), (10, "scheduled"), (18, "occurred")), [(15, 18, "occurred", "scheduled")]),
        (UNKNOWN, vote((BEFORE_ALL, "unknown"), (AFTER_ALL, "scheduled")), []),
        (UNKNOWN, GONE, [(BEFORE_ALL, AFTER_ALL, "unknown", None)]),
        (GONE, GONE, []),
    ],
)
def test_periods_are_the_days_on_which_the_answer_became_another(before: Any, after: Any, expected: list[Any]) -> None:
    assert told(periods(VOTE, before, after)) == expected


def test_through_the_eyes_of_one_entity_it_begins_when_it_is_listed_there() -> None:
    named = vote((BEFORE_ALL, "unknown"), entities=("ant", "board", "cat"))
    assert periods(VOTE, UNKNOWN, named) == ()
    assert told(periods(VOTE, UNKNOWN, named, ("cat",))) == [(BEFORE_ALL, AFTER_ALL, None, "unknown")]
    assert periods(VOTE, UNKNOWN, PLANNED, ("cat",)) == ()
    assert [is_seen(named, eyes) for eyes in (None, ("cat", "dog"), ("dog",))] == [True, True, False]


def test_what_is_not_kept_is_told_like_nothing() -> None:
    unkept: Belief[Any] = Belief(UNKNOWN.entities, {}, None)
    assert told(periods(VOTE, UNKNOWN, unkept)) == [(BEFORE_ALL, AFTER_ALL, "unknown", None)]
    assert told(periods(VOTE, unkept, UNKNOWN)) == [(BEFORE_ALL, AFTER_ALL, None, "unknown")]
    assert about(VOTE, unkept) is None
    assert about(VOTE, unkept, UNKNOWN) == {"body": "board", "moves": None, "motion": "to join"}


def test_of_a_stance_each_point_changes_by_itself() -> None:
    key = StanceKey("ant", True, "bee", "hostile", None)
    first, second, third = (StancePoint(key, Bounds(day, day), ("cat",), False, Grounds()) for day in (5, 9, 12))
    before, after = (Belief(("ant", "bee"), {}, Points(points)) for points in ((first, second), (first, third)))
    found = [(p.since, p.until, p.change.before, p.change.after) for p in periods(STANCE, before, after)]
    assert sorted(found, key=lambda period: period[0]) == [
        (9, AFTER_ALL, second, None),
        (12, AFTER_ALL, None, third),
    ]
    assert periods(STANCE, before, after, ("dog",)) == ()
    spoken = Belief(("ant", "bee", "cat"), {}, Points((replace(first, affiliation=()), second)))
    assert [p.change.after for p in periods(STANCE, None, spoken, ("cat",))] == [second]
    assert about(STANCE, after) == {
        "speaker": "ant", "speaker_is_entity": True, "about": "bee", "stance": "hostile", "wording": None,
        "negated": False,
    }  # fmt: skip


def relation(**changes: Any) -> Belief[Any]:
    state = RelationState(OWNS, FactState("holds", Bounds(10, 10)), grounds=Grounds((ANT,), 1, ("a",), 1))
    return Belief(("ant", "bee"), {}, pack_relation((Piece(BEFORE_ALL, replace(state, **changes)),)))


SIDES = (Side(ANT, ("a",), 1, None), Side(ANT._replace(asserter="bee"), ("b",), 1, None))


@pytest.mark.parametrize(
    ("changes", "is_evidence"),
    [
        ({"grounds": Grounds((ANT,), 1, ("a", "b"), 2)}, True),
        ({"supported_on": 12}, True),
        ({"disputes": Disputes(excluded=(Excluded("b", "retracted", None),), excluded_count=1)}, True),
        ({"disputes": Disputes((Conflict("price", "dispute", SIDES),), 1)}, False),
        ({"state": FactState("holds", Bounds(10, 11))}, False),
        ({"state": FactState("contested", Bounds(10, 10))}, False),
        ({"attributes": {"stake": "51%"}}, False),
    ],
)
def test_evidence_is_told_from_what_is_believed(changes: dict[str, Any], is_evidence: bool) -> None:
    (period,) = periods("relation", relation(), relation(**changes))
    assert period.is_evidence == is_evidence
    assert not periods("relation", None, relation())[0].is_evidence


def test_more_claims_for_a_conflict_are_evidence() -> None:
    before, after = (
        relation(disputes=Disputes((Conflict("price", "dispute", (SIDES[0]._replace(claims=claims), SIDES[1])),), 1))
        for claims in (("a",), ("a", "c"))
    )
    assert [period.is_evidence for period in periods("relation", before, after)] == [True]


def test_only_what_an_answer_shows_is_shown_and_neighbours_that_look_the_same_are_one() -> None:
    state = RelationState(OWNS, FactState("not_held", ended=4))
    other = replace(state, state=FactState("not_held", ended=6))
    held = replace(state, state=FactState("holds"))
    both = Belief(("ant",), {}, pack_relation((Piece(BEFORE_ALL, state), Piece(8, other))))
    one = Belief(("ant",), {}, pack_relation((Piece(BEFORE_ALL, state),)))
    new = Belief(("ant",), {}, pack_relation((Piece(BEFORE_ALL, held),)))
    assert len(periods("relation", one, both)) == 1 and shown(periods("relation", one, both)) == ()
    assert len(periods("relation", both, new)) == 2
    assert told(shown(periods("relation", both, new))) == [(BEFORE_ALL, AFTER_ALL, "not_held", "holds")]


def test_a_matter_of_one_entity_is_about_it() -> None:
    nothing = Belief(("ant",), {}, Pieces((Piece(BEFORE_ALL, Disputes()),)))
    assert about("disputes", Belief((), {}, nothing.told), nothing) == {"entity": "ant"}
    assert about("relation", relation()) == {"relation": "owns", "subject": "ant", "object": "bee"}


# all changes together


class Replayed:
    """What belief changes come to when they are applied one after the other, to nothing."""

    def __init__(self) -> None:
        self._taken: dict[tuple[Matter, Subject], list[Period]] = defaultdict(list)

    def take(self, matter: Matter, found: tuple[Period, ...]) -> None:
        for period in found:
            self._taken[matter, period.change.subject].append(period)

    def items(self, day: int) -> dict[tuple[Matter, Subject], Item]:
        """Every item on a day: as the last change of that day left it."""
        found = {}
        for place, taken in self._taken.items():
            item: Item | None = None
            for period in taken:
                if period.since <= day < period.until:
                    assert period.change.before == item
                    item = period.change.after
            if item is not None:
                found[place] = item
        return found


def log_of(history: list[dict[str, Any]]) -> list[RecordedEvent]:
    return list(readable(Recorded(history).store.read_log(0, 1_000_000)))


def replayed(events: list[RecordedEvent], eyes: tuple[str, ...] | None = None) -> Replayed:
    """All belief changes that these events made."""
    ledger, view = Ledger(), Replayed()
    known: dict[Matter, Belief[Any]] = {}
    for recorded in events:
        for matter in ledger.take(recorded.event, recorded.position).matters:
            after = ledger.belief(matter)
            view.take(matter, periods(matter.kind, known.get(matter), after, eyes))
            known[matter] = after
    return view


@some
@given(histories(), st.data())
def test_applied_in_order_they_give_the_state_at_every_point(
    history: list[dict[str, Any]], data: st.DataObject
) -> None:
    """Through the eyes of each entity, on any day, up to any log position."""
    events = log_of(history)
    days, positions = st.sampled_from(turning_days(history)), st.integers(0, events[-1].position)
    for _ in range(3):
        position = data.draw(positions)
        until = [event for event in events if event.position <= position]
        knowledge = fold(until)
        merged = survivors(knowledge, position)
        for entity in {merged.get(name, name) for name in knowledge.entities}:
            view = replayed(until, (entity,))
            for day in data.draw(st.lists(days, min_size=3, max_size=3)):
                state = entity_state(knowledge, entity, Point(parse_day(day), recorded_by=position))
                expected = [item for subject, item in items_of(state).items() if subject.kind != ENTITY]
                assert sorted(map(str, view.items(parse_day(day)).values())) == sorted(map(str, expected))


@some
@given(histories(), st.data())
def test_applied_in_order_they_give_every_belief(history: list[dict[str, Any]], data: st.DataObject) -> None:
    events = log_of(history)
    until = events[: data.draw(st.integers(0, len(events)))]
    day = parse_day(data.draw(st.sampled_from(turning_days(history))))
    ledger, taken = Ledger(), set()
    for recorded in until:
        taken |= ledger.take(recorded.event, recorded.position).matters
    whole = Replayed()
    for matter in taken:
        whole.take(matter, periods(matter.kind, None, ledger.belief(matter)))
    assert replayed(until).items(day) == whole.items(day)


@some
@given(histories())
def test_periods_of_one_item_never_overlap_nor_go_on_as_they_were(history: list[dict[str, Any]]) -> None:
    ledger: Ledger = Ledger()
    known: dict[Matter, Belief[Any]] = {}
    for recorded in log_of(history):
        for matter in ledger.take(recorded.event, recorded.position).matters:
            after = ledger.belief(matter)
            found = periods(matter.kind, known.get(matter), after)
            known[matter] = after
            assert all(BEFORE_ALL <= period.since < period.until <= AFTER_ALL for period in found)
            for one, two in zip(found, found[1:], strict=False):
                if one.change.subject == two.change.subject:
                    assert one.until <= two.since
                    assert one.until < two.since or one.change != two.change
