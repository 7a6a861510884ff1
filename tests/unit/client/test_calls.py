"""Questions of several pages, and those that are asked too often."""

from __future__ import annotations

import httpx2
import pytest

from frenemies import Client, Malformed, Refused, heeding
from tests.unit.client.service import BASE


@pytest.mark.parametrize("elsewhere", ["http://127.0.0.1:9/v1/entities", "https://example.org/", "v1/entities"])
def test_the_key_does_not_go_to_where_a_next_page_is_said_to_be(elsewhere: str) -> None:
    asked = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.host)
        return httpx2.Response(200, json={"entities": [], "next": elsewhere})

    with Client(BASE, "secret", transport=httpx2.MockTransport(answer)) as client, pytest.raises(Malformed):
        list(client.entities())
    assert asked == ["127.0.0.1"]


class Busy:
    """A service that refuses so many times, with what it says about when to come back."""

    def __init__(self, times: int, retry_after: str | None) -> None:
        self.asked = 0
        self._times = times
        self._headers = {} if retry_after is None else {"Retry-After": retry_after}

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked += 1
        request.read()
        if self.asked <= self._times:
            told = {"type": "urn:frenemies:problem:quota-exceeded", "title": "Too often."}
            return httpx2.Response(429, headers=self._headers, json=told)
        body = {"id": "ant", "entities": [], "next": None, "claims": [], "position": 1, "written": 1, "lines": 1}
        return httpx2.Response(200, json=body)

    def client(self) -> Client:
        return Client(BASE, transport=httpx2.MockTransport(self))


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr(heeding.time, "sleep", found.append)
    return found


def test_who_asks_too_often_waits_as_long_as_the_service_says(pauses: list[float]) -> None:
    busy = Busy(2, "7")
    with busy.client() as client:
        assert list(client.entities()) == []
    assert (busy.asked, pauses) == (3, [7.0, 7.0])


@pytest.mark.parametrize("told", [None, "0", "soon"])
def test_who_is_told_no_time_waits_a_second(pauses: list[float], told: str | None) -> None:
    with Busy(1, told).client() as client:
        assert list(client.entities()) == []
    assert pauses == [1.0]


@pytest.mark.parametrize(("told", "waited"), [("61", []), ("60", [60.0]), ("25", [25.0, 25.0]), ("1", [1.0] * 60)])
def test_nobody_waits_for_more_than_a_minute(pauses: list[float], told: str, waited: list[float]) -> None:
    with Busy(1_000, told).client() as client, pytest.raises(Refused) as refused:
        list(client.entities())
    assert (refused.value.status, refused.value.code) == (429, "quota-exceeded")
    assert pauses == waited


def test_claims_are_sent_again_and_a_file_that_is_read_as_it_is_sent_is_not(pauses: list[float]) -> None:
    busy = Busy(1, "1")
    with busy.client() as client:
        assert client.record([]) == []
    assert (busy.asked, pauses) == (2, [1.0])
    busy = Busy(1, "1")
    with busy.client() as client, pytest.raises(Refused):
        client.import_lines(iter([b"{}"]))
    assert (busy.asked, pauses) == (1, [1.0])
