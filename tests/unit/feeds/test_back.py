"""From an event of the feed back to the bytes that were stored."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.feeds.events import BadEvent, EventReader, EventWriter
from service.store.protocol import ErasableText, StoredRecord

EPOCH = uuid4()
WRITER, READER = EventWriter(EPOCH), EventReader(EPOCH)
RECORD = StoredRecord(5, "claim-1", 2, "ClaimRetracted.v1", b'{"reason":"no"}', datetime(2026, 1, 2, 3, 4, 5, 6, UTC))
AWKWARD = (
    b"{}",
    b"{ }",
    b"{} ",
    b" {}",
    b'{"a":1} ',
    b'{"id":"x"}',
    b"[]",
    b"null",
    b'{"a":1,}',
    b'{"a":1}{"b":2}',
    b"",
)
STATES = st.one_of(
    st.sampled_from(AWKWARD),
    st.binary(),
    st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.none())).map(lambda it: json.dumps(it).encode()),
)
INSTANTS = st.datetimes(timezones=st.just(UTC))
NAMES = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    STATES,
    st.integers(1, 2**63 - 1),
    st.integers(1, 2**31 - 1),
    st.from_regex("[a-z]+", fullmatch=True),
    NAMES,
    INSTANTS,
)
def test_an_event_gives_back_what_was_stored_byte_for_byte_and_is_one_line_of_json(
    state: bytes, position: int, version: int, category: str, name: str, recorded_at: datetime
) -> None:
    record = StoredRecord(position, f"{category}-{name}", version, "Noted.v1", state, recorded_at)
    line = WRITER.event(record)
    assert READER.record(line) == record
    assert json.loads(line)["sequence"] == str(position)
    assert b"\n" not in line


def test_a_state_too_deep_to_be_read_is_told_as_it_was_stored() -> None:
    record = msgspec.structs.replace(RECORD, state=b'{"a":%b%b}' % (b"[" * 100_000, b"]" * 100_000))
    assert READER.record(WRITER.event(record)) == record


@pytest.mark.parametrize("version", [0, -1, 2**31])
def test_a_version_that_no_stream_has_is_refused(version: int) -> None:
    with pytest.raises(BadEvent):
        READER.record(WRITER.event(msgspec.structs.replace(RECORD, version=version)))


@given(st.lists(st.builds(ErasableText, st.uuids(), st.text(), st.binary(), st.text(), NAMES)))
def test_texts_come_back_as_they_were(texts: list[ErasableText]) -> None:
    assert READER.texts(WRITER.texts(7, texts)) == texts


@pytest.mark.parametrize(
    "changes",
    [
        {"id": EventWriter(uuid4()).cursor(5)},
        {"id": WRITER.cursor(6)},
        {"sequence": "six"},
        {"data": {"reason": "no"}},
        {"data": None},
        {"data": {"id": "2", "reason": "no"}},
        {"data_base64": "***"},
        {"time": "yesterday"},
        {"streamversion": "2"},
    ],
)
def test_what_no_writer_of_this_log_wrote_is_refused(changes: dict[str, object]) -> None:
    told = msgspec.json.decode(WRITER.event(RECORD), type=dict[str, object])
    with pytest.raises(BadEvent):
        READER.record(msgspec.json.encode(told | changes))


@pytest.mark.parametrize("line", [b"", b"{}", b"[]", WRITER.checkpoint(5), WRITER.texts(5, [])])
def test_what_is_no_event_is_refused(line: bytes) -> None:
    with pytest.raises(BadEvent):
        READER.record(line)
