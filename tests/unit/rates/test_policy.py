"""A quota that refills evenly, against one that is counted by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.rates.policy import Policy, ask

POLICIES = st.builds(Policy, st.just("p"), st.integers(1, 50), st.sampled_from((0.5, 1.0, 10.0, 60.0)))
PAUSES = st.lists(st.floats(0, 30, allow_nan=False), max_size=120)


def granted(policy: Policy, instants: list[float]) -> list[bool]:
    spent_until, told = 0.0, []
    for now in instants:
        room, spent_until = ask(policy, spent_until, now)
        told.append(room.is_granted)
    return told


@given(POLICIES, PAUSES)
def test_it_grants_what_a_bucket_that_fills_evenly_has(policy: Policy, pauses: list[float]) -> None:
    now, spent_until, bucket, last = 1_000.0, 0.0, float(policy.quota), 1_000.0
    for pause in pauses:
        now += pause
        bucket = min(policy.quota, bucket + (now - last) / policy.interval)
        last = now
        room, spent_until = ask(policy, spent_until, now)
        if abs(bucket - round(bucket)) > 1e-3:  # at the very moment both answers are right
            assert room.is_granted == (bucket >= 1)
        if room.is_granted:
            bucket -= 1
            assert room.remaining == pytest.approx(bucket, abs=1.001) and room.remaining <= bucket + 1e-3
            assert room.whole_in == pytest.approx((policy.quota - bucket) * policy.interval, abs=1e-3)
        else:
            assert room.wait == pytest.approx((1 - bucket) * policy.interval, abs=1e-3)


@given(POLICIES)
def test_the_whole_quota_may_be_spent_at_once_and_not_one_more(policy: Policy) -> None:
    assert granted(policy, [100.0] * (policy.quota + 2)) == [True] * policy.quota + [False] * 2


@given(POLICIES, st.integers(1, 100))
def test_who_waits_as_long_as_told_is_granted(policy: Policy, before: int) -> None:
    now, spent_until = 100.0, 0.0
    for _ in range(policy.quota + before):
        room, spent_until = ask(policy, spent_until, now)
        now += room.wait
    assert room.is_granted or ask(policy, spent_until, now)[0].is_granted


def test_what_is_refused_spends_nothing() -> None:
    policy = Policy("p", 2, 2.0)
    assert granted(policy, [0.0, 0.0, *[0.5] * 100, 1.0, 1.0, 2.0]) == [True] * 2 + [False] * 100 + [True, False, True]
