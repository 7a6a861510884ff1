"""Cursors and the forms of events."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.feeds.cursor import BadCursor, OtherEpoch, format_cursor, parse_cursor
from service.feeds.events import CloudEvent, EventWriter
from service.store.protocol import StoredRecord


@given(st.uuids(), st.integers(0, 2**63 - 1))
def test_a_cursor_means_what_it_was_made_of(epoch: UUID, position: int) -> None:
    text = format_cursor(epoch, position)
    assert len(text) == 32 and parse_cursor(text) == (epoch, position)


@given(st.text(max_size=40))
def test_only_what_was_handed_out_is_a_cursor(text: str) -> None:
    try:
        cursor = parse_cursor(text)
    except BadCursor as error:
        assert error.pointer == "lastEventId"
    else:
        assert format_cursor(*cursor) == text


def test_a_cursor_counts_in_one_log_only() -> None:
    epoch = uuid4()
    cursor = parse_cursor(format_cursor(epoch, 5))
    cursor.demand_epoch(epoch)
    with pytest.raises(OtherEpoch):
        cursor.demand_epoch(uuid4())


def test_cursors_of_one_log_sort_like_their_positions_once_decoded() -> None:
    epoch = uuid4()
    positions = [0, 1, 255, 256, 2**32, 2**63 - 1]
    assert [parse_cursor(format_cursor(epoch, p)).position for p in positions] == positions


RECORD = StoredRecord(
    7,
    "entity-red-hat",
    3,
    "EntityRegistered.v1",
    b'{"content":{"kind":"company"},"recorder":{"key":"local"}}',
    datetime(2026, 11, 20, 14, 0, 0, 5, tzinfo=UTC),
)


def test_an_event_is_told_as_it_was_stored() -> None:
    epoch = uuid4()
    assert json.loads(EventWriter(epoch).event(RECORD)) == {
        "specversion": "1.0",
        "id": format_cursor(epoch, 7),
        "source": "/v1/feed",
        "type": "io.frenemies.EntityRegistered.v1",
        "subject": "entity/red-hat",
        "time": "2026-11-20T14:00:00.000005Z",
        "dataschema": "/v1/event-types/EntityRegistered.v1",
        "datacontenttype": "application/json",
        "sequence": "7",
        "streamversion": 3,
        "data": {"id": "red-hat", "content": {"kind": "company"}, "recorder": {"key": "local"}},
    }


def test_the_stored_bytes_stand_in_the_data() -> None:
    assert RECORD.state[1:] in EventWriter(uuid4()).event(RECORD)


@pytest.mark.parametrize("state", [b"[]", b"", b"{", b'{"a":\n1}', b'{"a":"\xff"}', b'{"a":1}{', b"\x00"])
def test_a_state_that_is_no_object_on_a_line_is_told_in_base64(state: bytes) -> None:
    told = EventWriter(uuid4()).event(msgspec.structs.replace(RECORD, state=state))
    event = json.loads(told)
    assert b64decode(event["data_base64"]) == state and "data" not in event and b"\n" not in told


def test_an_empty_state_has_its_id() -> None:
    told = EventWriter(uuid4()).event(msgspec.structs.replace(RECORD, state=b"{}"))
    assert json.loads(told)["data"] == {"id": "red-hat"}


@given(st.uuids(), st.lists(st.integers(0, 2**63 - 1), min_size=1))
def test_a_writer_makes_the_same_cursors(epoch: UUID, positions: list[int]) -> None:
    writer = EventWriter(epoch)
    assert [writer.cursor(p) for p in positions] == [format_cursor(epoch, p) for p in positions]


def test_it_is_written_as_what_reads_it_would_write_it() -> None:
    for state in (RECORD.state, b"no JSON"):
        written = EventWriter(uuid4()).event(msgspec.structs.replace(RECORD, state=state))
        assert msgspec.json.encode(msgspec.json.decode(written, type=CloudEvent)) == written


def test_the_reference_implementation_reads_it() -> None:
    formats = pytest.importorskip("cloudevents.core.formats.json")
    events = pytest.importorskip("cloudevents.core.v1.event")
    read = formats.JSONFormat().read(events.CloudEvent, EventWriter(uuid4()).event(RECORD))
    assert (read.get_subject(), read.get_time(), read.get_extension("sequence")) == (
        "entity/red-hat",
        RECORD.recorded_at,
        "7",
    )
