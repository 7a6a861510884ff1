"""Where webhooks may lead (cases 74 and 75): to the public internet, by every spelling and every name."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from threading import Event, Semaphore

import pytest

from service.hooks.errors import UrlRefused
from service.hooks.guarding import MOST_LOOK_UPS, Guard, Unresolvable, is_public
from service.hooks.sending import BLOCKED, Transport
from tests.sink import sink

PUBLIC = "93.184.215.14"
NOT_PUBLIC = [
    "127.0.0.1", "127.8.8.8", "::1", "0.0.0.0", "::", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",  # noqa: S104
    "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "fd00::1", "fc00::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1",
    "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::", "2001:0:4136:e378:8000:63bf:80ff:fffe", "100::1",
    "3fff::1", "3ffe::1", "nonsense", "",
]  # fmt: skip
ARE_PUBLIC = [PUBLIC, "1.1.1.1", "2606:4700::1111", "2a00:1450:4001:80b::200e", "::ffff:1.1.1.1", "64:ff9b::101:101"]


def guard(*addresses: str, loopback: bool = False) -> Guard:
    return Guard(loopback, lambda host, port: addresses)


@pytest.mark.case(number=74)
@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(UrlRefused):
        guard(address).demand_allowed("https://example.org/", 1)


@pytest.mark.parametrize("address", ARE_PUBLIC)
def test_a_public_address_is_taken(address: str) -> None:
    assert is_public(address)
    guard(address).demand_allowed("https://example.org:8443/hook?a=b", 1)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_one_bad_address_among_good_ones_is_enough(address: str) -> None:
    with pytest.raises(UrlRefused):
        guard(PUBLIC, address, "1.1.1.1").demand_allowed("https://example.org/", 1)


@pytest.mark.case(number=74)
@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/", "ftp://example.org/", "file:///etc/passwd", "gopher://example.org/", "example.org", "",
        "https://", "https:///hook", "https://user@example.org/", "https://user:secret@example.org/",
        "https://:secret@example.org/", "https://@example.org/", "https://example.org:22/", "https://example.org:80/",
        "https://example.org:0/", "https://example.org:99999/", "https://example.org:x/", "https://example.org/#part",
        "https://example.org/a b", "https://example.org/\n", "https://exämple.org/", "https://example.org\\@a/",
        "https://[::1/", "https://ex%61mple.org/", "https://example.org/" + "a" * 2_000, "HTTP://example.org/",
    ],
)  # fmt: skip
def test_an_address_of_another_form_is_refused_whatever_its_name_means(url: str) -> None:
    with pytest.raises(UrlRefused):
        guard(PUBLIC).demand_allowed(url, 1)


@pytest.mark.case(number=74)
@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1", "127.1", "0", "[::1]", "[::ffff:127.0.0.1]",
     "[64:ff9b::7f00:1]", "localhost", "169.254.169.254", "[fd00::1]", "100.64.0.1"],
)  # fmt: skip
def test_however_a_host_is_spelled_what_counts_is_where_it_leads(host: str) -> None:
    """By the resolver of the system."""
    with pytest.raises(UrlRefused):
        Guard().demand_allowed(f"https://{host}/", 5)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8865/", "http://localhost/", "https://[::1]/", "https://127.0.0.1:1/"]
)
def test_who_names_this_machine_is_told_how_to_allow_it(url: str) -> None:
    with pytest.raises(UrlRefused, match="for this machine start with --allow-loopback-webhooks"):
        Guard().demand_allowed(url, 5)


@pytest.mark.parametrize("url", ["http://example.org/", "https://example.org:22/", "https://example.org/", "http://"])
def test_others_are_not_told_of_it_wherever_their_names_lead(url: str) -> None:
    with pytest.raises(UrlRefused) as refusal:
        guard("127.0.0.1").demand_allowed(url, 1)
    assert "loopback" not in refusal.value.detail


def test_a_name_without_an_address_is_told_so() -> None:
    def nowhere(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "unknown")

    for resolve in (nowhere, lambda host, port: []):
        with pytest.raises(Unresolvable):
            Guard(resolve=resolve).demand_allowed("https://example.org/", 1)


def test_a_resolver_that_says_nothing_is_not_waited_for() -> None:

    silent = Event()

    def resolve(host: str, port: int) -> Sequence[str]:
        silent.wait(20)
        return [PUBLIC]

    with pytest.raises(Unresolvable):
        Guard(resolve=resolve).demand_allowed("https://example.org/", 0.05)
    silent.set()


def test_no_more_names_are_looked_up_at_once_than_is_allowed() -> None:
    silent, asked = Event(), Semaphore(0)

    def resolve(host: str, port: int) -> Sequence[str]:
        asked.release()
        silent.wait(20)
        return [PUBLIC]

    guard = Guard(resolve=resolve)
    for _ in range(MOST_LOOK_UPS + 3):
        with pytest.raises(Unresolvable):
            guard.demand_allowed("https://example.org/", 0.01)
    assert all(asked.acquire(timeout=5) for _ in range(MOST_LOOK_UPS))
    assert not asked.acquire(blocking=False)
    silent.set()
    guard.demand_allowed("https://example.org/", 5)


def test_the_flag_allows_loopback_and_nothing_else() -> None:
    guard("127.0.0.1", loopback=True).demand_allowed("http://localhost:5000/", 1)
    guard("127.0.0.1", "::1", loopback=True).demand_allowed("https://localhost:5000/", 1)
    for address in NOT_PUBLIC:
        if address not in ("127.0.0.1", "127.8.8.8", "::1"):
            with pytest.raises(UrlRefused):
                guard(address, loopback=True).demand_allowed("https://example.org/", 1)
    for url in ("http://example.org/", "https://example.org:22/"):
        with pytest.raises(UrlRefused):
            guard(PUBLIC, loopback=True).demand_allowed(url, 1)
    with pytest.raises(UrlRefused):
        guard("127.0.0.1", PUBLIC, loopback=True).demand_allowed("http://example.org/", 1)


class Rebinding:
    """A name that is public when it is looked at, and leads elsewhere when it is asked for again."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.mark.case(number=74)
def test_a_name_that_was_public_when_it_was_subscribed_is_looked_at_at_every_send() -> None:
    rebinding = Rebinding([PUBLIC], ["127.0.0.1"])
    transport = Transport(Guard(resolve=rebinding))
    with sink() as receiver:
        port = receiver.url.rsplit(":", 1)[1].split("/")[0]
        transport.guard.demand_allowed("https://rebinding.example.org/", 1)
        answer = transport.post("https://rebinding.example.org/", {}, b"{}")
        assert answer.result == BLOCKED
        assert transport.post(f"http://rebinding.example.org:{port}/", {}, b"{}").result == BLOCKED
        assert not receiver.seen


@pytest.mark.case(number=74)
def test_a_send_asks_for_the_name_once_and_connects_to_what_was_checked() -> None:
    with sink() as receiver:
        port = receiver.url.rsplit(":", 1)[1].split("/")[0]
        rebinding = Rebinding(["127.0.0.1"], [PUBLIC])
        answer = Transport(Guard(loopback=True, resolve=rebinding)).post(
            f"http://name.example.org:{port}/hook", {"webhook-id": "1"}, b"{}"
        )
        assert answer.is_success
        assert rebinding.asked == 1
        assert receiver.seen[0].headers["host"] == f"name.example.org:{port}"
