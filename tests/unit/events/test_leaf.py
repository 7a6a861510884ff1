"""The bytes of an event: every column is in them, and nothing can be taken for anything else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from events.leaf import instant_of, leaf_of

columns = st.fixed_dictionaries(
    {
        "position": st.integers(1, 2**63 - 1),
        "stream": st.binary(max_size=6),
        "version": st.integers(-(2**31), 2**31 - 1),
        "topic": st.binary(max_size=6),
        "state": st.binary(max_size=6),
        "instant": st.integers(-(2**63), 2**63 - 1),
    }
)


def test_a_leaf_is_laid_out_as_documented() -> None:
    leaf = leaf_of(7, b"entity-a", 2, b"Noted.v1", b"{}", 5)
    assert leaf == bytes.fromhex(
        "01"
        "0000000000000007"
        "00000002"
        "0000000000000005"
        "00000008" + b"entity-a".hex() + "00000008" + b"Noted.v1".hex() + "00000002" + b"{}".hex()
    )


@given(columns, columns)
def test_different_events_have_different_leaves(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (leaf_of(**one) == leaf_of(**other)) == (one == other)


@given(st.lists(st.binary(max_size=3), min_size=3, max_size=3), st.lists(st.binary(max_size=3), min_size=3, max_size=3))
def test_texts_cannot_be_cut_in_another_place(one: list[bytes], other: list[bytes]) -> None:
    leaves = [leaf_of(1, stream, 1, topic, state, 0) for stream, topic, state in (one, other)]
    assert (leaves[0] == leaves[1]) == (one == other)


def test_an_instant_counts_microseconds_from_2000_in_utc() -> None:
    assert instant_of(datetime(2000, 1, 1, tzinfo=UTC)) == 0
    assert instant_of(datetime(2000, 1, 1, 0, 0, 1, 5, tzinfo=UTC)) == 1_000_005
    assert instant_of(datetime(1999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-1)))) == 0
    assert instant_of(datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)) == -1
