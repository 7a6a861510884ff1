"""What is limited, and what a client is told of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.rates import meter as module
from service.rates.errors import QuotaExceeded
from service.rates.meter import Meter
from service.rates.rates import Rates


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found = [1_000.0]
    monkeypatch.setattr(module, "monotonic", lambda: found[0])
    return found


def test_a_client_is_told_its_quota_and_what_is_left_of_it(clock: list[float]) -> None:
    rates = Rates(6_000, 60)
    spent = rates.request("admin")
    assert spent is not None
    assert spent.headers == {"RateLimit-Policy": '"requests";q=6000;w=60', "RateLimit": '"requests";r=5999;t=1'}
    for _ in range(299):
        spent = rates.request("admin")
    assert spent is not None and spent.headers["RateLimit"] == '"requests";r=5700;t=3'


def test_at_the_limit_it_is_granted_and_one_over_it_is_told_when_there_is_room(clock: list[float]) -> None:
    rates = Rates(4, 0)
    for _ in range(4):
        rates.request("ant")
    with pytest.raises(
        QuotaExceeded, match="at most 4 requests with one key in 60 seconds; there is room in 15 s"
    ) as no:
        rates.request("ant")
    assert no.value.spent.retry_after == 15
    assert no.value.spent.headers["RateLimit"] == '"requests";r=0;t=60'
    rates.request("bee")
    clock[0] += 14.9
    with pytest.raises(QuotaExceeded) as almost:
        rates.request("ant")
    assert almost.value.spent.retry_after == 1
    clock[0] += almost.value.spent.retry_after
    rates.request("ant")


def test_wrong_keys_are_counted_by_address_and_apart_from_requests() -> None:
    rates = Rates(1, 2)
    rates.request("ant")
    rates.demand_try("192.0.2.1")
    rates.wrong_key("192.0.2.1")
    rates.demand_try("192.0.2.1")
    spent = rates.wrong_key("192.0.2.1")
    assert spent is not None and spent.headers["RateLimit-Policy"] == '"wrong-keys";q=2;w=60'
    for refused in (rates.demand_try, rates.wrong_key):
        with pytest.raises(QuotaExceeded, match="wrong keys from one address"):
            refused("192.0.2.1")
    rates.demand_try("192.0.2.2")


@pytest.mark.parametrize(
    ("first", "other", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "", True),
        ("a socket", "another one", False),
    ],
)
def test_of_version_6_a_network_counts_as_one_address(first: str, other: str, is_same: bool) -> None:
    rates = Rates(0, 1)
    rates.wrong_key(first)
    if is_same:
        with pytest.raises(QuotaExceeded):
            rates.wrong_key(other)
    else:
        rates.wrong_key(other)


def test_nothing_is_limited_where_that_is_set() -> None:
    rates = Rates(0, 0)
    assert [rates.request("ant"), rates.wrong_key("192.0.2.1")] == [None, None]
    rates.demand_try("192.0.2.1")


def test_where_it_cannot_be_counted_it_is_granted_and_that_is_said_once(tmp_path: Path) -> None:
    rates = Rates(1, 1, Meter(tmp_path / "nowhere" / "spent"))
    with capture_logs() as logs:
        assert [rates.request("ant") for _ in range(3)] == [None] * 3
        rates.demand_try("192.0.2.1")
    assert [one["event"] for one in logs] == ["requests are not limited: they cannot be counted"]
