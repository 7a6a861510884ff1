"""Runs: whoever reads a feed from its end finds every event once, and the same archives as all others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.feeds import runs
from service.feeds.runs import Found


class One(NamedTuple):
    """An event."""

    key: int
    size: int = 10


class Numbers:
    """Positions up to a head, some of which are wanted; only so many positions are looked at once."""

    def __init__(self, wanted: Sequence[int], head: int, stretch: int = 10_000, size: int = 10) -> None:
        self.wanted = [One(number, size) for number in wanted if number <= head]
        self.head = head
        self.stretch = stretch

    def back(self, until: int, limit: int) -> Found[int, One]:
        floor = max(0, until - self.stretch)
        found = [one for one in reversed(self.wanted) if floor < one.key <= until][:limit]
        rest = found[-1].key - 1 if len(found) == limit else floor
        return Found(found, rest or None)

    def forth(self, after: int, limit: int) -> Found[int, One]:
        last = min(self.head, after + self.stretch)
        found = [one for one in self.wanted if after < one.key <= last][:limit]
        last = found[-1].key if len(found) == limit else last
        return Found(found, None if last >= self.head else last)

    def mark(self, key: int) -> bytes:
        return str(key).encode()


def walked(source: Numbers) -> list[tuple[int, list[int]]]:
    """The end of each document with its events, the newest first."""
    run = runs.run(source, source.head, runs.LEAST)
    documents = [(source.head, [one.key for one in run.events])]
    while run.before is not None:
        end = run.before
        run = runs.run(source, end)
        documents.append((end, [one.key for one in run.events]))
    return documents


def told(documents: list[tuple[int, list[int]]]) -> list[int]:
    return [key for _, keys in documents for key in keys][::-1]


logs = st.integers(0, 3_000).flatmap(
    lambda head: st.tuples(
        st.just(head),
        st.one_of(
            st.builds(lambda step: list(range(1, head + 1, step)), st.integers(1, 400)),
            st.sets(st.integers(1, max(1, head)), max_size=200).map(sorted),
        ),
        st.sampled_from([7, 100, 10_000]),
    )
)


@given(logs)
def test_every_event_is_in_one_document(log: tuple[int, list[int], int]) -> None:
    head, wanted, stretch = log
    source = Numbers(wanted, head, stretch)
    assert told(walked(source)) == [one.key for one in source.wanted]


@given(logs, st.integers(0, 2_000))
def test_later_events_move_no_end(log: tuple[int, list[int], int], more: int) -> None:
    head, wanted, _ = log
    before = walked(Numbers(wanted, head))
    after = dict(walked(Numbers([*wanted, *range(head + 1, head + more + 1)], head + more)))
    for end, keys in before[1:]:
        assert after[end] == keys
    assert set(before[0][1]) <= {key for keys in after.values() for key in keys}


@given(logs)
def test_forwards_they_follow_each_other_as_backwards(log: tuple[int, list[int], int]) -> None:
    head, wanted, _ = log
    source = Numbers(wanted, head)
    ends = [end for end, _ in walked(source)[1:]][::-1]
    for end, following in zip(ends, ends[1:], strict=False):
        assert runs.next_end(source, end) == following


def test_the_newest_document_holds_as_many_as_readers_expect() -> None:
    documents = walked(Numbers(range(1, 20_001), 20_000))
    lengths = [len(keys) for _, keys in documents]
    assert lengths[0] >= runs.LEAST
    assert 40 < sum(lengths) / len(lengths) < 90 and max(lengths) < runs.MOST


def test_a_sparse_feed_has_no_empty_documents_unless_looking_is_too_much() -> None:
    documents = walked(Numbers(range(1, 1_000_000, 5_000), 1_000_000, 100_000))
    assert all(keys for _, keys in documents) and len(documents) < 10
    few = walked(Numbers([5], 10_000, 100))
    assert told(few) == [5] and len(few) == 10_000 / (100 * runs.MOST_LOOKS)


@pytest.mark.case(number=82)
def test_case_82_a_document_is_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Atom with 2,000 page walk; `since` older than retention: capped pages; 410"""
    monkeypatch.setattr(runs, "USUAL", 10**9)
    documents = walked(Numbers(range(1, 5_001), 5_000))
    assert [len(keys) for _, keys in documents] == [1_000] * 5
    assert told(documents) == list(range(1, 5_001))
    large = walked(Numbers(range(1, 21), 20, size=3 << 20))
    assert [len(keys) for _, keys in large] == [2] * 10 and told(large) == list(range(1, 21))
    huge = walked(Numbers(range(1, 4), 3, size=10 << 20))
    assert [len(keys) for _, keys in huge] == [1] * 3
    assert runs.next_end(Numbers(range(1, 5_001), 5_000), 0) is None
