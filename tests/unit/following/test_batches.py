"""Lines of the feed, put together to what is taken over at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frenemies import Unreachable
from frenemies.event import CAUGHT_UP, EVENT, TEXTS, Line
from service.feeds.events import EventWriter
from service.following import batch
from service.following.batch import batches
from service.store.protocol import ErasableText, StoredRecord

EPOCH = uuid4()
WRITER = EventWriter(EPOCH)
TEXT = ErasableText(uuid4(), "authors", b"salt", "digest", "Pat")
RECORDS = [
    StoredRecord(n, f"claim-{n}", 1, "Noted.v1", b"{}", datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=n))
    for n in range(1, 9)
]


def event(record: StoredRecord) -> Line:
    return Line(EVENT, WRITER.cursor(record.position), record.position, WRITER.event(record))


def texts(position: int, *told: ErasableText) -> Line:
    return Line(TEXTS, WRITER.cursor(position), position, WRITER.texts(position, told or [TEXT]))


def caught_up(position: int) -> Line:
    return Line(CAUGHT_UP, WRITER.cursor(position), position, WRITER.checkpoint(position))


class Came:
    """Lists of lines that came from a client."""

    def __init__(self, lists: list[list[Line]], *, is_cut: bool = False) -> None:
        self.caught_up = False
        self._lists = lists
        self._is_cut = is_cut

    def __iter__(self) -> Iterator[list[Line]]:
        for lines in self._lists:
            self.caught_up = self.caught_up or any(line.kind == CAUGHT_UP for line in lines)
            yield lines
        if self._is_cut:
            raise Unreachable("cut")


@given(st.lists(st.integers(0, 10), max_size=6), st.integers(0, 8))
def test_however_lines_come_each_event_comes_once_with_the_texts_before_it(cuts: list[int], live_after: int) -> None:
    lines = [event(record) for record in RECORDS]
    lines[4:4] = [texts(4)]
    lines.insert(live_after, caught_up(lines[live_after - 1].position if live_after else 0))
    ends = [*sorted(cuts), len(lines)]
    lists = [lines[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    lists.append([caught_up(8)])
    made = list(batches(Came(lists), EPOCH))
    assert [record for one in made for record in one.records] == RECORDS
    (holding,) = [one for one in made if one.texts]
    assert list(holding.texts.values()) == [TEXT]
    assert 5 in [record.position for record in holding.records]
    assert made[-1].is_even and made[-1].position == 8


def test_a_batch_of_history_is_large_and_of_bounded_size() -> None:
    lists = [[event(record)] for record in RECORDS]
    before, batch.MOST_EVENTS = batch.MOST_EVENTS, 3
    try:
        sizes = [len(one.records) for one in batches(Came([*lists, [caught_up(8)]]), EPOCH)]
    finally:
        batch.MOST_EVENTS = before
    assert sizes == [3, 3, 2]


def test_silence_is_a_sign_of_life_that_says_whether_all_is_there() -> None:
    early, late = batches(Came([[], [caught_up(0)]]), EPOCH), list(batches(Came([[caught_up(0)], []]), EPOCH))
    assert not next(early).is_even
    assert [(one.records, one.is_even) for one in late] == [([], True), ([], True)]


def test_of_a_text_that_was_forgotten_in_between_the_reference_that_came_last_counts() -> None:
    again = replace(TEXT, reference=uuid4(), salt=b"other", digest="other")
    lists = [[texts(0, TEXT), event(RECORDS[0]), texts(1, again), event(RECORDS[1]), caught_up(2)]]
    (made,) = batches(Came(lists), EPOCH)
    assert list(made.texts.values()) == [again]


def test_texts_count_for_the_size_of_a_batch_and_wait_for_their_events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MOST_BYTES", 5_000)
    long = replace(TEXT, content="x" * 6_000)
    lists = [[event(RECORDS[0]), texts(1, long)], [event(RECORDS[1])], [event(RECORDS[2]), caught_up(3)]]
    made = list(batches(Came(lists), EPOCH))
    assert [([record.position for record in one.records], list(one.texts.values())) for one in made] == [
        ([1], []), ([2], [long]), ([3], []),
    ]  # fmt: skip


def test_what_came_before_the_link_broke_is_handed_out() -> None:
    made = batches(Came([[event(RECORDS[0])], [event(RECORDS[1])]], is_cut=True), EPOCH)
    assert next(made).records == RECORDS[:2]
    with pytest.raises(Unreachable):
        next(made)


def test_events_that_come_slowly_do_not_wait_for_a_large_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 1_000, 2))
    monkeypatch.setattr(batch, "monotonic", lambda: float(next(clock)))
    made = batches(Came([[event(record)] for record in RECORDS]), EPOCH)
    assert [len(one.records) for one in made] == [1] * len(RECORDS)
