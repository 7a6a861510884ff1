"""Who is let in by the feed process: who has the key, or a ticket for this very question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.errors import DomainError
from service.feeds import tickets
from service.feeds.tickets import SECONDS, Tickets
from service.http.errors import BadQuery, MalformedUrl
from service.http.query import FeedQuery
from service.keys.doorkeeper import Doorkeeper
from service.keys.errors import NotAuthorized
from service.keys.keyring import Keyring
from service.keys.scopes import ADMIN_ID, BY_SETTINGS, LOCAL_ID, NOBODY_ELSE
from service.live import asking
from service.live.asking import Admission, Door, Request, request_of
from service.rates.rates import Rates

SECRET, KEY, QUERY, NOW = "s" * 64, "the-key", "type=A&entity=red-hat", 1_800_000_000.0
BATCH, STREAM = "application/cloudevents-batch+json", "text/event-stream"


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking.time, "time", lambda: NOW)


def asked(query: str = "", **headers: str) -> Request:
    return Request("GET", "/v1/feed", query, {name.replace("_", "-"): value for name, value in headers.items()})


def door(key: str | None = KEY, secret: str | None = SECRET) -> Door:
    return Door(Doorkeeper(Keyring(key), Rates(0, 0)), secret)


def ticket(query: str = QUERY, at: float = NOW, secret: str = SECRET, holder: str = ADMIN_ID) -> str:
    return Tickets(secret).issue(query, holder, at)


def test_a_ticket_is_good_for_its_question_until_it_is_too_old() -> None:
    made = ticket()
    for later, is_good in ((0, True), (SECONDS, True), (SECONDS + 1, False), (10**7, False)):
        assert Tickets(SECRET).holder(made, QUERY, NOW + later) == (ADMIN_ID if is_good else None)


@given(st.integers(0, 80), st.characters(codec="ascii"), st.booleans())
def test_a_ticket_that_was_touched_is_none(place: int, other: str, is_longer: bool) -> None:
    made = ticket()
    place %= len(made)
    touched = made[:place] + other + made[place + (not is_longer) :]
    assert Tickets(SECRET).holder(touched, QUERY, NOW) == (ADMIN_ID if touched == made else None)


@given(st.text(max_size=40))
def test_a_ticket_lets_nobody_ask_anything_else(query: str) -> None:
    assert Tickets(SECRET).holder(ticket(), query, NOW) == (ADMIN_ID if query == QUERY else None)


def test_a_ticket_of_another_service_is_none() -> None:
    assert Tickets(SECRET).holder(ticket(secret="t" * 64), QUERY, NOW) is None


def test_the_door_takes_the_key_or_a_ticket() -> None:
    assert door().admit(asked(authorization=f"Bearer {KEY}")) == Admission(BY_SETTINGS, False)
    assert door().admit(asked(f"{QUERY}&ticket={ticket()}")) == Admission(BY_SETTINGS, True)
    assert door().admit(asked(f"ticket={ticket('')}")) == Admission(BY_SETTINGS, True)


@pytest.mark.parametrize(
    "request_",
    [
        asked(),
        asked(authorization="Bearer "),
        asked(authorization=f"Bearer {KEY}x"),
        asked(authorization=f"Basic {KEY}"),
        asked(authorization=KEY),
        asked("ticket="),
        asked("ticket=1.2"),
        asked(f"{QUERY}&ticket={ticket(at=NOW - SECONDS - 1)}"),
        asked(f"{QUERY}&ticket={ticket('type=A')}"),
        asked(f"{QUERY}&limit=1&ticket={ticket()}"),
        asked(f"ticket={ticket()}&{QUERY}"),
        asked(f"{QUERY}&ticket={ticket()}&limit=1"),
        asked(f"{QUERY}&ticket={ticket()}&ticket={ticket()}"),
        asked(f"{QUERY}&&ticket={ticket()}"),
        asked(f"{QUERY}&noticket={ticket()}"),
        asked(f"{QUERY}ticket={ticket()}"),
        asked(f"{QUERY}&ticket={ticket(secret='t' * 64)}"),
    ],
)
def test_the_door_is_shut_for_all_others(request_: Request) -> None:
    with pytest.raises(NotAuthorized):
        door().admit(request_)


def test_where_no_key_is_needed_everybody_comes_in_and_a_ticket_still_tells_who_sent_them() -> None:
    assert door(key=None).admit(asked()) == Admission(NOBODY_ELSE, False)
    sent = asked(f"{QUERY}&ticket={ticket(holder=LOCAL_ID)}")
    assert door(key=None).admit(sent) == Admission(NOBODY_ELSE, True)
    assert door(key=None, secret=None).admit(sent) == Admission(NOBODY_ELSE, False)
    with pytest.raises(NotAuthorized):
        door().admit(sent)


def test_without_a_secret_no_ticket_is_good() -> None:
    with pytest.raises(NotAuthorized):
        door(secret=None).admit(asked(f"{QUERY}&ticket={ticket()}"))


def test_the_header_with_the_last_id_counts_more_than_the_address() -> None:
    assert asked("lastEventId=a&type=b").asked(FeedQuery) == {"last": "a", "type": "b"}
    assert asked("lastEventId=a&type=b", last_event_id="c").asked(FeedQuery) == {"last": "c", "type": "b"}
    assert asked("since=2026-01-01T00:00:00Z", last_event_id="c").asked(FeedQuery) == {"last": "c"}
    assert asked("lastEventId=a", last_event_id="").asked(FeedQuery) == {"last": "a"}


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("nothing=1", BadQuery),
        ("limit=0", BadQuery),
        ("limit=201", BadQuery),
        ("limit=-1", BadQuery),
        ("timeout=60001", BadQuery),
        ("type=a&type=b", BadQuery),
        ("include=evidence", BadQuery),
        ("type=%ff", MalformedUrl),
        ("&".join(f"a{n}=1" for n in range(101)), MalformedUrl),
    ],
)
def test_what_cannot_be_asked_is_refused(query: str, error: type[DomainError]) -> None:
    with pytest.raises(error):
        asked(query).asked(FeedQuery)


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", BATCH),
        ("*/*", BATCH),
        (STREAM, STREAM),
        (f"{STREAM}; charset=utf-8", STREAM),
        (f"{BATCH};q=0.5, {STREAM}", STREAM),
        (f"{BATCH}, {STREAM};q=0.5", BATCH),
        ("text/html, text/*;q=0.5", STREAM),
        ("image/png", BATCH),
    ],
)
def test_the_form_is_the_one_that_is_liked_best(accept: str, media: str) -> None:
    assert asked(accept=accept).likes_best((BATCH, STREAM)) == media


def test_of_a_connection_only_the_headers_that_count_are_read() -> None:
    scope = {
        "method": "GET", "path": "/v1/feed", "query_string": b"type=a",
        "headers": [(b"accept", b"*/*"), (b"cookie", b"x"), (b"last-event-id", "\u00e9".encode())],
    }  # fmt: skip
    read = request_of(scope)
    assert read == Request("GET", "/v1/feed", "type=a", {"accept": "*/*", "last-event-id": "\u00c3\u00a9"})
    assert tickets.NAME not in read.asked(FeedQuery)
