"""What is written of events that are taken over."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from service.following.batch import Batch
from service.following.errors import TypeUnknown
from service.following.taking import columns_of
from service.store.protocol import StoredRecord

DEEP = b'{"ref":%b%b}' % (b"[" * 100_000, b"]" * 100_000)


def batch_of(topic: str, state: bytes) -> Batch:
    return Batch([StoredRecord(1, "claim-1", 1, topic, state, datetime(2026, 1, 1, tzinfo=UTC))])


@pytest.mark.parametrize("state", [b"", b"{}", b"null", b"\xff", DEEP], ids=["empty", "none", "null", "bytes", "deep"])
def test_an_event_that_nobody_can_read_is_taken_over_without_keys(state: bytes) -> None:
    columns = columns_of(batch_of("ClaimRefAdded.v1", state))
    assert list(columns["states"]) == [state]
    assert list(columns["key_names"]) == []


def test_an_event_of_a_type_to_come_is_not_taken_over() -> None:
    with pytest.raises(TypeUnknown, match="ClaimForgotten.v1 at position 1"):
        columns_of(batch_of("ClaimForgotten.v1", b"{}"))
