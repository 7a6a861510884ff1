"""Claims that undo others, in chains and in circles."""

from __future__ import annotations

import itertools

import pytest

from events.undoing import Response, Undone, response_of, undone
from tests.unit.events.examples import claim

# Who undoes whom: "ab" is a response of its own, named "a>b", in the name of claim a on claim b.
CASES = [
    ("nobody undoes anybody", "ab", "", ""),
    ("one undoes another", "ab", "ab", "b"),
    ("what was undone undoes nothing", "abc", "ab bc", "b"),
    ("a chain of four", "abcd", "ab bc cd", "bd"),
    ("two undo the same", "abc", "ac bc", "c"),
    ("one of two that undo the same is undone", "abcd", "ac bc da", "ac"),
    ("both of two that undo the same are undone", "abcd", "ac bc da db", "ab"),
    ("two undo each other", "ab", "ab ba", "ab"),
    ("what only a circle would have undone stands", "abc", "ab ba bc", "ab"),
    ("a circle is broken from outside", "abc", "ca ab ba", "a"),
    ("a circle of three", "abc", "ab bc ca", "abc"),
    ("a claim undoes itself", "a", "aa", "a"),
    ("what undoes itself undoes nothing else", "ab", "aa ab", "a"),
    ("two circles, one on the other", "abcd", "ab ba bc cd dc", "abcd"),
    ("an unknown claim undoes nothing", "b", "xb", ""),
    ("an unknown claim is not undone", "a", "ax", ""),
]


def responses(pairs: str) -> list[Response]:
    return [Response(f"{by}>{target}", by, target, "correct", None) for by, target in map(tuple, pairs.split())]


@pytest.mark.parametrize(("claims", "pairs", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_an_undoing_counts_unless_its_own_claim_is_undone(claims: str, pairs: str, expected: str) -> None:
    undoings = responses(pairs)
    known = {*claims, *(undoing.claim for undoing in undoings)}
    for order in itertools.permutations(undoings):
        found = undone(known, set(), order)
        assert {item.claim for item in found} == set(expected)
        assert {(item.by, item.claim) for item in found} <= {(u.by, u.target) for u in undoings}


@pytest.mark.parametrize(
    ("kind", "why"), [("correct", "corrected"), ("supersede", "superseded"), ("retract", "retracted")]
)
def test_how_a_claim_was_undone_is_told(kind: str, why: str) -> None:
    assert undone({"a", "b", "r"}, set(), [Response("r", "a", "b", kind, None)]) == [Undone("b", why, "a")]


def test_a_response_whose_own_claim_is_undone_stops_counting() -> None:
    both = [Response("r", "a", "b", "correct", None), Response("s", "c", "r", "retract", None)]
    assert undone({"a", "b", "c", "r", "s"}, set(), both) == [Undone("r", "retracted", "c")]


def test_a_response_that_does_not_count_is_no_reason_even_in_a_circle() -> None:
    circle = [Response("r1", "a", "b", "correct", None), Response("r2", "b", "a", "correct", None)]
    gone = [Response("r3", "b", "a", "retract", None), Response("r4", "c", "r3", "correct", None)]
    found = undone({"a", "b", "c", "r1", "r2", "r3", "r4"}, set(), circle + gone)
    assert {(item.claim, item.why) for item in found} == {("a", "corrected"), ("b", "corrected"), ("r3", "corrected")}


def test_a_claim_that_the_recorder_retracted_undoes_nothing() -> None:
    assert undone({"b", "r"}, {"a"}, [Response("r", "a", "b", "correct", None)]) == []


def test_a_claim_that_the_recorder_retracted_is_undone_by_others_too() -> None:
    assert undone({"a", "r"}, {"b"}, [Response("r", "a", "b", "correct", None)]) == [Undone("b", "corrected", "a")]


def test_a_claim_without_another_one_behind_it_responds_in_its_own_name() -> None:
    content = claim("response", response="correct", target="b", aspect="price")
    assert response_of("r", content) == Response("r", "r", "b", "correct", "price")
    assert undone({"b", "r"}, set(), [Response("r", "r", "b", "correct", None)]) == [Undone("b", "corrected", "r")]


def test_a_claim_that_does_not_respond_is_no_response() -> None:
    assert response_of("c", claim()) is None
    assert response_of("c", claim("response", polarity="negative")) is None
