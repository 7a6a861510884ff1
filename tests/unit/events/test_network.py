"""Neighbourhoods, paths and frenemies, against tables and against slow programs of their definitions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.facts import CONTESTED, HOLDS, NOT_HELD, PLANNED, POSSIBLY, UNKNOWN, FactState
from events.network import (
    Frenemies,
    TooWide,
    Wanted,
    frenemies,
    in_order,
    listed,
    neighbourhood,
    opposed_stands,
    shortest_path,
    voices,
)
from events.relationships import PartState, RelationState, relation_state
from events.stances import StancePoint, stance_points
from events.temporal import parse_day
from events.values import AssertedBy, ClaimContent
from events.vocabulary import COOPERATIVE, DISPUTABLE, RIVAL, relation_key
from tests.unit.events.examples import ANT_SAYS, AUTHOR, BEE_SAYS, JULY, Story, claim

DAY = "2014-12-31"
MOST = 100
NAMES = ("a", "b", "c", "d", "e", "f")


def related(subject: str, other: str, relation: str = "owns", status: str = HOLDS) -> RelationState:
    return RelationState(relation_key(relation, subject, other), FactState(status))


def disputed(subject: str, other: str) -> RelationState:
    """An agreement that holds and of which one part is contested."""
    part = PartState({"term": "scope"}, FactState(CONTESTED), {}, (), ())
    return RelationState(relation_key("agreement_with", subject, other), FactState(HOLDS), parts=(part,))


class Graph:
    """Relations in a list, and how often somebody asked for some."""

    def __init__(self, *pairs: str | RelationState) -> None:
        self.states = [related(*pair) if isinstance(pair, str) else pair for pair in pairs]
        self.asked = 0

    def of(self, entities: Sequence[str]) -> list[RelationState]:
        self.asked += 1
        return [state for state in self.states if not {*state.key[1:]}.isdisjoint(entities)]

    def among(self, entities: Sequence[str]) -> list[RelationState]:
        return [state for state in self.states if {*state.key[1:]}.issubset(entities)]

    def around(self, center: str, depth: int, most: int = MOST) -> tuple[list[str], list[str]]:
        found = neighbourhood(center, depth, self.of, self.among, most)
        return list(found.entities), ["".join(state.key[1:]) for state in found.relations]

    def path(self, start: str, goal: str, steps: int = 6, most: int = MOST) -> str | None:
        found = shortest_path(start, goal, self.of, steps, most)
        return None if found is None else start + "".join(step.end for step in found)


# which relations count


@pytest.mark.parametrize(
    ("wanted", "statuses"),
    [
        (Wanted(), {HOLDS, POSSIBLY, CONTESTED, PLANNED, "unconfirmed"}),
        (Wanted(with_ended=True), {HOLDS, POSSIBLY, CONTESTED, PLANNED, "unconfirmed", NOT_HELD, UNKNOWN}),
        (Wanted(status=NOT_HELD), {NOT_HELD}),
        (Wanted(relation="owns", status=HOLDS), {HOLDS}),
        (Wanted(relation="supports"), set()),
    ],
)
def test_what_is_over_or_unknown_has_to_be_wanted(wanted: Wanted, statuses: set[str]) -> None:
    everything = (HOLDS, POSSIBLY, CONTESTED, PLANNED, "unconfirmed", NOT_HELD, UNKNOWN)
    assert {status for status in everything if wanted.takes(related("a", "b", status=status))} == statuses


def test_relations_are_listed_under_their_subjects_each_once() -> None:
    states = [related("b", "a"), related("a", "c"), related("a", "b", "supports"), related("a", "c")]
    assert [listed(state.key) for state in in_order(states)] == [
        ("a", "owns", "c"),
        ("a", "supports", "b"),
        ("b", "owns", "a"),
    ]


# neighbourhoods


@pytest.mark.parametrize(
    ("depth", "entities", "relations"),
    [
        (1, "abc", ["ab", "bc", "ca"]),
        (2, "abcd", ["ab", "bc", "ca", "dc"]),
        (3, "abcde", ["ab", "bc", "ca", "dc", "de"]),
    ],
)
def test_a_neighbourhood_has_all_relations_among_its_entities(depth: int, entities: str, relations: list[str]) -> None:
    graph = Graph("ab", "bc", "ca", "dc", "de", "ef", "xy")
    assert graph.around("a", depth) == (list(entities), relations)


def test_an_entity_without_relations_is_its_own_neighbourhood() -> None:
    assert Graph("bc").around("a", 3) == (["a"], [])


def test_a_neighbourhood_may_be_as_wide_as_the_limit_and_no_wider() -> None:
    graph = Graph("ab", "ac", "ad")
    assert len(graph.around("a", 1, most=4)[0]) == 4
    with pytest.raises(TooWide):
        graph.around("a", 1, most=3)


# paths


@pytest.mark.parametrize(
    ("start", "goal", "way"),
    [
        ("a", "a", "a"),
        ("a", "b", "ab"),
        ("b", "a", "ba"),
        ("a", "d", "abd"),
        ("d", "a", "dba"),
        ("a", "e", "abde"),
        ("a", "x", None),
        ("a", "nobody", None),
    ],
)
def test_the_path_is_the_shortest_and_of_several_the_first_by_ids(start: str, goal: str, way: str | None) -> None:
    assert Graph("ac", "ab", "cd", "db", "de", "xy").path(start, goal) == way


def test_ties_are_broken_at_the_first_entity_that_differs() -> None:
    assert Graph("ab", "ac", "bf", "cd", "dg", "fg").path("a", "g") == "abfg"


def test_a_step_goes_by_all_relations_between_two() -> None:
    graph = Graph("ba", related("a", "b", "supports"), related("a", "b", "partner_of"), "bc")
    (step,) = shortest_path("a", "b", graph.of, 6, MOST) or ()
    assert [state.key[0] for state in step.relations] == ["partner_of", "supports", "owns"]


def test_a_path_has_no_more_steps_than_the_limit() -> None:
    chain = Graph("ab", "bc", "cd")
    assert (chain.path("a", "d", steps=3), chain.path("a", "d", steps=2)) == ("abcd", None)


def test_a_goal_next_to_a_hub_is_found_though_the_hub_has_more_relations_than_the_limit() -> None:
    hub = Graph(*(f"h{name}" for name in "abcdefg"), "gx")
    assert hub.path("a", "g", most=3) == "ahg"
    with pytest.raises(TooWide):
        hub.path("a", "x", most=3)


def test_nothing_more_is_read_once_the_goal_is_reached() -> None:
    graph = Graph("ab", "bc", "cd")
    graph.path("a", "b")
    assert graph.asked == 1


pairs = st.sets(st.sampled_from(list(permutations(NAMES, 2))), max_size=12)


def distances(edges: set[tuple[str, str]], start: str) -> dict[str, int]:
    """How far each entity is, found by going over all relations until nothing changes."""
    far = {start: 0}
    for _ in NAMES:
        for one, other in [*edges, *((b, a) for a, b in edges)]:
            if one in far and far[one] + 1 < far.get(other, len(NAMES)):
                far[other] = far[one] + 1
    return far


@given(pairs, st.integers(1, 3))
def test_a_neighbourhood_is_what_its_definition_says(edges: set[tuple[str, str]], depth: int) -> None:
    graph = Graph(*(related(*edge) for edge in edges))
    near = {name for name, far in distances(edges, "a").items() if far <= depth}
    expected = sorted("".join(edge) for edge in edges if near.issuperset(edge))
    assert graph.around("a", depth) == (sorted(near), expected)


@given(pairs, st.integers(1, 6))
def test_a_path_is_the_first_of_all_shortest_ways(edges: set[tuple[str, str]], steps: int) -> None:
    graph = Graph(*(related(*edge) for edge in edges))
    linked = edges | {(b, a) for a, b in edges}
    ways = [
        ("a", *between, "b")
        for length in range(steps)
        for between in permutations([name for name in NAMES if name not in "ab"], length)
    ]
    possible = [way for way in ways if all(step in linked for step in zip(way, way[1:], strict=False))]
    expected = min(possible, key=lambda way: (len(way), way), default=None)
    assert graph.path("a", "b", steps) == (None if expected is None else "".join(expected))


# frenemies


def told(day: str = DAY, **claims: ClaimContent) -> list[tuple[tuple[str, str], list[str], list[str], list[str]]]:
    """The pairs of a story: who, by which relations they cooperate and oppose, and by which stances."""
    hearing = Story(**claims).hearing(day)
    states = [relation_state(hearing, key, parse_day(day)) for key in hearing.about]
    found = frenemies(states, stance_points(hearing.live), parse_day(day))
    return [(pair.entities, names(pair.cooperating), names(pair.opposing), stands(pair)) for pair in found]


def names(states: Sequence[RelationState]) -> list[str]:
    return [state.key[0] for state in states]


def stands(pair: Frenemies) -> list[str]:
    return [f"{stand.point.key.speaker} {stand.point.key.stance} {stand.status}" for stand in pair.stances]


def against(edtf: str = "2014-05-01", stance: str = "hostile", **changes: Any) -> ClaimContent:
    return claim("statement", edtf, stance=stance, **changes)


def test_partners_who_compete_are_frenemies() -> None:
    assert told(a=claim("partnership"), b=claim("competition")) == [
        (("ant", "bee"), ["partner_of"], ["competes_with"], [])
    ]


def test_one_side_alone_makes_no_frenemies() -> None:
    assert told(a=claim("partnership")) == []
    assert told(a=claim("competition"), b=against()) == []
    assert told(a=claim("competition"), b=claim("acquisition")) == []


def test_both_sides_have_to_be_of_one_day() -> None:
    story = {
        "a": claim("partnership", "2013-01-01"),
        "b": claim("partnership", "2014-01-01", stage="ended"),
        "c": claim("competition", "2014-06-01"),
    }
    assert told("2013-06-01", **story) == told("2014-12-31", **story) == []
    assert [pair[0] for pair in told("2014-12-31", a=story["a"], c=story["c"])] == [("ant", "bee")]


def test_a_planned_partnership_is_no_cooperation_yet() -> None:
    assert told("2014-07-01", a=claim("partnership", "2016", modality="planned"), b=claim("competition")) == []


def test_a_contested_agreement_is_both_sides() -> None:
    story = Story(
        a=claim("agreement", by=ANT_SAYS, term="price"), b=claim("agreement", "2014-05-01", JULY, by=BEE_SAYS)
    )
    story.claim("c", claim("agreement", "2014-05-01", JULY, by=BEE_SAYS, term="price", polarity="negative"))
    story.response("r", "deny", "c", "a", JULY)
    state = story.relation(("agreement_with", "ant", "bee"), DAY)
    assert (state.status, state.is_contested) == (HOLDS, True)
    (pair,) = frenemies([state], (), parse_day(DAY))
    assert (pair.cooperating, pair.opposing) == ((state,), (state,))


@pytest.mark.parametrize("stance", ["hostile", "sceptical"])
def test_a_partner_who_speaks_against_the_other_is_a_frenemy(stance: str) -> None:
    assert told(a=claim("partnership"), b=against(stance=stance)) == [
        (("ant", "bee"), ["partner_of"], [], [f"ant {stance} holds"])
    ]


@pytest.mark.parametrize("changes", [{"stance": "friendly"}, {"stance": "neutral"}, {"polarity": "negative"}])
def test_other_stances_oppose_nobody(changes: dict[str, Any]) -> None:
    assert told(a=claim("partnership"), b=against(**changes)) == []


def test_who_speaks_for_somebody_opposes_in_their_name() -> None:
    pat = [("speaker", "pat"), ("about", "bee")]
    assert told(a=claim("partnership"), b=against(roles=pat, by=ANT_SAYS)) == [
        (("ant", "bee"), ["partner_of"], [], ["pat hostile holds"])
    ]
    assert told(a=claim("partnership"), b=against(roles=pat, by=AUTHOR)) == []


def test_a_stance_without_a_speaker_is_that_of_who_asserts_it() -> None:
    about = [("about", "bee")]
    assert [pair[0] for pair in told(a=claim("partnership"), b=against(roles=about, by=ANT_SAYS))] == [("ant", "bee")]
    assert told(a=claim("partnership"), b=against(roles=about, by=AUTHOR)) == []
    release = AssertedBy("press_release", (), ("ant",))
    (point,) = stance_points(Story(b=against(roles=about, by=release)).hearing().live)
    assert voices(point) == {"ant"}


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2014-04-30", []),
        ("2014-05-01", [POSSIBLY]),
        ("2014-05-31", [HOLDS]),
        ("2014-06-30", [HOLDS]),
        ("2014-07-01", [POSSIBLY]),
        ("2014-07-31", []),
    ],
)
def test_a_stance_stands_until_a_favourable_one_of_its_speaker(day: str, expected: list[str]) -> None:
    story = Story(a=against("2014-05"), b=claim("statement", "2014-07", JULY, stance="supportive"))
    points = stance_points(story.hearing().live)
    assert [stand.status for stand in opposed_stands(points, parse_day(day))] == expected


@pytest.mark.parametrize(
    "other",
    [
        claim("statement", "2014-04-01", stance="friendly"),
        claim("statement", "[2014-04-01..2014-06-01]", stance="friendly"),
        claim("statement", "2014-06-01", stance="neutral"),
        claim("statement", "2014-06-01", stance="friendly", polarity="negative"),
        claim("statement", "2014-06-01", stance="friendly", roles=[("speaker", "cat"), ("about", "bee")]),
        claim("statement", "2014-06-01", stance="friendly", roles=[("speaker", "ant"), ("about", "cat")]),
    ],
)
def test_what_is_earlier_of_the_same_days_or_of_others_takes_no_stance_back(other: ClaimContent) -> None:
    points = stance_points(Story(a=against(), b=other).hearing().live)
    assert [stand.point.grounds.claims for stand in opposed_stands(points, parse_day(DAY))] == [("a",)]


def test_not_being_hostile_any_more_takes_a_stance_back() -> None:
    points = stance_points(Story(a=against(), b=against("2014-06-01", polarity="negative")).hearing().live)
    assert opposed_stands(points, parse_day(DAY)) == []


def test_pairs_come_in_the_order_of_their_ids() -> None:
    states = [related(*pair, relation) for pair in ("ca", "ba", "cb") for relation in ("supports", "competes_with")]
    assert [pair.entities for pair in frenemies(states, (), 0)] == [("a", "b"), ("a", "c"), ("b", "c")]


relations = st.builds(
    related,
    st.sampled_from("abc"),
    st.sampled_from("def"),
    st.sampled_from(sorted(COOPERATIVE | RIVAL | {"owns"})),
    st.sampled_from((HOLDS, POSSIBLY, CONTESTED, PLANNED, NOT_HELD, UNKNOWN)),
)
agreements = st.builds(disputed, st.sampled_from("abc"), st.sampled_from("def"))


@given(st.lists(relations | agreements, unique_by=lambda state: state.key), st.data())
def test_frenemies_are_what_their_definition_says(states: list[RelationState], data: st.DataObject) -> None:
    speakers = data.draw(st.sets(st.tuples(st.sampled_from("abc"), st.sampled_from("def"))))
    roles = [[("speaker", speaker), ("about", about)] for speaker, about in sorted(speakers)]
    hearing = Story(**{f"c{n}": against(roles=one) for n, one in enumerate(roles)}).hearing()
    points: tuple[StancePoint, ...] = stance_points(hearing.live)
    expected = []
    for pair in [(one, other) for one in "abc" for other in "def"]:
        theirs = [s for s in states if set(s.key[1:]) == set(pair) and s.status in (HOLDS, POSSIBLY, CONTESTED)]
        friends = {s.key[0] for s in theirs if s.key[0] in COOPERATIVE}
        rivals = {s.key[0] for s in theirs if s.key[0] in RIVAL or (s.key[0] in DISPUTABLE and s.is_contested)}
        if friends and (rivals or pair in speakers):
            expected.append((pair, friends, rivals, pair in speakers))
    found = frenemies(states, points, parse_day(DAY))
    assert [(p.entities, set(names(p.cooperating)), set(names(p.opposing)), bool(p.stances)) for p in found] == expected
