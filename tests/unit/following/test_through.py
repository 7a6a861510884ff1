"""Reading a log through a stream that may lack, double, mix up or forge anything but its own true events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frenemies.event import EVENT, TEXTS, Line, line_of
from service.feeds.events import EventWriter
from service.following import through
from service.following.through import LinesThrough
from service.jetstream.errors import JetStreamUnavailable
from service.jetstream.messages import Stored
from service.store.protocol import StoredRecord

EPOCH, OTHER = UUID(int=1), UUID(int=2)
COUNT = 12
WITH_TEXT = {3, 4, 9}
AT = datetime(2026, 1, 1, tzinfo=UTC)


def record(position: int) -> StoredRecord:
    state = b'{"name":{"reference":"x"}}' if position in WITH_TEXT else b'{"name":"E"}'
    return StoredRecord(position, f"entity-e{position}", 1, "EntityRegistered.v1", state, AT)


WRITER = EventWriter(EPOCH)
LOG = [WRITER.event(record(position)) for position in range(1, COUNT + 1)]
FORMS = {
    "right": lambda position: LOG[position - 1],
    "of another log": lambda position: EventWriter(OTHER).event(record(position)),
    "too large": WRITER.checkpoint,
    "of another position": lambda position: LOG[position % COUNT],
    "garbage": lambda position: b"\xff{",
}


@dataclass
class Feed:
    """The leader as far as it is asked here."""

    asked: list[tuple[int, int]] = field(default_factory=list)

    def head(self) -> int:
        return COUNT

    @contextmanager
    def lines(self, epoch: UUID, after: int, *, live: bool, until: int) -> Iterator[Any]:
        assert epoch == EPOCH and not live and after < until
        self.asked.append((after, until))
        yield Lines(after, until)


class Lines:
    def __init__(self, after: int, until: int) -> None:
        self._places = range(after + 1, min(until, COUNT) + 1)

    def __iter__(self) -> Iterator[list[Line]]:
        for position in self._places:
            texts = [Line(TEXTS, "", position - 1, b"texts")] if position in WITH_TEXT else []
            line = line_of(LOG[position - 1])
            assert line is not None
            yield [*texts, line]

    def close(self) -> None:
        pass


class Script:
    """A stream: what comes, list by list, and None where its link breaks; then nothing more."""

    def __init__(self, lists: Sequence[Sequence[tuple[int, str]] | None]) -> None:
        self._lists = list(lists)

    def read(self, after: int) -> Script:
        return self

    def next(self, seconds: float) -> list[Stored]:
        if not self._lists:
            return []
        came = self._lists.pop(0)
        if came is None:
            raise JetStreamUnavailable()
        return [Stored(sequence, FORMS[form](sequence), len(self._lists)) for sequence, form in came]

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(through, "ASK_SECONDS", 0.0)
    monkeypatch.setattr(through, "_PAUSE", 0.0)


def read(*lists: Sequence[tuple[int, str]] | None, after: int = 0) -> tuple[list[Line], Feed]:
    """All lines up to the end of the log, and what the leader was asked for."""
    feed = Feed()
    found: list[Line] = []
    with LinesThrough(feed, Script(lists).read, EPOCH, after, COUNT) as lines:  # type: ignore[arg-type]
        for some in lines:
            found += some
            if found and found[-1].position >= COUNT:
                assert lines.caught_up or lists
                break
    return found, feed


def right(first: int, last: int) -> list[tuple[int, str]]:
    return [(sequence, "right") for sequence in range(first, last + 1)]


def events(lines: Sequence[Line]) -> list[bytes]:
    return [line.raw for line in lines if line.kind == EVENT]


def test_events_without_texts_come_from_the_stream_and_stretches_with_texts_from_the_leader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(through, "ASK_SECONDS", 60.0)
    found, feed = read(right(1, 6), right(7, 12))
    assert events(found) == LOG
    assert feed.asked == [(2, 4), (8, 9)]
    assert [line.position for line in found if line.kind == TEXTS] == [2, 3, 8]


def test_a_gap_is_read_from_the_leader_and_not_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(through, "ASK_SECONDS", 60.0)
    found, feed = read(right(5, 6), [*right(7, 7), *right(10, 12)], after=4)
    assert events(found) == LOG[4:]
    assert feed.asked == [(7, 9)]


def test_what_comes_again_is_left_out() -> None:
    found, feed = read(right(5, 8), None, right(1, 8), right(10, 12), after=4)
    assert events(found) == LOG[4:]


def test_what_the_stream_never_tells_is_read_from_the_leader() -> None:
    found, _ = read([], [], after=2)
    assert events(found) == LOG[2:]


def test_while_the_stream_is_out_of_reach_the_leader_is_read() -> None:
    found, _ = read(None, None)
    assert events(found) == LOG


messages = st.dictionaries(st.integers(1, COUNT), st.sampled_from(sorted(FORMS)), max_size=8).map(
    lambda forms: sorted(forms.items())
)
"""In the order of their sequences, as JetStream sends them to one consumer."""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.lists(st.one_of(st.none(), messages), max_size=8), st.integers(0, COUNT - 1))
def test_whatever_a_stream_sends_the_log_comes_out_whole_and_in_order(
    lists: list[list[tuple[int, str]] | None], after: int
) -> None:
    found, _ = read(*lists, after=after)
    assert events(found) == LOG[after:]
    texts = [line.position + 1 for line in found if line.kind == TEXTS]
    assert texts == sorted(WITH_TEXT & set(range(after + 1, COUNT + 1)))
