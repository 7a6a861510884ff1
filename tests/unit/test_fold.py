"""`fold` against the oracle: generated histories, points of all clocks and perspectives, any order of recording."""

from __future__ import annotations

from typing import Any

from hypothesis import given, note
from hypothesis import strategies as st

from events.facts import FactState
from events.knowledge import Point, hear, survivors
from events.relationships import RelationState, relation_state
from events.state import entity_state
from events.temporal import AFTER_ALL, BEFORE_ALL, Bounds, parse_day
from events.vocabulary import relation_key
from events.votes import VoteKey, vote_state
from tests import oracle
from tests.generating import thorough
from tests.histories import KINDS, Question, histories, questions, reorderings, to_reference
from tests.recorded import Recorded
from tests.reference import answers_of_reference, known_to_reference, needs_reference
from tests.reference import comparable as reference_form

POINTS = 20


def iso(day: int) -> str:
    """A day as the oracle writes it."""
    return oracle.iso(day)


def span(bounds: Bounds | None) -> tuple[str, str] | None:
    return None if bounds is None else (iso(bounds.earliest), iso(bounds.latest))


def point_of(question: Question, recorded: Recorded) -> Point:
    position = recorded.positions[-1 if question.recorded_by is None else question.recorded_by]
    published = question.published_by
    return Point(
        parse_day(question.as_of), parse_day(published) if published else None, position, question.according_to
    )


def answer(question: Question, recorded: Recorded) -> dict[str, Any]:
    """The answer of the service in the oracle's form."""
    point, knowledge = point_of(question, recorded), recorded.knowledge()
    merged = survivors(knowledge, point.recorded_by)
    hearing = hear(knowledge, point)
    if question.is_vote:
        body, motion = question.about
        moves = None
        if isinstance(motion, dict):
            ends = [merged.get(motion[end], motion[end]) for end in ("subject", "object")]
            moves = relation_key(motion["relation"], *ends)
        vote = vote_state(hearing, VoteKey(merged.get(body, body), moves, None if moves else motion), point.as_of)
        waiting = vote.status in ("scheduled", "unconfirmed")
        return {
            "status": vote.status,
            "when": span(vote.when),
            "outcome": "/".join(vote.outcomes) or None,
            "due": iso(vote.due.latest) if vote.due and waiting else None,
            "claims": sorted(map(recorded.ref, vote.grounds.claims)),
        }
    relation, *two = question.about
    key = relation_key(relation, *(merged.get(end, end) for end in two))
    state = relation_state(hearing, key, point.as_of)
    quiet = {(o.by, o.target, o.aspect) for o in hearing.opposed if {o.by, o.target} & hearing.touching.get(key, set())}
    return told(state, recorded) | {
        "conflicts": sorted(((recorded.ref(by), recorded.ref(target), aspect) for by, target, aspect in quiet), key=str)
    }


def told(state: RelationState, recorded: Recorded) -> dict[str, Any]:
    def brief(fact: FactState) -> dict[str, Any]:
        return {"status": fact.status, "since": span(fact.since)}

    return {
        **brief(state.state),
        "until": span(state.state.until),
        "due": None if state.state.due is None else iso(state.state.due.latest),
        "parts": {
            tuple(part.scope.items()): brief(part.state)
            | {"asserted_by": [a.asserter for a in part.grounds.asserted_by]}
            for part in state.parts
        },
        "claims": sorted(map(recorded.ref, state.grounds.claims)),
        "excluded": sorted({(recorded.ref(e.claim), e.why) for e in state.disputes.excluded}),
    }


def comparable(found: dict[str, Any]) -> dict[str, Any]:
    """The answer of the oracle, with how many say it where names of asserters differ by more than spelling."""
    if "parts" not in found:
        return found
    parts = {scope: part | {"asserted_by": len(set(part["asserted_by"]))} for scope, part in found["parts"].items()}
    return found | {"parts": parts, "conflicts": sorted(found["conflicts"], key=str)}


@thorough
@given(st.data())
def test_every_answer_is_that_of_the_oracle(data: st.DataObject) -> None:
    history = data.draw(histories())
    recorded = Recorded(history)
    for question in data.draw(st.lists(questions(history), min_size=POINTS, max_size=POINTS)):
        note(f"{question}")
        assert comparable(answer(question, recorded)) == comparable(question.ask(history))


@needs_reference
@thorough
@given(st.data())
def test_every_answer_to_a_simple_history_is_that_of_the_reference(data: st.DataObject) -> None:
    history = data.draw(histories(simple=True))
    recorded = Recorded(history)
    claims, responses = to_reference(history)
    for drawn in data.draw(st.lists(questions(history), min_size=POINTS, max_size=POINTS)):
        question = known_to_reference(drawn, responses)
        note(f"{question}")
        ours = without_voices(reference_form(answer(question, recorded)))
        assert ours in [without_voices(theirs) for theirs in answers_of_reference(question, claims, responses)]


def without_voices(found: dict[str, Any]) -> dict[str, Any]:
    """The answer with how many say it: keys of authors are spelled differently."""
    return found | {"parts": {scope: (*part[:2], len(part[2])) for scope, part in found["parts"].items()}}


@thorough
@given(st.data())
def test_the_order_of_recording_does_not_matter_for_the_newest_state(data: st.DataObject) -> None:
    history = data.draw(histories())
    other = data.draw(reorderings(history))
    one, two = Recorded(history), Recorded(other)
    for question in data.draw(st.lists(questions(history), min_size=POINTS, max_size=POINTS)):
        now = Question(question.about, question.as_of, question.published_by, None, question.according_to)
        note(f"{now}")
        assert comparable(answer(now, one)) == comparable(answer(now, two))


@thorough
@given(st.data())
def test_stances_are_those_of_the_oracle(data: st.DataObject) -> None:
    history = data.draw(histories())
    recorded = Recorded(history)
    for question in data.draw(st.lists(questions(history), min_size=3, max_size=3)):
        note(f"{question}")
        for entity in ("ant", "bee", "cat", "pat"):
            assert stances_told(entity, question, recorded) == stances_expected(entity, question, history)


def stances_told(entity: str, question: Question, recorded: Recorded) -> dict[Any, list[Any]]:
    """The answer of the service in the oracle's form."""
    point, knowledge = point_of(question, recorded), recorded.knowledge()
    found: dict[Any, list[Any]] = {}
    for p in entity_state(knowledge, entity, point).stances:
        if not p.is_negated:
            place = found.setdefault(p.key._replace(speaker=spelled_alike(p.key.speaker)), [])
            place.append((iso(p.when.earliest), iso(p.when.latest), sorted(map(recorded.ref, p.grounds.claims))))
    return {key: sorted(when) for key, when in found.items()}


def stances_expected(entity: str, question: Question, history: list[dict[str, Any]]) -> dict[Any, list[Any]]:
    """The answer of the oracle, by speakers as both spell them."""
    expected: dict[Any, list[Any]] = {}
    for (speaker, *rest), when in oracle.stances(history, entity, question.as_of, **question.clocks).items():
        expected.setdefault((spelled_alike(speaker), *rest), []).extend(when)
    return {key: sorted(when) for key, when in expected.items()}


def spelled_alike(speaker: str) -> str:
    """The entities who speak; nothing for authors and voices without a name, which are spelled differently."""
    return speaker if KINDS.keys() >= set(speaker.split("+")) else ""


def test_days_without_bounds_are_written_alike() -> None:
    assert (iso(BEFORE_ALL), iso(AFTER_ALL)) == ("0000", "9999-99")
