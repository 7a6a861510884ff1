"""Where a stream is, as people write it."""

from __future__ import annotations

import pytest

from service.jetstream.messages import Message
from service.jetstream.place import Place, place_of
from service.jetstream.relay import MOST_BYTES, parts
from service.settings import secrets


@pytest.mark.parametrize(
    ("text", "servers", "stream"),
    [
        ("nats://host", ["nats://host:4222"], "frenemies"),
        ("nats://host:5000/", ["nats://host:5000"], "frenemies"),
        ("tls://me:pass@host/of-mine", ["tls://me:pass@host:4222"], "of-mine"),
        ("nats://a/x, nats://b:1/x", ["nats://a:4222", "nats://b:1"], "x"),
        ("nats://token@[::1]:4222", ["nats://token@[::1]:4222"], "frenemies"),
    ],
)
def test_an_address_names_servers_and_a_stream(text: str, servers: list[str], stream: str) -> None:
    assert place_of(text) == Place(tuple(servers), stream)


@pytest.mark.parametrize(
    "text",
    [
        "", "host:4222", "http://host", "nats://", "nats://host/a.b", "nats://host/a/b", "nats://host/>",
        "nats://a/x,nats://b/y", "nats://host?x=1", "nats://host#x", "nats://host:99999", "nats://host:port", "nats://a,",
        "nats://host/" + "x" * 65,
    ],
)  # fmt: skip
def test_other_addresses_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        place_of(text)


def test_what_an_address_holds_is_not_shown() -> None:
    assert "pass" not in repr(place_of("nats://me:pass@host"))


def test_subjects_begin_with_the_stream() -> None:
    place = place_of("nats://host/of-mine")
    assert place.subject("InvestmentClaimed.v1") == "of-mine.events.InvestmentClaimed.v1"
    assert place.subjects == "of-mine.events.>"


def test_passwords_and_tokens_of_nats_are_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRENEMIES_RELAY", "nats://me:pass%20word@a:4222,nats://token@b:4222")
    monkeypatch.setenv("FRENEMIES_FOLLOW_THROUGH", "nats://c:4222")
    assert {"pass%20word", "pass word", "token"} <= set(secrets())
    assert not {"me", "c", "c:4222"} & set(secrets())


def test_large_messages_are_sent_in_parts_in_their_order() -> None:
    sizes = [MOST_BYTES // 2, MOST_BYTES // 2, 1, MOST_BYTES * 2, 1, 1]
    messages = [Message(position, "", {}, b"x" * size) for position, size in enumerate(sizes, 1)]
    found = list(parts(messages))
    assert [[one.position for one in part] for part in found] == [[1, 2], [3, 4], [5, 6]]
    assert list(parts([])) == []
