"""The newest events in memory: what they tell is what choosing from the whole list would."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.live import tail as module
from service.live.front import Front
from service.live.source import MOST_BYTES, MOST_EVENTS
from service.live.tail import Kept, Tail
from service.timeline.feed import ALL, Wanted
from tests.unit.live.live import EPOCH, kept, run

TOPICS, NAMES = ("A.v1", "B.v1", "C.v1"), ("ant", "bee", "cat")
Names = frozenset[str] | None
SOME_NAMES = st.frozensets(st.sampled_from(NAMES))
EVENTS = st.lists(st.tuples(st.sampled_from(TOPICS), st.none() | SOME_NAMES, st.sampled_from((0, 0, 0, 900))))
WANTED = st.builds(Wanted, st.none() | st.frozensets(st.sampled_from(TOPICS)), st.none() | SOME_NAMES)


def with_tail(work: Callable[[Tail], object], start: int, parts: Sequence[Sequence[Kept]]) -> None:
    """Works with a tail that began after a position and got some events, part by part."""

    async def begun() -> None:
        tail = Tail(EPOCH, Front(asyncio.get_running_loop(), start))
        for part in parts:
            tail.put(part)
        work(tail)

    run(begun)


def is_wanted(one: Kept, wanted: Wanted) -> bool:
    of_topic = wanted.topics is None or one.topic in wanted.topics
    return of_topic and (wanted.entities is None or bool(set(one.entities or ()) & wanted.entities))


@given(st.integers(0, 3), EVENTS, st.lists(st.integers(0, 30), max_size=3), WANTED, st.data())
def test_from_any_position_it_tells_what_is_wanted_of_the_whole_list(
    start: int,
    events: list[tuple[str, frozenset[str] | None, int]],
    cuts: list[int],
    wanted: Wanted,
    data: st.DataObject,
) -> None:
    log = [kept(start + number, *about) for number, about in enumerate(events, 1)]
    edges = [0, *sorted(min(cut, len(log)) for cut in cuts), len(log)]
    most, most_bytes = data.draw(st.integers(1, 12)), data.draw(st.sampled_from((1_500, 4_000, 10**6)))

    def check(tail: Tail) -> None:
        assert tail.front.position == start + len(log)
        held = [one for one in log if one.position > tail.start]
        assert len(held) <= most and sum(len(one.told.event) for one in held) <= most_bytes
        for position in range(start + len(log) + 3):
            told = tail.after(position, wanted)
            rest = [one for one in log if one.position > position]
            is_known = wanted.entities is None or all(one.entities is not None for one in rest)
            if position < tail.start or not is_known:
                assert told is None
            else:
                assert told is not None
                assert told.events == [one.told for one in rest if is_wanted(one, wanted)]
                assert told.is_end and told.place == max(position, start + len(log))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_KEPT", most)
        patch.setattr(module, "MOST_BYTES_KEPT", most_bytes)
        with_tail(check, start, [log[one:two] for one, two in zip(edges, edges[1:], strict=False)])


@given(st.integers(1, 700), st.sampled_from((0, 1_000, 9_000)))
def test_what_is_told_at_once_is_bounded_and_going_on_loses_nothing(count: int, size: int) -> None:
    log = [kept(number, "A.v1", None, size) for number in range(1, count + 1)]

    def check(tail: Tail) -> None:
        seen, place = [], 0
        while True:
            told = tail.after(place, ALL)
            assert told is not None and len(told.events) <= MOST_EVENTS
            assert sum(len(one.event) for one in told.events[:-1]) <= MOST_BYTES
            seen += told.events
            place = told.place
            if told.is_end:
                break
            assert told.events
        assert seen == [one.told for one in log]

    with_tail(check, 0, [log])


def test_an_event_larger_than_all_that_is_kept_moves_it_on_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES_KEPT", 1_000)

    def check(tail: Tail) -> None:
        assert (tail.front.position, tail.start) == (3, 2)
        assert tail.after(1, ALL) is None
        told = tail.after(2, ALL)
        assert told is not None and [one.place for one in told.events] == [3]

    with_tail(check, 0, [[kept(1), kept(2, size=5_000)], [kept(3)]])


def test_whom_nobody_asked_for_when_it_came_has_to_be_looked_up() -> None:
    log = [kept(1), kept(2, "A.v1", frozenset(("ant",)))]

    def check(tail: Tail) -> None:
        assert tail.after(0, Wanted(entities=frozenset(("ant",)))) is None
        told = tail.after(1, Wanted(entities=frozenset(("ant",))))
        assert told is not None and [one.place for one in told.events] == [2]

    with_tail(check, 0, [log])


def test_what_was_told_at_a_place_grows_with_what_comes() -> None:
    def check(tail: Tail) -> None:
        for end in range(1, 30):
            tail.put([kept(end)])
            for place in range(end):
                for _ in range(2):
                    told = tail.after(place, ALL)
                    assert told is not None and [one.place for one in told.events] == list(range(place + 1, end + 1))

    with_tail(check, 0, [])
