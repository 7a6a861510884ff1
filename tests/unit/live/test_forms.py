"""The forms of the feed are read back by readers that know only the standards."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from service.feeds.events import EventReader
from service.feeds.forms import (
    CAUGHT_UP,
    CHECKPOINT,
    ENDED,
    HEARTBEAT,
    TEXTS,
    batch,
    beginning,
    ending,
    lines,
    marker,
    streamed,
)  # fmt: skip
from tests.unit.live.live import EPOCH, WRITER, record
from tests.unit.live.sse import Message, messages

STATES = st.one_of(
    st.binary(max_size=60),
    st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3).map(lambda d: json.dumps(d).encode()),
    st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3).map(
        lambda d: json.dumps(d, ensure_ascii=False, indent=1).encode()
    ),
    st.text(alphabet='{}":\r\n\u2028\u0085\ufeff,a1 ', max_size=30).map(str.encode),
)


@pytest.mark.case(number=62)
@given(st.lists(STATES, max_size=6))
def test_whatever_was_stored_is_read_back_from_every_form(states: list[bytes]) -> None:
    records = [replace(record(number), state=state) for number, state in enumerate(states, 1)]
    told = [WRITER.event(one) for one in records]
    reader = EventReader(EPOCH)

    streamed_back = messages(b"".join(streamed(WRITER.cursor(n), one) for n, one in enumerate(told, 1)))
    assert [m.name for m in streamed_back] == ["message"] * len(told)
    assert [m.data.encode() for m in streamed_back] == told
    assert [m.last_id for m in streamed_back] == [json.loads(one)["id"] for one in told]

    assert lines(told).split(b"\n") == [*told, b""]
    assert json.loads(batch(told)) == [json.loads(one) for one in told]
    assert [reader.record(one) for one in told] == records


@pytest.mark.parametrize("name", [CAUGHT_UP, CHECKPOINT, TEXTS])
def test_a_marker_has_a_name_and_moves_the_last_id(name: str) -> None:
    told = marker(name, WRITER.cursor(4), WRITER.checkpoint(4))
    assert messages(told) == [Message(name, WRITER.checkpoint(4).decode(), WRITER.cursor(4))]
    assert messages(told + streamed(WRITER.cursor(5), b"{}"))[1] == Message("message", "{}", WRITER.cursor(5))


def test_the_end_says_why_and_leaves_the_last_id() -> None:
    told = streamed(WRITER.cursor(4), b"{}") + ending("It\r\n\nstops: id: 7")
    assert messages(told)[1] == Message(ENDED, '{"reason":"It\\r\\n\\nstops: id: 7"}', WRITER.cursor(4))


def test_a_heartbeat_and_the_beginning_tell_no_event() -> None:
    assert messages(beginning(1_000) + HEARTBEAT * 3) == []
    told = streamed(WRITER.cursor(4), b"{}")
    assert messages(beginning(1_000) + told) == messages(told)
    assert beginning(1_000).startswith(b"retry: 1000\n") and HEARTBEAT.startswith(b":")


def test_an_event_that_is_cut_off_is_not_told() -> None:
    whole = streamed(WRITER.cursor(4), b'{"a":1}')
    assert all(messages(whole[:end]) == [] for end in range(len(whole)))
