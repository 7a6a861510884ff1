"""Cursors and the forms of events."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.envelope import RecordedEvent
from events.event_types import EntityRegistered
from events.values import EntityContent, Recorder
from service.feeds.cursor import BadCursor, OtherEpoch, format_cursor, parse_cursor
from service.feeds.formats import cloud_event


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


EVENT = EntityRegistered(
    originator_id="entity-red-hat",
    originator_version=1,
    recorder=Recorder("local"),
    content=EntityContent("company", "Red Hat"),
)
RECORDED_AT = datetime(2026, 11, 20, 14, 0, 0, 5, tzinfo=UTC)


def test_an_event_becomes_a_cloud_event() -> None:
    epoch = uuid4()
    assert cloud_event(RecordedEvent(7, RECORDED_AT, EVENT), epoch) == {
        "specversion": "1.0",
        "id": format_cursor(epoch, 7),
        "source": "/v1/feed",
        "type": "io.frenemies.EntityRegistered.v2",
        "subject": "entity/red-hat",
        "time": RECORDED_AT,
        "dataschema": "/v1/event-types/EntityRegistered.v2",
        "datacontenttype": "application/json",
        "sequence": "7",
        "data": {
            "id": "red-hat", "recorder": {"key": "local"}, "content": {"kind": "company", "name": "Red Hat"},
        },
    }  # fmt: skip


def test_the_reference_implementation_reads_it() -> None:
    formats = pytest.importorskip("cloudevents.core.formats.json")
    events = pytest.importorskip("cloudevents.core.v1.event")
    raw = msgspec.json.encode(cloud_event(RecordedEvent(7, RECORDED_AT, EVENT), uuid4()))
    read = formats.JSONFormat().read(events.CloudEvent, raw)
    assert (read.get_subject(), read.get_time(), read.get_extension("sequence")) == ("entity/red-hat", RECORDED_AT, "7")
